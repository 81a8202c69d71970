//! `[host]`, `[fleet]` and `[pool]`: what is watched beside the node.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use reqwest::Url;
use rustix::fs::OFlags;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::super::kind::{Kind, base_url};
use super::super::watched::{
    FleetAccess, FleetKeys, HostAccess, HostKeys, PoolAccess, PoolKeys, PoolQuestion,
};
use super::Resolver;
use crate::core::settings::{FLEET_MAX, Fleet, Host, Pool};

/// Largest file of members that is read: a thousand lines of 256 bytes.
const MEMBERS_BYTES_MAX: u64 = 256 * 1024;
/// The environment's word for the pool's token, where no file is named.
const TOKEN_ENV: &str = "EOSKEEPER_POOL_TOKEN";
/// How a token is had, as every message about one says.
const TOKEN_GET: &str = "make one on the pool's page for its API, and put it alone into the file";
/// A member must miss this many questions before it is offline.
const POLLS_MISSED: u64 = 3;
/// The environment's word for the fleet's token, where no file is named.
const FLEET_TOKEN_ENV: &str = "EOSKEEPER_FLEET_TOKEN";
/// How the fleet's token is had, as every message about it says.
const FLEET_TOKEN_GET: &str = "put what the members' [status] token_file holds alone into the file";
/// Largest file of certificates that is read.
const CA_BYTES_MAX: u64 = 1024 * 1024;

