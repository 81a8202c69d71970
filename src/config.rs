//! INI text to typed settings, every problem reported at once.
//!
//! A file passes four steps: [`lookup`] finds it and reads its text, `lines` tells sections from
//! keys (the values are `rust-ini`'s), `given` holds each against the table in [`keys`], `resolve`
//! makes types of them and finds what contradicts. A file that passes starts the keeper; one that
//! doesn't starts nothing.
//!
//! A file is about one node, or has a section `[node:NAME]` for each of several: then `given` makes
//! what holds for each of them, `resolve` looks at each alone, and `site` at all of them together.
//!
//! Relative paths are relative to the file's own directory.

pub mod channels;
mod given;
pub mod keys;
pub mod kind;
mod lines;
pub mod lookup;
mod own_log;
mod peers;
mod problem;
mod resolve;
mod site;
mod status;
mod suggest;
mod tree;
pub mod watched;
mod zone;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use reqwest::Url;

pub use own_log::{LogFormat, LogLevel, OwnLog};
pub use peers::{PeersAccess, Secret};
pub use problem::{ConfigError, ConfigErrors, PROBLEMS_MAX, Problem};
pub use site::{Site, UnknownNode};
pub use status::{STATUS_TOKEN_ENV, StatusAccess, StatusTls};

use crate::core::alarm::settings::AlarmSettings;
use crate::core::report::times::ReportTimes;
use crate::core::settings::Settings;
use given::Given;
use problem::{Place, Problems};
use tree::Tree;

/// A configuration without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file it came from.
    pub source: PathBuf,
    /// What the judgement is told.
    pub settings: Settings,
    /// Base address of nodeos's HTTP API.
    pub http_url: Url,
    /// Where nodeos's log is.
    pub log: LogSource,
    /// What is watched to see the end of nodeos at once; `None` when nothing is to be.
    pub watch: Option<Watch>,
    /// Base addresses of the HTTP APIs of other nodes of the chain.
    pub references: Vec<Url>,
    /// How the lease's etcd is reached, where there is a lease.
    pub lease: Option<LeaseAccess>,
    /// The keepers of our producer's other nodes, where any are configured.
    pub peers: Option<PeersAccess>,
    /// How the host is looked at, where it is watched.
    pub host: Option<watched::HostAccess>,
    /// The members of the fleet and their addresses, in the order of
    /// [`crate::core::settings::Fleet::names`].
    pub fleet: Vec<(String, Url)>,
    /// How they are asked.
    pub fleet_access: watched::FleetAccess,
    /// How the mining pool is asked, where one is watched.
    pub pool: Option<watched::PoolAccess>,
    /// When people are told, and in what words.
    pub alarm: AlarmSettings,
    /// When reports are made.
    pub report: ReportTimes,
    /// Where messages go.
    pub channels: channels::Channels,
    /// How this node is made to produce.
    pub promote: Option<Actuator>,
    /// How this node is made to stop producing.
    pub demote: Option<Actuator>,
    /// How the active node makes the standby produce; a script.
    pub promote_remote: Option<Actuator>,
    /// The script that makes sure that this node does not sign.
    pub fence: Option<Actuator>,
    /// The script that restarts nodeos.
    pub restart: Option<Actuator>,
    /// Where the keeper answers (default: 127.0.0.1:9880).
    pub status_listen: SocketAddr,
    /// Who may ask there.
    pub status_access: StatusAccess,
    /// Directory of what must survive a restart (default: /var/lib/eoskeeper). Of a node with a
    /// section of its own it is `nodes/NAME` in [`Self::shared_dir`].
    pub state_dir: PathBuf,
    /// What `[state] dir` names: the directory of all nodes of the file, with the socket for orders.
    pub shared_dir: PathBuf,
    /// NAME of its `[node:NAME]`; `None` where the file has no such sections.
    pub section: Option<String>,
    /// How the keeper writes its own log.
    pub own_log: OwnLog,
    /// What is allowed but worth telling, a sentence each.
    pub notes: Vec<String>,
}

/// Where nodeos's log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// In a file.
    File(PathBuf),
    /// In a container.
    Docker {
        /// Name or id of the container.
        container: String,
        /// Address of the engine; `None` is the engine of this host.
        host: Option<String>,
    },
    /// In the systemd journal.
    Journal {
        /// The unit nodeos runs in.
        unit: String,
    },
}

/// Most members of etcd that can be named: its own documents advise against more than seven.
pub const LEASE_ENDPOINTS_MAX: usize = 9;

/// Most nodes of one file: each takes some threads' work, and a host carries a few chains.
pub const NODES_MAX: usize = 16;
/// Longest NAME of a `[node:NAME]`, characters.
pub const NODE_NAME_CHARS: usize = 32;

/// Whether a text can be the NAME of a `[node:NAME]`.
#[must_use]
pub fn is_node_name(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=NODE_NAME_CHARS).contains(&text.len()) && text.bytes().all(is_plain)
}

