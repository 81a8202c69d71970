//! What will be written: made of what was found and what was said, and what was assumed beside it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::look::Found;
use super::options::Options;
use super::roles::{self, HasKey};
use crate::config::keys::problem_with;
use crate::core::name::Name;
use crate::core::settings::Role;
use crate::sources::nodes::{Output, Place};

/// Where a log is proposed to go that goes nowhere it could be read.
const LOG_PROPOSED: &str = "/var/log/nodeos/nodeos.log";
/// Where the state goes unless it is said.
const STATE_DEFAULT: &str = "/var/lib/eoskeeper";
/// The first port the keeper answers on, and how many are tried.
const LISTEN: (u16, u16) = (9880, 20);
/// Where the keepers of a producer listen for each other.
pub(super) const PEERS_LISTEN: &str = "0.0.0.0:9881";

/// Where the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LogPlace {
    File(PathBuf),
    Docker { container: String, host: Option<String> },
    Journal { unit: String },
}

/// A configuration to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) role: Role,
    pub(super) producer: Option<Name>,
    pub(super) node_name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) log: LogPlace,
    /// The systemd unit to watch.
    pub(super) unit: Option<String>,
    /// Whether the producer API can make it sign and stop.
    pub(super) has_api: bool,
    pub(super) references: Vec<String>,
    pub(super) peers: Vec<String>,
    /// The file of the peers' secret.
    pub(super) secret: PathBuf,
    pub(super) listen: String,
    pub(super) state: PathBuf,
    /// What it rests on that was not seen or not said, a sentence each.
    pub(super) assumed: Vec<String>,
    /// What a person should do beside it, a sentence each.
    pub(super) advice: Vec<String>,
    /// Why there is no producer yet.
    pub(super) doubt: Option<String>,
}

impl Draft {
    /// Of what was found; `dir` is where the file goes.
    pub(super) fn of(found: &Found, options: &Options, dir: &Path) -> Self {
        let mut assumed = Vec::new();
        let mut advice = Vec::new();
        let known = options.producer.as_ref().and_then(|name| name.parse::<Name>().ok());
        let (producer, doubt) = match known.map_or_else(|| roles::producer(found), Ok) {
            Ok(name) => (Some(name), None),
            Err(why) => (None, Some(why)),
        };
        let role = options.role.unwrap_or_else(|| {
            let (role, why) = roles::role(found, producer);
            assumed.push(format!("role {} ({}): {why}.", role.letter(), role.meaning()));
            role
        });
        let log = log(found, options, &mut assumed, &mut advice);
        let secret = dir.join("peers.secret");
        let draft = Self {
            role,
            producer,
            node_name: options.node_name.clone(),
            url: found.url.clone().or_else(|| first(found)),
            unit: unit(found, &log, &mut assumed),
            log,
            has_api: found.paused.is_some(),
            references: options.references.clone(),
            peers: options.peers.clone(),
            secret,
            listen: options.listen.clone().unwrap_or_else(|| listen(&mut assumed)),
            state: state(options, dir, &mut assumed),
            assumed,
            advice,
            doubt,
        };
        draft.advised(found)
    }

    /// What nodeos itself should be told.
    fn advised(mut self, found: &Found) -> Self {
        let Some(node) = &found.node else { return self };
        let signs = self.role != Role::Observer;
        if signs && !self.has_api && found.info.is_some() {
            self.advice.push(
                "Add `plugin = eosio::producer_api_plugin` to nodeos's config.ini, its address on \
                 loopback only, and restart it: without it the keeper can neither see nor change \
                 whether this node signs. Then set promote and demote in the new file."
                    .to_owned(),
            );
        }
        if signs && node.unread.is_empty() && !node.options.is_paused {
            self.advice.push(
                "Add `pause-on-startup = true` to nodeos's config.ini, on the active node too: after a \
                 restart it would sign on its own, also when another node was made to sign meanwhile."
                    .to_owned(),
            );
        }
        if signs && node.options.is_stale_allowed {
            self.advice.push(
                "Take `enable-stale-production` from nodeos's configuration: a node that is cut off \
                 would go on alone."
                    .to_owned(),
            );
        }
        let has_key = self.producer.map(|producer| roles::has_key(found, producer));
        if signs && has_key == Some(HasKey::No) {
            self.advice.push(
                "This node has no key by which the schedule lets the producer sign: give it that key, \
                 or a key of its own and `promote = key` (doc/decisions.md)."
                    .to_owned(),
            );
        }
        self
    }

    /// Whether everything is known that must be; else what, and how it is said.
    pub(super) fn complete(&self) -> Result<(), String> {
        if self.producer.is_none() {
            let why = self.doubt.as_deref().unwrap_or("it is not known");
            return Err(format!("{why}; say which producer is watched: --producer NAME"));
        }
        let Some(url) = &self.url else {
            return Err(
                "it is not known where its RPC is; say it: --url http://HOST:PORT".to_owned()
            );
        };
        let mut values =
            vec![("global", "http_url", url.as_str()), ("status", "listen", self.listen.as_str())];
        values.extend(self.node_name.as_deref().map(|name| ("global", "node_name", name)));
        let (references, peers) = (self.references.join(", "), self.peers.join(", "));
        if !references.is_empty() {
            values.push(("references", "urls", references.as_str()));
        }
        if !peers.is_empty() {
            values.push(("peers", "nodes", peers.as_str()));
        }
        for (section, key, value) in values {
            if let Some(why) = problem_with(section, key, value) {
                return Err(format!("[{section}] {key}: {why}"));
            }
        }
        Ok(())
    }
}

