//! What `[lease]`, `[peers]` and `[promotion]` need of each other.

use super::super::Actuator;
use super::super::tree::PromotionKeys;
use super::Resolver;
use super::act::Actuators;
use crate::core::settings::{Lease, Promotion, Role, Settings};

/// The lease is given up so long before it runs out, beside `timeout_seconds`, milliseconds: the
/// keeper judges once a second.
const LEASE_TICK_MS: u64 = 1_000;

impl Resolver<'_> {
    /// No node may sign that cannot be stopped, and with a lease none that cannot be started by us.
    /// An observer watches, and needs neither.
    pub(super) fn check_means(&mut self, keys: &PromotionKeys, role: Option<Role>) {
        if role.is_none_or(|role| role == Role::Observer) {
            return;
        }
        if self.given.is_given("lease", "endpoints") {
            let why =
                "no node may sign without the lease, so that eoskeeper must start and stop it";
            self.need("lease", "endpoints", &["promote", "demote"], why);
        }
        if self.given.is_given("peers", "nodes") {
            let why = "a node that hands over to a peer must be stopped first";
            self.need("peers", "nodes", &["demote"], why);
        }
        if role.is_some_and(Role::is_standby) && keys.require_fence == Some(true) {
            self.check_require_fence();
        }
    }

    fn need(&mut self, section: &str, key: &str, needed: &[&str], why: &str) {
        for needed in needed {
            // A promotion that is given without demote is told where it is given.
            let is_told = *needed == "demote" && self.given.is_given("promotion", "promote");
            if is_told || self.given.is_given("promotion", needed) {
                continue;
            }
            let what = format!("[promotion] {needed} is not given: {why}");
            let allowed = format!("give [promotion] {needed}, for example api");
            self.problem(section, key, &what, &allowed);
        }
    }

    /// The word that is asked for must be able to come.
    fn check_require_fence(&mut self) {
        let can_come =
            self.given.is_given("lease", "endpoints") || self.given.is_given("peers", "nodes");
        if !can_come {
            let what = "there is neither [peers] nor [lease]: nobody could say that the node that \
                        signed is stopped, and this one would never act";
            self.problem("promotion", "require_fence", what, "give one of them, or false");
        }
    }

    /// What is allowed and leaves a hole.
    pub(super) fn note_holes(&mut self, settings: &Settings, actuators: &Actuators) {
        let role = settings.role;
        if role == Role::Observer {
            return;
        }
        let has_peers = !settings.peers.names.is_empty();
        if role == Role::Active && (has_peers || settings.lease.is_some()) {
            self.note_active(actuators);
        }
        let Some(lease) = settings.lease else { return };
        if !has_peers && settings.references.names.is_empty() {
            self.notes.push(
                "[lease] is on, and neither [peers] nor [references] is: whether this node is on \
                 the chain of the others is only seen by itself"
                    .to_owned(),
            );
        }
        self.note_slow_stop(lease, settings.promotion, actuators);
    }

    fn note_active(&mut self, actuators: &Actuators) {
        if actuators.promote.is_none() {
            self.notes.push(
                "[promotion] promote is not given on role A: once it was stopped or starts paused, \
                 a person must make it sign again"
                    .to_owned(),
            );
        }
        if actuators.fence.is_none() {
            self.notes.push(
                "[promotion] fence is not given on role A: a nodeos that does not obey demote is \
                 not stopped, and nothing is handed over"
                    .to_owned(),
            );
        }
    }

    /// A script that stops the node has so long until another may have the lease.
    fn note_slow_stop(&mut self, lease: Lease, policy: Promotion, actuators: &Actuators) {
        let left_ms = lease.timeout_ms + LEASE_TICK_MS;
        if matches!(actuators.demote, Some(Actuator::Script(_))) && policy.act_timeout_ms > left_ms
        {
            let seconds = |ms: u64| ms as f64 / 1_000.0;
            self.notes.push(format!(
                "demote is a script that may take act_timeout_seconds = {}, and a lease that \
                 cannot be renewed leaves it {}: see that it is done by then, or give [lease] \
                 timeout_seconds and ttl_seconds more",
                seconds(policy.act_timeout_ms),
                seconds(left_ms)
            ));
        }
    }
}