/// The state directory of a node with a section of its own.
#[must_use]
pub fn state_dir_of(shared_dir: &Path, name: &str) -> PathBuf {
    shared_dir.join("nodes").join(name)
}

/// How the lease's etcd is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseAccess {
    /// Addresses of its members, at least one.
    pub endpoints: Vec<Url>,
    /// What the key begins with (default: `/eoskeeper`).
    pub prefix: String,
    /// The user etcd knows us as, where it asks.
    pub user: Option<String>,
    /// The file with the user's password.
    pub password_file: Option<PathBuf>,
    /// The certificate that etcd's own is signed by; else the system's are used.
    pub ca_file: Option<PathBuf>,
}

/// What is watched to see the end of nodeos at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The process that listens on the RPC port.
    Port,
    /// The main process of a systemd unit.
    Unit(String),
    /// The container its log is read from.
    Container,
}

/// A way to make a node produce or stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actuator {
    /// nodeos's producer API.
    Api,
    /// A script, by its absolute path.
    Script(PathBuf),
}

impl Config {
    /// Whether only this host can ask the running keeper.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.status_listen.ip().to_canonical().is_loopback()
    }
}

/// Finds and loads the configuration of one node: the named file, else the first of
/// [`lookup::PLACES`].
///
/// # Errors
/// [`ConfigError`]: there is no file, it cannot be read, or everything that is wrong in it; that it
/// has several nodes.
pub fn load(named: Option<&Path>) -> Result<Config, ConfigError> {
    load_file(&lookup::find(named)?)
}

/// Finds and loads the configuration of the node that is named, where the file has several.
///
/// # Errors
/// Those of [`load_site`]; that it cannot be told which node is meant.
pub fn load_node(named: Option<&Path>, node: Option<&str>) -> Result<Config, ConfigError> {
    Ok(load_site(named)?.node(node)?)
}

/// Loads the configuration of one node from a file.
///
/// # Errors
/// [`ConfigError`]: the file cannot be read, or everything that is wrong in it; that it has several
/// nodes.
pub fn load_file(path: &Path) -> Result<Config, ConfigError> {
    Ok(load_site_file(path)?.single()?)
}

/// Finds and loads the configuration of all nodes of a file.
///
/// # Errors
/// [`ConfigError`]: there is no file, it cannot be read, or everything that is wrong in it.
pub fn load_site(named: Option<&Path>) -> Result<Site, ConfigError> {
    load_site_file(&lookup::find(named)?)
}

/// Loads the configuration of all nodes of a file.
///
/// # Errors
/// [`ConfigError`]: the file cannot be read, or everything that is wrong in it.
pub fn load_site_file(path: &Path) -> Result<Site, ConfigError> {
    let text = lookup::read(path)?;
    Ok(parse_site(path, &text)?)
}

/// Makes a configuration of a text about one node.
///
/// # Errors
/// [`ConfigErrors`]: everything that is wrong in it; that it has several nodes.
pub fn parse(source: &Path, text: &str) -> Result<Config, ConfigErrors> {
    let mut problems = Problems::new(source);
    let site = parse_site(source, text)?;
    site.single().map_err(|several| {
        let place = Place { line: 1, section: None, key: None };
        problems.add(place, several.to_string(), "this is done for one node");
        problems.into_errors()
    })
}

/// Makes the configurations of a text.
///
/// # Errors
/// [`ConfigErrors`]: everything that is wrong in it.
pub fn parse_site(source: &Path, text: &str) -> Result<Site, ConfigErrors> {
    let mut problems = Problems::new(source);
    let lines = lines::read(text);
    let sorted = given::sort(lines, &mut problems);
    problems.has_nodes = !sorted.nodes.is_empty();
    let each: Vec<Given> = match sorted.nodes.is_empty() {
        true => vec![sorted.common],
        false => sorted.nodes.iter().map(|node| sorted.common.of_node(node)).collect(),
    };
    let found: Vec<Option<Config>> =
        each.iter().map(|given| configure(source, given, &mut problems)).collect();
    site::check(&found, &each, &mut problems);
    let nodes: Option<Vec<Config>> = found.into_iter().collect();
    match nodes {
        Some(nodes) if problems.is_empty() => Ok(Site::new(nodes)),
        // Whatever is missing for a configuration was reported where it was missed.
        _ => Err(problems.into_errors()),
    }
}

/// The configuration of one node.
fn configure(source: &Path, given: &Given, problems: &mut Problems) -> Option<Config> {
    match serde_json::from_value::<Tree>(given.tree()) {
        Ok(tree) => resolve::resolve(source, given, &tree, problems),
        Err(error) => {
            // The table and the types disagree; a test sets every key, so that this stays a
            // sentence nobody reads.
            let place = Place { line: 1, section: None, key: None };
            problems.add(place, format!("eoskeeper cannot hold it: {error}"), "report this");
            None
        }
    }
}
