//! The lease: its times must fit into each other, and secrets come from a file.

use super::super::LeaseAccess;
use super::super::tree::LeaseKeys;
use super::Resolver;
use crate::core::settings::Lease;

const SECTION: &str = "lease";

impl Resolver<'_> {
    /// The times and the way to etcd; `None` without endpoints.
    pub(super) fn lease(&mut self, keys: &LeaseKeys) -> Option<(Lease, LeaseAccess)> {
        let lease = keys.times();
        if !self.given.is_given(SECTION, "endpoints") {
            self.check_lease_is_meant(keys, lease);
            return None;
        }
        self.check_times(lease);
        self.check_user();
        let is_https = keys.endpoints.iter().any(|url| url.scheme() == "https");
        if keys.ca_file.is_some() && !is_https && !self.given.is_wrong(SECTION, "endpoints") {
            let what = "ca_file is for https, and no endpoint has it";
            self.problem(SECTION, "ca_file", what, "write https://HOST:PORT, or remove ca_file");
        }
        let members = keys.endpoints.len();
        if (1..3).contains(&members) {
            self.notes.push(format!(
                "[lease] endpoints names {members} of etcd's members: give all of them, and three \
                 or five; fewer cannot lose one"
            ));
        }
        let access = LeaseAccess {
            endpoints: keys.endpoints.clone(),
            prefix: keys.prefix.clone(),
            user: keys.user.clone(),
            password_file: keys.password_file.as_deref().map(|path| self.path(path)),
            ca_file: keys.ca_file.as_deref().map(|path| self.path(path)),
        };
        Some((lease, access))
    }

    /// Whoever sets anything of it means to have a lease.
    fn check_lease_is_meant(&mut self, keys: &LeaseKeys, lease: Lease) {
        let is_set = keys.user.is_some()
            || keys.password_file.is_some()
            || keys.ca_file.is_some()
            || lease != Lease::DEFAULT
            || keys.prefix != "/eoskeeper";
        if is_set {
            let allowed = "give the addresses of etcd's members, or remove the section";
            self.problem(SECTION, "endpoints", "the key is missing: no lease is kept", allowed);
        }
    }

    fn check_times(&mut self, lease: Lease) {
        let times = ["ttl_seconds", "renew_seconds", "timeout_seconds"];
        if times.into_iter().any(|key| self.given.is_wrong(SECTION, key)) {
            return;
        }
        if !lease.ttl_ms.is_multiple_of(1_000) {
            let what = "etcd counts whole seconds";
            self.problem(SECTION, "ttl_seconds", what, "give a whole number, at least 3");
        }
        let (needed, least) = (lease.renew_ms + 2 * lease.timeout_ms, lease.least_ttl_ms());
        if least > lease.ttl_ms {
            let seconds = |ms: u64| ms as f64 / 1_000.0;
            let ttl = seconds(lease.ttl_ms);
            let what = if needed > lease.ttl_ms {
                format!(
                    "renew_seconds + 2 × timeout_seconds is {} and more than ttl_seconds = {ttl}: \
                     another node could sign before this one has stopped",
                    seconds(needed)
                )
            } else {
                format!(
                    "renew_seconds (1 at least) + 2 × timeout_seconds + 1 is {} and more than \
                     ttl_seconds = {ttl}: a node that is well would be stopped, after a start of its \
                     keeper or by one slow answer of etcd",
                    seconds(least)
                )
            };
            let given = times.into_iter().find(|key| self.given.is_given(SECTION, key));
            let allowed = "make ttl_seconds longer, or the others shorter";
            self.problem(SECTION, given.unwrap_or("ttl_seconds"), &what, allowed);
        }
    }

    fn check_user(&mut self) {
        for (key, other) in [("user", "password_file"), ("password_file", "user")] {
            if self.given.is_given(SECTION, key) && !self.given.is_given(SECTION, other) {
                let what = format!("{other} is not given");
                self.problem(SECTION, key, &what, "give both, or neither");
            }
        }
    }
}

impl LeaseKeys {
    fn times(&self) -> Lease {
        let default = Lease::DEFAULT;
        Lease {
            ttl_ms: self.ttl_ms.unwrap_or(default.ttl_ms),
            renew_ms: self.renew_ms.unwrap_or(default.renew_ms),
            timeout_ms: self.timeout_ms.unwrap_or(default.timeout_ms),
            on_outage: self.on_lease_outage,
            lapsed_slots: self.lapsed_slots.unwrap_or(default.lapsed_slots),
        }
    }
}