impl Resolver<'_> {
    /// When the host's resources are short, and where its disks are; `None` when it is not watched.
    pub(super) fn host(&mut self, keys: &HostKeys) -> Option<(Host, HostAccess)> {
        if keys.disk_full_percent <= keys.disk_percent {
            let what = format!("{} is not more than disk_percent", keys.disk_full_percent);
            let allowed = format!("more than disk_percent = {}", keys.disk_percent);
            self.problem("host", "disk_full_percent", &what, &allowed);
        }
        let host = Host {
            interval_ms: keys.interval_ms,
            cpu_permille: keys.cpu_percent * 10,
            memory_permille: keys.memory_percent * 10,
            swap_permille: keys.swap_percent * 10,
            disk_permille: keys.disk_percent * 10,
            disk_full_permille: keys.disk_full_percent * 10,
            open_files_permille: keys.open_files_percent * 10,
            clock_offset_ms: keys.clock_offset_ms,
        };
        let disks = keys.disks.iter().map(|path| self.path(path)).collect();
        keys.watch.then_some((host, HostAccess { disks }))
    }

    /// The members with their addresses, and when their silence counts.
    pub(super) fn fleet(&mut self, keys: &FleetKeys) -> (Fleet, Vec<(String, Url)>) {
        let mut members = keys.urls.clone();
        if let Some(file) = &keys.members_file {
            let path = self.path(file);
            if let Err(what) = read_members(&path, &mut members) {
                let what = format!("{}: {what}", path.display());
                let allowed = "NAME=http://HOST:PORT on each line, each name and address once";
                self.problem("fleet", "members_file", &what, allowed);
            }
        }
        if keys.offline_ms < POLLS_MISSED * keys.poll_ms {
            let what = "it is less than three times poll_seconds";
            let allowed = "give a member the time to answer: three times poll_seconds, or more";
            self.problem("fleet", "offline_minutes", what, allowed);
        }
        if keys.forget_after_ms <= keys.offline_ms {
            let what = "it is not more than offline_minutes";
            self.problem("fleet", "forget_after_hours", what, "more than offline_minutes");
        }
        let fleet = Fleet {
            names: members.iter().map(|(name, _)| name.clone()).collect(),
            poll_ms: keys.poll_ms,
            offline_ms: keys.offline_ms,
            forget_after_ms: keys.forget_after_ms,
        };
        (fleet, members)
    }

    /// What the members are shown, and whose certificates are believed.
    pub(super) fn fleet_access(&mut self, keys: &FleetKeys) -> FleetAccess {
        let file = keys.token_file.as_deref();
        let has_token = file.is_some() || std::env::var_os(FLEET_TOKEN_ENV).is_some();
        let place = ("fleet", "token_file");
        let token = has_token
            .then(|| self.service_secret(place, file, FLEET_TOKEN_ENV, FLEET_TOKEN_GET))
            .flatten();
        if token.as_ref().is_some_and(|token| !token.is_header()) {
            let what = "the token has blanks or characters that are not ASCII in it";
            self.problem("fleet", "token_file", what, FLEET_TOKEN_GET);
        }
        let ca = keys.ca_file.as_ref().and_then(|file| {
            let path = self.path(file);
            let read =
                read_bytes(&path, CA_BYTES_MAX).and_then(|pem| match is_certificates(&pem) {
                    true => Ok(pem),
                    false => Err("it holds no certificate in PEM".to_owned()),
                });
            let tell = |what| {
                let what = format!("{}: {what}", path.display());
                self.problem("fleet", "ca_file", &what, "name a file of certificates in PEM");
            };
            read.map_err(tell).ok()
        });
        FleetAccess { token, ca }
    }

    /// When the pool's account is not well, and how the pool is asked; `None` where there is none.
    pub(super) fn pool(&mut self, keys: &PoolKeys) -> Option<(Pool, PoolAccess)> {
        if !self.given.is_given("pool", "url") {
            self.refuse_pool_without_url();
            return None;
        }
        if keys.forget_ms <= keys.workers_offline_ms {
            let what = "it is not more than workers_offline_minutes";
            self.problem("pool", "forget_hours", what, "more than workers_offline_minutes");
        }
        let pool = Pool {
            interval_ms: keys.interval_ms,
            workers_offline_ms: keys.workers_offline_ms,
            forget_ms: keys.forget_ms,
            hashrate_floor: keys.hashrate_floor,
        };
        let has_token = keys.token_file.is_some() || std::env::var_os(TOKEN_ENV).is_some();
        let file = keys.token_file.as_deref();
        let token = match has_token {
            true => {
                Some(self.service_secret(("pool", "token_file"), file, TOKEN_ENV, TOKEN_GET)?)
            }
            false => None,
        };
        if token.as_ref().is_some_and(|token| !token.is_header()) {
            let what = "the token has blanks or characters that are not ASCII in it";
            self.problem("pool", "token_file", what, TOKEN_GET);
        }
        let mut url = keys.url.clone()?;
        let question = match (&keys.currency, &keys.account) {
            (Some(currency), Some(account)) => {
                Some(PoolQuestion { currency: currency.clone(), account: account.clone() })
            }
            (Some(_), None) => {
                let what = "the key is missing, and currency is given";
                self.problem("pool", "account", what, "name the account that is asked for");
                None
            }
            (None, account) => {
                if let (Some(account), Ok(mut path)) = (account, url.path_segments_mut()) {
                    path.pop_if_empty().push(account);
                }
                None
            }
        };
        Some((pool, PoolAccess { url, question, token }))
    }

    fn refuse_pool_without_url(&mut self) {
        for key in ["account", "currency", "token_file", "hashrate_floor"] {
            if self.given.is_given("pool", key) {
                let allowed = "give the pool's address, for example https://api.f2pool.com/bitcoin";
                self.problem(
                    "pool",
                    "url",
                    &format!("the key is missing, and {key} is given"),
                    allowed,
                );
                return;
            }
        }
    }
}

/// Adds the members of a file; or what is wrong with it.
fn read_members(path: &Path, members: &mut Vec<(String, Url)>) -> Result<(), String> {
    for (at, line) in read_text(path)?.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |what: String| format!("line {}: {what}", at + 1);
        Kind::Peers { max: 1 }.read(line).map_err(wrong)?;
        let member = line
            .split_once('=')
            .and_then(|(name, url)| Some((name.trim().to_owned(), base_url(url.trim())?)));
        let (name, url) = member.ok_or_else(|| wrong("it is no NAME=ADDRESS".to_owned()))?;
        if members.iter().any(|(known, at)| *known == name || *at == url) {
            return Err(wrong(format!("{name} or its address is there twice")));
        }
        if members.len() >= FLEET_MAX {
            return Err(wrong(format!("more than {FLEET_MAX} members")));
        }
        members.push((name, url));
    }
    Ok(())
}

fn is_certificates(pem: &[u8]) -> bool {
    let mut all = CertificateDer::pem_slice_iter(pem);
    all.next().is_some_and(|first| first.is_ok()) && all.all(|other| other.is_ok())
}

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path, MEMBERS_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned())
}

pub(super) fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    // A pipe must not hold the start up.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(format!("it has more than {} KiB", most / 1024));
    }
    Ok(bytes)
}
