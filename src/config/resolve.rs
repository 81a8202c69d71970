//! From single values to what they mean together, and where they contradict each other.

mod act;
mod alarm;
mod channels;
mod cloudwatch;
mod email;
mod lease;
mod node;
mod peers;
mod report;
mod rules;
mod secret;
mod status;
mod telegram;
mod together;
mod watched;
mod wecom;

use std::path::{Path, PathBuf};

use super::given::Given;
use super::problem::{Place, Problems};
use super::tree::{ReferencesKeys, Tree};
use super::{Config, state_dir_of};
use crate::core::name::Name;
use crate::core::settings::{References, Role, Settings};

/// What the parts of this room share.
struct Resolver<'a> {
    given: &'a Given,
    problems: &'a mut Problems,
    notes: Vec<String>,
    /// The directory that relative paths start from.
    base: PathBuf,
}

/// Makes the configuration. `None` when something is wrong, which is in `problems` then.
pub(super) fn resolve(
    source: &Path,
    given: &Given,
    tree: &Tree,
    problems: &mut Problems,
) -> Option<Config> {
    let mut resolver = Resolver { given, problems, notes: Vec::new(), base: base(source) };
    let identity = resolver.identity(tree);
    let http_url = resolver.http_url(&tree.global);
    let log = resolver.log_source(&tree.global);
    let watch = resolver.watch(&tree.global);
    resolver.check_rules(&tree.rules);
    let actuators = resolver.actuators(&tree.promotion, tree.global.role);
    let references = resolver.references(&tree.references);
    let lease = resolver.lease(&tree.lease).unzip();
    let node = node_name(given, tree);
    let peers = resolver.peers(&tree.peers, node.as_deref());
    let host = resolver.host(&tree.host).unzip();
    let (fleet, members) = resolver.fleet(&tree.fleet);
    let fleet_access = resolver.fleet_access(&tree.fleet);
    let pool = resolver.pool(&tree.pool).unzip();
    let alarm = resolver.alarm(&tree.alarm);
    let report = resolver.report(&tree.report, &tree.alarm);
    resolver.check_means(&tree.promotion, tree.global.role);
    let wait = resolver.wait(&tree.promotion);
    let channels = resolver.channels(tree);
    let status_access = resolver.status(&tree.status);
    let shared_dir = resolver.path(&tree.state.dir);

    let (role, producer) = identity?;
    let mut settings = Settings::new(role, producer);
    settings.rules = tree.rules;
    tree.promotion.apply(&mut settings.promotion, wait);
    settings.references = references;
    settings.lease = lease.0;
    settings.node = node?;
    let names = peers.iter().flat_map(|peers| &peers.nodes).map(|(name, _)| name.clone());
    settings.peers.names = names.collect();
    settings.host = host.0;
    settings.fleet = fleet;
    settings.pool = pool.0;
    actuators.tell(role, &mut settings.promotion);
    resolver.note_holes(&settings, &actuators);
    settings.producer_key = actuators.producer_key;
    Some(Config {
        source: source.to_path_buf(),
        settings,
        http_url: http_url?,
        log: log?,
        lease: lease.1,
        watch,
        references: tree.references.urls.clone(),
        peers,
        host: host.1,
        fleet: members,
        fleet_access,
        pool: pool.1,
        alarm,
        channels,
        report,
        promote: actuators.promote,
        demote: actuators.demote,
        promote_remote: actuators.promote_remote,
        fence: actuators.fence,
        restart: actuators.restart,
        status_listen: tree.status.listen,
        status_access,
        state_dir: match given.node() {
            Some(name) => state_dir_of(&shared_dir, name),
            None => shared_dir.clone(),
        },
        shared_dir,
        section: given.node().map(str::to_owned),
        own_log: tree.log,
        notes: resolver.notes,
    })
}

/// The directory of the file, absolute where the working directory is known.
fn base(source: &Path) -> PathBuf {
    let absolute = std::path::absolute(source).unwrap_or_else(|_| source.to_path_buf());
    absolute.parent().unwrap_or(Path::new("/")).to_path_buf()
}

/// The name that is given; else that of its section, as names of nodes are written; else the role's
/// letter.
fn node_name(given: &Given, tree: &Tree) -> Option<String> {
    let letter = || tree.global.role.map(|role| role.letter().to_ascii_lowercase().to_string());
    let section = || given.node().map(|name| name.to_ascii_lowercase().replace('_', "-"));
    tree.global.node_name.clone().or_else(section).or_else(letter)
}

impl Resolver<'_> {
    /// Reports a problem at the line of a key, or of its section when the key isn't given.
    fn problem(&mut self, section: &str, key: &str, what: &str, allowed: &str) {
        let (line, section, key) = self.given.place(section, key);
        self.problems.add(Place { line, section: Some(&section), key: Some(&key) }, what, allowed);
    }

    fn references(&mut self, keys: &ReferencesKeys) -> References {
        let count = keys.urls.len();
        if let Some(least) = keys.min_agree
            && least as usize > count
            && !self.given.is_wrong("references", "urls")
        {
            let what = format!("{least} must agree, and urls names {count}");
            self.problem("references", "min_agree", &what, "at most as many as urls names");
        }
        // What a person reads: the host tells one reference from another.
        let names = keys.urls.iter().map(|url| url.as_str().trim_end_matches('/').to_owned());
        let min_agree = keys.min_agree.unwrap_or_else(|| References::majority(count));
        References { names: names.collect(), min_agree }
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    fn identity(&mut self, tree: &Tree) -> Option<(Role, Name)> {
        if !self.given.has_section("global") {
            let place = Place { line: 1, section: Some("global"), key: None };
            let allowed = "it holds role, producer_name, http_port and log_file, which are needed";
            self.problems.add(place, "the section is missing", allowed);
            return None;
        }
        for (key, allowed) in [
            ("role", "give A, B, C or F"),
            ("producer_name", "give the account whose turns are watched"),
        ] {
            if !self.given.is_given("global", key) {
                self.problem("global", key, "the key is missing", allowed);
            }
        }
        tree.global.role.zip(tree.global.producer_name)
    }
}
