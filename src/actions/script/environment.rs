//! What a script is told.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::core::action::Order;
use crate::core::settings::Role;

/// Variables a script inherits; everything else of ours, secrets included, stays with us.
const INHERITED: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];
/// `PATH` where we have none ourselves.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What of this host every script is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// `EOSKEEPER_ROLE`, as the operator's letter.
    pub role: Role,
    /// `EOSKEEPER_NODE`: the name of this node among those of our producer.
    pub node: String,
    /// `EOSKEEPER_KEY`: this node's own public key, where a promotion is by key.
    pub producer_key: Option<String>,
    /// `EOSKEEPER_HTTP_URL`: the address of this host's nodeos.
    pub http_url: String,
    /// `EOSKEEPER_STATE_DIR`: where the keeper keeps its state, and a script may keep its own.
    pub state_dir: PathBuf,
}

/// What a program of the operator's needs to run at all.
pub(crate) fn inherited() -> Vec<(&'static str, OsString)> {
    let mut all: Vec<(&'static str, OsString)> = INHERITED
        .iter()
        .filter_map(|name| std::env::var_os(name).map(|value| (*name, value)))
        .collect();
    if !all.iter().any(|(name, _)| *name == "PATH") {
        all.push(("PATH", DEFAULT_PATH.into()));
    }
    all
}

/// The whole environment of a script.
pub(super) fn variables(order: &Order, host: &Host) -> Vec<(&'static str, OsString)> {
    let mut all = inherited();
    let text = |text: &str| OsString::from(one_line(text));
    all.extend([
        ("EOSKEEPER_ROLE", text(host.role.letter().encode_utf8(&mut [0; 4]))),
        ("EOSKEEPER_PRODUCER", text(order.producer.as_str())),
        ("EOSKEEPER_ACTION", text(order.act.as_str())),
        ("EOSKEEPER_REASON", text(&order.reason)),
        ("EOSKEEPER_INCIDENT", text(&order.incident)),
        // Empty where it is not known, so that a script under `set -u` does not fail on it.
        ("EOSKEEPER_CHAIN_ID", text(order.chain_id.as_deref().unwrap_or_default())),
        ("EOSKEEPER_NODE", text(&host.node)),
        ("EOSKEEPER_HTTP_URL", text(&host.http_url)),
        ("EOSKEEPER_STATE_DIR", OsStr::new(&host.state_dir).to_owned()),
    ]);
    // Absent where there is none, so that a script can ask whether it is set.
    let handover = order.handover.as_ref();
    let optional = [
        ("EOSKEEPER_TOKEN", order.token.map(|token| token.to_string())),
        ("EOSKEEPER_KEY", host.producer_key.clone()),
        ("EOSKEEPER_HANDOVER", handover.map(|handover| handover.id.clone())),
        ("EOSKEEPER_FROM", handover.map(|handover| handover.from.clone())),
        ("EOSKEEPER_TO", handover.map(|handover| handover.to.clone())),
    ];
    all.extend(optional.into_iter().filter_map(|(name, value)| Some((name, text(&value?)))));
    all
}

/// A NUL would make the start fail, and a newline would make two lines of a script's log.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