/// The address it is said to listen on, though it does not answer now.
fn first(found: &Found) -> Option<String> {
    found.node.as_ref().and_then(|node| node.rpc.first().cloned())
}

fn log(
    found: &Found,
    options: &Options,
    assumed: &mut Vec<String>,
    advice: &mut Vec<String>,
) -> LogPlace {
    if let Some(path) = &options.log_file {
        // Relative to where it is typed, not to the file that is written.
        return LogPlace::File(std::path::absolute(path).unwrap_or_else(|_| path.clone()));
    }
    let proposed = || LogPlace::File(LOG_PROPOSED.into());
    let Some(node) = &found.node else {
        assumed.push(format!(
            "log_file {LOG_PROPOSED}: no process of nodeos is seen that would show where its log goes."
        ));
        return proposed();
    };
    if let Place::Container { name, .. } = &node.place {
        return LogPlace::Docker { container: name.clone(), host: options.docker_host.clone() };
    }
    let (why, how) = match &node.output {
        Output::File(path) => return LogPlace::File(path.clone()),
        Output::Pipe { files, .. } if files.len() == 1 => return LogPlace::File(files[0].clone()),
        Output::Deleted(path) => {
            advice.push(format!(
                "nodeos still writes into {}, which was removed: restart it, or let logrotate use \
                 copytruncate.",
                path.display()
            ));
            return LogPlace::File(path.clone());
        }
        Output::Journal => match &node.unit {
            Some(unit) if !unit.is_of_user => {
                return LogPlace::Journal { unit: unit.name.clone() };
            }
            _ => ("nodeos's log goes into a socket".to_owned(), redirect()),
        },
        Output::Pipe { reader: Some(reader), files } if !files.is_empty() => {
            let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            (
                format!("nodeos's log goes to {reader}, which writes {}", files.join(", ")),
                "say which of them it is with --log-file".to_owned(),
            )
        }
        Output::Pipe { reader, .. } => {
            let reader = reader.as_deref().unwrap_or("another program");
            (format!("nodeos's log goes to {reader}"), redirect())
        }
        Output::Terminal(name) => (format!("nodeos's log goes to the terminal {name}"), redirect()),
        Output::Nowhere => ("nodeos's log goes to /dev/null".to_owned(), redirect()),
        Output::Docker => ("nodeos's log goes to Docker".to_owned(), redirect()),
        Output::Unknown(why) => (
            format!("where nodeos's log goes could not be seen ({why})"),
            "run this as nodeos's user or as root, or say --log-file".to_owned(),
        ),
    };
    assumed.push(format!("log_file {LOG_PROPOSED}: {why}."));
    advice.push(format!("{}: {how}.", capital(&why)));
    proposed()
}

