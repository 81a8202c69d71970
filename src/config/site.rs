//! All nodes of one file, and what they must not have in common.

use std::net::SocketAddr;

use reqwest::Url;

use super::given::Given;
use super::problem::{Place, Problems};
use super::{Config, LogSource, Watch};

/// What one file says: the configuration of one node, or of each node that has a section
/// `[node:NAME]`, in the order of the file. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The nodes.
    pub nodes: Vec<Config>,
}

/// Which node is meant is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownNode {
    /// There are several, and none is named.
    #[error("the configuration has several nodes: {}; name one with --node NAME", .names.join(", "))]
    NotNamed {
        /// Their names.
        names: Vec<String>,
    },
    /// There is none of that name.
    #[error("the configuration has no [node:{name}]; its nodes are {}", .names.join(", "))]
    NotThere {
        /// The name that was given.
        name: String,
        /// The names there are.
        names: Vec<String>,
    },
    /// The file is about one node, which has no section of its own.
    #[error("the configuration has no sections [node:NAME]; leave --node {name} out")]
    OnlyOne {
        /// The name that was given.
        name: String,
    },
}

impl Site {
    /// The nodes of a file. The fleet and the mining pool are no node's own: the first watches them.
    pub(super) fn new(mut nodes: Vec<Config>) -> Self {
        for node in nodes.iter_mut().skip(1) {
            node.fleet.clear();
            node.settings.fleet.names.clear();
            node.pool = None;
            node.settings.pool = None;
        }
        Self { nodes }
    }

    /// A file about one node, without sections of nodes.
    #[must_use]
    pub fn of(config: Config) -> Self {
        Self { nodes: vec![config] }
    }

    /// Whether the file has sections of nodes, be it one.
    #[must_use]
    pub fn has_sections(&self) -> bool {
        self.nodes.iter().any(|node| node.section.is_some())
    }

    /// The names of the sections; none where the file has none.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.nodes.iter().filter_map(|node| node.section.clone()).collect()
    }

    /// What is common to all nodes, as the first has it.
    #[must_use]
    pub fn common(&self) -> &Config {
        // There is at least one: a file without one is refused.
        &self.nodes[0]
    }

    /// The node of a name; without a name the only one.
    ///
    /// # Errors
    /// [`UnknownNode`]: which one is meant cannot be told.
    pub fn node(mut self, name: Option<&str>) -> Result<Config, UnknownNode> {
        let names = self.names();
        let found = match name {
            None if self.nodes.len() == 1 => 0,
            None => return Err(UnknownNode::NotNamed { names }),
            Some(name) if names.is_empty() => {
                return Err(UnknownNode::OnlyOne { name: name.to_owned() });
            }
            Some(name) => {
                let found = names.iter().position(|known| known == name);
                found.ok_or_else(|| UnknownNode::NotThere { name: name.to_owned(), names })?
            }
        };
        Ok(self.nodes.swap_remove(found))
    }

    /// The node of a file that has only one.
    ///
    /// # Errors
    /// [`UnknownNode::NotNamed`].
    pub fn single(self) -> Result<Config, UnknownNode> {
        self.node(None)
    }

    /// The nodes of a name; without a name all of them.
    ///
    /// # Errors
    /// [`UnknownNode`]: there is none of that name.
    pub fn chosen(self, name: Option<&str>) -> Result<Vec<Config>, UnknownNode> {
        match name {
            Some(name) => Ok(vec![self.node(Some(name))?]),
            None => Ok(self.nodes),
        }
    }
}

/// Reports what two nodes must not share; at the line of the later one.
pub(super) fn check(found: &[Option<Config>], each: &[Given], problems: &mut Problems) {
    for (at, (own, given)) in found.iter().zip(each).enumerate() {
        let (Some(own), Some(_)) = (own, given.node()) else { continue };
        let mut tell = |(section, key): (&str, &str), what: String, allowed: &str| {
            let (line, section, key) = given.place(section, key);
            problems.add(Place { line, section: Some(&section), key: Some(&key) }, what, allowed);
        };
        if own.channels.cloudwatch.is_some() {
            let what = "CloudWatch is told of one node, and there are sections [node:NAME]";
            let allowed = "remove [cloudwatch], or watch the node it is about with an eoskeeper of \
                           its own";
            tell(("cloudwatch", "chain"), what.to_owned(), allowed);
        }
        for other in found[..at].iter().flatten() {
            let name = other.section.as_deref().unwrap_or_default();
            if own.log == other.log {
                let allowed = "give each node the log of its own nodeos";
                tell(
                    ("global", log_key(&own.log)),
                    format!("it is that of [node:{name}]"),
                    allowed,
                );
            }
            if let (Some(Watch::Unit(unit)), Some(Watch::Unit(theirs))) = (&own.watch, &other.watch)
                && unit == theirs
            {
                // The end of its process would be taken for the end of both nodes.
                let allowed = "give each node the unit of its own nodeos";
                tell(("global", "unit"), format!("it is that of [node:{name}]"), allowed);
            }
            if is_same_address(&own.http_url, &other.http_url) {
                let key =
                    if given.is_given("global", "http_url") { "http_url" } else { "http_port" };
                let allowed = "give each node the address of its own nodeos";
                tell(("global", key), format!("it is that of [node:{name}]"), allowed);
            }
            if own.settings.node == other.settings.node {
                let what = format!("'{}' is the name of [node:{name}]", own.settings.node);
                tell(("global", "node_name"), what, "messages name the node: give each its own");
            }
            if let (Some(own), Some(other)) = (&own.peers, &other.peers)
                && collide(own.listen, other.listen)
            {
                let what = format!("[node:{name}] listens on {}", other.listen);
                tell(("peers", "listen"), what, "give each node a port of its own");
            }
        }
        if let Some(peers) = &own.peers
            && collide(peers.listen, own.status_listen)
        {
            let what = format!("[status] listens on {}", own.status_listen);
            tell(("peers", "listen"), what, "give it a port of its own");
        }
    }
}