fn redirect() -> String {
    format!("start it with `nodeos … >> {LOG_PROPOSED} 2>&1`, or say --log-file")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn unit(found: &Found, log: &LogPlace, assumed: &mut Vec<String>) -> Option<String> {
    let node = found.node.as_ref()?;
    if matches!(log, LogPlace::Docker { .. }) {
        return None;
    }
    let unit = node.unit.as_ref()?;
    if unit.is_of_user {
        assumed.push(format!(
            "no unit is watched: {} is one of a user's own systemd; the process itself is watched.",
            unit.name
        ));
        return None;
    }
    problem_with("global", "unit", &unit.name).is_none().then(|| unit.name.clone())
}

/// The first port that is free; the usual one where none is.
fn listen(assumed: &mut Vec<String>) -> String {
    let at = |port: u16| format!("127.0.0.1:{port}");
    let mut ports = LISTEN.0..LISTEN.0 + LISTEN.1;
    let port = ports.find(|port| TcpListener::bind(at(*port)).is_ok()).unwrap_or(LISTEN.0);
    if port != LISTEN.0 {
        assumed.push(format!("[status] listen {}: {} is in use.", at(port), at(LISTEN.0)));
    }
    at(port)
}

fn state(options: &Options, dir: &Path, assumed: &mut Vec<String>) -> PathBuf {
    if let Some(dir) = &options.state_dir {
        return std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
    }
    let usual = Path::new(STATE_DEFAULT);
    let near = usual.ancestors().find(|dir| dir.exists()).unwrap_or(usual);
    if rustix::fs::access(near, rustix::fs::Access::WRITE_OK).is_ok() {
        return usual.to_owned();
    }
    assumed.push(format!(
        "[state] dir {}: {STATE_DEFAULT} cannot be written by this user.",
        dir.join("state").display()
    ));
    dir.join("state")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::nodeos::options::DEVELOPMENT_KEY;
    use crate::sources::nodes::{Node, Unit};

    pub(in crate::cli::init) const KEY: &str =
        "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";

    /// A process with this config.ini, in a schedule with our producer and its key.
    pub(in crate::cli::init) fn found(config: &str, paused: Option<bool>) -> Found {
        let options = crate::nodeos::options::Options::of(&["nodeos".to_owned()], config);
        Found {
            node: Some(Node {
                place: Place::Process { pid: 4711 },
                program: "nodeos".to_owned(),
                uid: Some(1000),
                unit: None,
                config: Some("/etc/nodeos/config.ini".into()),
                config_here: None,
                data: None,
                options,
                output: Output::File("/var/log/nodeos.log".into()),
                rpc: vec!["http://127.0.0.1:8888".to_owned()],
                unread: Vec::new(),
            }),
            holder: None,
            url: Some("http://127.0.0.1:8888".to_owned()),
            failure: None,
            info: None,
            schedule: Some(["producer111a", "eosstorebest"].map(|n| n.parse().unwrap()).to_vec()),
            keys: vec![("eosstorebest".parse().unwrap(), vec![DEVELOPMENT_KEY.to_owned()])],
            paused,
            peers: None,
        }
    }

    pub(in crate::cli::init) fn draft(found: &Found) -> Draft {
        let options = Options {
            listen: Some("127.0.0.1:9880".to_owned()),
            state_dir: Some("/s".into()),
            ..Options::default()
        };
        Draft::of(found, &options, Path::new("/etc/eoskeeper"))
    }

    #[test]
    fn the_log_is_where_the_process_writes_it_or_a_proposal_with_its_way() {
        let unit = |is_of_user| Some(Unit { name: "nodeos.service".to_owned(), is_of_user });
        let file = |name: &str| LogPlace::File(name.into());
        let pipe = |files: &[&str]| Output::Pipe {
            reader: Some("svlogd".to_owned()),
            files: files.iter().map(PathBuf::from).collect(),
        };
        for (case, output, unit, expected, advice) in [
            ("file", Output::File("/l".into()), None, file("/l"), None),
            ("removed", Output::Deleted("/l".into()), None, file("/l"), Some("copytruncate")),
            ("one file behind a pipe", pipe(&["/l"]), None, file("/l"), None),
            ("two files", pipe(&["/l", "/m"]), None, file(LOG_PROPOSED), Some("/l, /m")),
            ("a pipe to nothing seen", pipe(&[]), None, file(LOG_PROPOSED), Some("2>&1")),
            (
                "journal",
                Output::Journal,
                unit(false),
                LogPlace::Journal { unit: "nodeos.service".to_owned() },
                None,
            ),
            ("a user's journal", Output::Journal, unit(true), file(LOG_PROPOSED), Some("2>&1")),
            (
                "terminal",
                Output::Terminal("/dev/pts/3".to_owned()),
                None,
                file(LOG_PROPOSED),
                Some("/dev/pts/3"),
            ),
            ("nowhere", Output::Nowhere, None, file(LOG_PROPOSED), Some("/dev/null")),
            (
                "unseen",
                Output::Unknown("denied".to_owned()),
                None,
                file(LOG_PROPOSED),
                Some("root"),
            ),
        ] {
            let mut found =
                found("producer-name = eosstorebest\npause-on-startup = true\n", Some(true));
            let node = found.node.as_mut().unwrap();
            (node.output, node.unit) = (output, unit);
            let draft = draft(&found);
            assert_eq!(draft.log, expected, "{case}");
            let all = draft.advice.join("\n");
            assert_eq!(
                advice.is_some_and(|words| all.contains(words)),
                advice.is_some(),
                "{case}: {all}"
            );
            assert_eq!(advice.is_none(), all.is_empty(), "{case}: {all}");
        }
    }

    #[test]
    fn nodeos_is_told_what_it_lacks() {
        let bp = "producer-name = eosstorebest\n";
        for (case, config, paused, words) in [
            ("no api", "pause-on-startup = true\n", None, None),
            ("would sign by itself", "", Some(true), Some("pause-on-startup = true")),
            (
                "stale",
                "pause-on-startup = true\nenable-stale-production = true\n",
                Some(true),
                Some("enable-stale-production"),
            ),
        ] {
            let draft = draft(&found(&format!("{bp}{config}"), paused));
            let all = draft.advice.join("\n");
            assert!(words.is_none_or(|words| all.contains(words)), "{case}: {all}");
            assert_eq!(draft.has_api, paused.is_some(), "{case}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_asked_for() {
        let none = draft(&found("", None));
        let why = none.complete().unwrap_err();
        assert!(why.contains("no producer-name") && why.contains("--producer NAME"), "{why}");
        let mut good = draft(&found("producer-name = eosstorebest\n", None));
        good.complete().unwrap();
        good.references = vec!["ftp://x".to_owned()];
        assert!(good.complete().unwrap_err().starts_with("[references] urls: "));
        good.references.clear();
        good.peers = vec!["b".to_owned()];
        assert!(good.complete().unwrap_err().starts_with("[peers] nodes: "));
        good.peers.clear();
        good.url = None;
        assert!(good.complete().unwrap_err().contains("--url"));
    }
}