/// The key that says where a log is.
const fn log_key(log: &LogSource) -> &'static str {
    match log {
        LogSource::File(_) => "log_file",
        LogSource::Docker { .. } => "c_name",
        LogSource::Journal { .. } => "log_source",
    }
}

/// Whether two addresses lead to one nodeos; `localhost` is 127.0.0.1.
fn is_same_address(one: &Url, other: &Url) -> bool {
    let host = |url: &Url| match url.host_str() {
        Some("localhost") => Some("127.0.0.1".to_owned()),
        host => host.map(str::to_owned),
    };
    let port = Url::port_or_known_default;
    host(one) == host(other) && port(one) == port(other) && one.path() == other.path()
}

/// Whether two cannot be listened on at once. Port 0 is another each time.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let is_any = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (is_any || one.ip() == other.ip())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse_site;

    const TWO: &str = "[global]\nrole = B\nproducer_name = eosstorebest\n\
        [rules]\nhead_stalled_seconds = 12\n[state]\ndir = /srv/keeper\n\
        [node:eos]\nhttp_port = 8888\nlog_file = ./eos.log\n\
        [node:WAX_1]\nproducer_name = waxstorebest\nrole = F\nhttp_url = http://127.0.0.1:8889\n\
        log_file = ./wax.log\nrules.head_stalled_seconds = 30\n\
        references.urls = http://127.0.0.1:7\n";

    fn read(text: &str) -> Result<Site, String> {
        parse_site(Path::new("/etc/eoskeeper/config.ini"), text).map_err(|e| e.to_string())
    }

    #[test]
    fn each_node_has_its_own_keys_and_the_common_ones_for_the_rest() {
        let site = read(TWO).unwrap();
        assert_eq!(site.names(), ["eos", "WAX_1"]);
        let [eos, wax] = &site.nodes[..] else { panic!("two") };
        assert_eq!(eos.settings.producer.to_string(), "eosstorebest");
        assert_eq!(wax.settings.producer.to_string(), "waxstorebest");
        assert_eq!((eos.settings.node.as_str(), wax.settings.node.as_str()), ("eos", "wax-1"));
        assert_eq!(eos.http_url.as_str(), "http://127.0.0.1:8888/");
        assert_eq!(eos.settings.rules.head_stalled_ms, 12_000);
        assert_eq!(wax.settings.rules.head_stalled_ms, 30_000);
        assert_eq!((eos.references.len(), wax.references.len()), (0, 1));
        assert_eq!(eos.state_dir, Path::new("/srv/keeper/nodes/eos"));
        assert_eq!(wax.state_dir, Path::new("/srv/keeper/nodes/WAX_1"));
        assert_eq!(wax.shared_dir, Path::new("/srv/keeper"));
    }

    #[test]
    fn a_key_of_a_node_takes_the_place_of_a_common_one_that_says_the_same() {
        let common = "[global]\nrole = B\nproducer_name = eosstorebest\nis_docker = true\n\
            c_name = nodeos\nhttp_port = 8888\n[promotion]\nwait_rounds = 3\n";
        let node = "[node:a]\nlog_file = ./a.log\nhttp_url = http://10.0.0.5:8888\n\
            promotion.wait_seconds = 600\n[node:b]\nhttp_port = 8890\n";
        let site = read(&format!("{common}{node}")).unwrap();
        assert_eq!(site.nodes[0].log, LogSource::File("/etc/eoskeeper/./a.log".into()));
        assert_eq!(site.nodes[0].http_url.as_str(), "http://10.0.0.5:8888/");
        assert!(matches!(site.nodes[1].log, LogSource::Docker { .. }));
    }

    #[test]
    fn what_is_wrong_names_its_line_and_all_of_it_is_told() {
        for (case, more, expected) in [
            ("a name", "[node:a b]\nrole = B\n", "[node:a b]: that is no name of a node"),
            ("no name", "[node:]\n", "[node:]: that is no name of a node"),
            ("twice", "[node:eos]\nrole = B\n", "[node:eos]: the section is there twice, first on"),
            ("like", "[node:EOS]\n", "[node:EOS]: [node:eos] on line 8 has the same name"),
            (
                "unknown",
                "http_prt = 1\n",
                "[node:WAX_1] http_prt: unknown key; did you mean http_port?",
            ),
            (
                "bare",
                "min_agree = 1\n",
                "[node:WAX_1] min_agree: unknown key; did you mean references.min_agree?",
            ),
            (
                "of all",
                "status.listen = 127.0.0.1:1\n",
                "[node:WAX_1] status.listen: [status] is common to all nodes; give listen under",
            ),
            ("global", "global.role = B\n", "[node:WAX_1] global.role: [global] is common"),
            ("no such", "telegramm.x = 1\n", "[node:WAX_1] telegramm.x: unknown key; "),
            (
                "a value",
                "rules.lib_stalled_seconds = x\n",
                "[node:WAX_1] rules.lib_stalled_seconds: ",
            ),
            (
                "together",
                "references.min_agree = 2\n",
                "[node:WAX_1] references.min_agree: 2 must agree, and urls names 1",
            ),
            (
                "the log",
                "[node:c]\nhttp_port = 1\nlog_file = eos.log\n[node:d]\nhttp_port = 2\n\
                 log_file = eos.log\n",
                "[node:d] log_file: it is that of [node:c]",
            ),
            (
                "the address",
                "[node:c]\nhttp_port = 8889\nlog_file = c.log\n",
                "[node:c] http_port: it is that of [node:WAX_1]",
            ),
            (
                "the address by another name",
                "[node:c]\nhttp_url = http://localhost:8889\nlog_file = c.log\n",
                "[node:c] http_url: it is that of [node:WAX_1]",
            ),
            (
                "the unit",
                "[node:c]\nhttp_port = 1\nlog_file = c.log\nunit = n.service\n\
                 [node:d]\nhttp_port = 2\nlog_file = d.log\nunit = n.service\n",
                "[node:d] unit: it is that of [node:c]",
            ),
            (
                "the name",
                "[node:c]\nnode_name = eos\nhttp_port = 1\nlog_file = c.log\n",
                "[node:c] node_name: 'eos' is the name of [node:eos]",
            ),
            ("a key", "[node:c]\nlog_file = c.log\n", "[node:c] http_port: the key is missing"),
            (
                "what a node needs",
                "[node:c]\nlog_file = c.log\nhttp_port = 1\npromotion.promote = api\n",
                "[node:c] promotion.promote: demote is not given",
            ),
        ] {
            let said = read(&format!("{TWO}{more}")).unwrap_err();
            assert!(said.contains(expected), "{case}: {said}");
        }
        let said = read(&format!("{TWO}[node:c]\n[telegram]\nchat_id = 7\n")).unwrap_err();
        let of_telegram = said.lines().filter(|line| line.contains(": [telegram] ")).count();
        assert_eq!(of_telegram, 1, "what is common is told once: {said}");
        assert!(
            said.contains("[node:c] http_port") && said.contains("[node:c] log_file"),
            "{said}"
        );
        assert!(said.contains("config.ini:18: [node:c] log_file: the key is missing"), "{said}");
    }

    #[test]
    fn listeners_of_peers_must_not_collide() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "0123456789abcdef0123456789abcdef0123456789a=").unwrap();
        let file = secret.path().display();
        let of = |a: &str, b: &str| {
            read(&format!(
                "[global]\nrole = F\nproducer_name = eosstorebest\n[peers]\nsecret_file = {file}\n\
                 [node:a]\nhttp_port = 1\nlog_file = a.log\npeers.listen = {a}\n\
                 peers.nodes = x=http://127.0.0.1:5\n\
                 [node:b]\nhttp_port = 2\nlog_file = b.log\npeers.listen = {b}\n\
                 peers.nodes = y=http://127.0.0.1:6\n"
            ))
        };
        let said = of("0.0.0.0:9881", "127.0.0.1:9881").unwrap_err();
        assert!(said.contains("[node:b] peers.listen: [node:a] listens on 0.0.0.0:9881"), "{said}");
        let said = of("127.0.0.1:9881", "127.0.0.1:9880").unwrap_err();
        assert!(said.contains("[node:b] peers.listen: [status] listens on"), "{said}");
        assert_eq!(of("127.0.0.1:9881", "127.0.0.1:9882").unwrap().names(), ["a", "b"]);
    }

    #[test]
    fn which_node_is_meant() {
        let site = read(TWO).unwrap();
        let name = |name| site.clone().node(name).map(|node| node.settings.node);
        assert_eq!(name(Some("eos")).unwrap(), "eos");
        let said = name(None).unwrap_err().to_string();
        assert!(said.contains("eos, WAX_1; name one with --node NAME"), "{said}");
        let said = name(Some("wax")).unwrap_err().to_string();
        assert_eq!(said, "the configuration has no [node:wax]; its nodes are eos, WAX_1");
        let least =
            "[global]\nrole = F\nproducer_name = eosstorebest\nhttp_port = 1\nlog_file = x\n";
        let single = read(least).unwrap();
        assert!(!single.has_sections());
        assert_eq!(single.clone().node(None).unwrap().section, None);
        let said = single.node(Some("a")).unwrap_err().to_string();
        assert!(said.contains("leave --node a out"), "{said}");
    }
}
