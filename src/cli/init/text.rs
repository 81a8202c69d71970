//! The draft as a file: what is set, why, and what can be added.

use std::fmt::Write;

use super::draft::{Draft, LogPlace, PEERS_LISTEN};
use crate::core::settings::Role;

/// Columns of a comment.
const COLUMNS: usize = 92;

/// The whole file.
pub(super) fn render(draft: &Draft) -> String {
    let mut text = String::new();
    comment(
        &mut text,
        "Configuration of eoskeeper, written by `eoskeeper init`. config.ini.example and \
        doc/configuration.md have every key. After a change: `eoskeeper check`, then `eoskeeper doctor`.",
    );
    for assumed in &draft.assumed {
        comment(&mut text, &format!("Assumed: {assumed}"));
    }
    global(&mut text, draft);
    promotion(&mut text, draft);
    references(&mut text, draft);
    peers(&mut text, draft);
    channels(&mut text);
    section(
        &mut text,
        "status",
        "Where `eoskeeper status` and the status page ask the running keeper.",
    );
    key(&mut text, "listen", &draft.listen);
    section(&mut text, "state", "What must survive a restart.");
    key(&mut text, "dir", &draft.state.display().to_string());
    text
}

fn global(text: &mut String, draft: &Draft) {
    section(text, "global", "What this host is for, and where its nodeos is.");
    let means = match draft.role {
        Role::Active => "A, the active producer",
        Role::FirstStandby => "B, the first standby: it may make itself sign",
        Role::SecondStandby => "C, the second standby: it may make itself sign, after B",
        Role::Observer => "F, an observer: it signs nothing and tells what it sees",
    };
    comment(text, &format!("{means}. The others are A, B, C and F."));
    key(text, "role", &draft.role.letter().to_string());
    comment(text, "The account whose turns are watched.");
    key(text, "producer_name", draft.producer.as_ref().map_or("", |name| name.as_str()));
    if let Some(name) = &draft.node_name {
        comment(text, "Name of this node among those of the producer.");
        key(text, "node_name", name);
    }
    comment(text, "nodeos's HTTP API.");
    key(text, "http_url", draft.url.as_deref().unwrap_or_default());
    log(text, &draft.log);
    if let Some(unit) = &draft.unit {
        comment(text, "Its main process is watched, so that its end is seen at once.");
        key(text, "unit", unit);
    }
}

/// The only place that says where the log is.
fn log(text: &mut String, log: &LogPlace) {
    match log {
        LogPlace::File(path) => {
            comment(text, "nodeos's log. Rotation is followed.");
            key(text, "log_file", &path.display().to_string());
        }
        LogPlace::Docker { container, host } => {
            comment(text, "nodeos runs in a container; its log is read from Docker.");
            key(text, "is_docker", "true");
            key(text, "c_name", container);
            if let Some(host) = host {
                key(text, "docker_host", host);
            }
        }
        LogPlace::Journal { unit } => {
            comment(text, "nodeos's log is in systemd's journal.");
            key(text, "log_source", &format!("journal:{unit}"));
        }
    }
}

fn promotion(text: &mut String, draft: &Draft) {
    if draft.role == Role::Observer {
        return;
    }
    section(text, "promotion", "Whether, when and how this node is made to sign or to stop.");
    comment(
        text,
        "By nodeos's producer API. On A it makes the node sign after a start that was paused, \
        when it is entitled to; on a standby after the producer was missing.",
    );
    let mark = if draft.has_api { "" } else { "#" };
    if !draft.has_api {
        comment(text, "nodeos has no producer_api_plugin yet; take the # away when it has.");
    }
    let _ = writeln!(text, "{mark}promote = api\n{mark}demote = api");
    comment(
        text,
        "It decides and tells, but acts on nothing. Set it to false when you have seen for a few \
        days that it is right (doc/start.md).",
    );
    key(text, "dry_run", "true");
    comment(text, "A script that makes sure that this node does not sign, by force if need be.");
    let _ = writeln!(text, "#fence = /opt/eoskeeper/scripts/fence.sh");
}

fn references(text: &mut String, draft: &Draft) {
    section(
        text,
        "references",
        "Other nodes of the chain, own or public: by them a node that is cut off knows \
        it. Independent ones, not all of one company, and not the active node.",
    );
    if draft.references.is_empty() {
        let _ = writeln!(text, "#urls = https://api.example.org, http://10.0.0.7:8888");
    } else {
        key(text, "urls", &draft.references.join(", "));
    }
}

fn peers(text: &mut String, draft: &Draft) {
    let help = "The keepers of this producer's other nodes. One secret on all of them, and the firewall open \
        for this port from their addresses alone.";
    section(text, "peers", help);
    let secret = quoted(&draft.secret.display().to_string());
    let mark = if draft.peers.is_empty() { "#" } else { "" };
    let nodes = if draft.peers.is_empty() {
        "b=http://10.0.0.2:9881".to_owned()
    } else {
        draft.peers.join(", ")
    };
    let _ = writeln!(
        text,
        "{mark}listen = {PEERS_LISTEN}\n{mark}nodes = {nodes}\n\
        {mark}secret_file = {secret}"
    );
}

fn channels(text: &mut String) {
    text.push('\n');
    comment(
        text,
        "Who is told. Without a channel, alarms are in the keeper's own log only. Each has a page \
        below doc/alarms: telegram, wecom, email, slack, discord, pagerduty, webhook, script, cloudwatch. \
        For example:",
    );
    text.push_str(
        "#[telegram]\n#token_file = /etc/eoskeeper/telegram.token\n#chat_id = -1001234567890\n",
    );
}

fn section(text: &mut String, name: &str, help: &str) {
    text.push('\n');
    comment(text, help);
    let _ = writeln!(text, "[{name}]");
}

fn key(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "{name} = {}", quoted(value));
}

/// A value that its reader would cut or change is quoted.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:,=@+[] ".contains(c);
    if value.chars().all(is_plain) && value.trim() == value {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.len() + 1 + word.len() > COLUMNS && line.len() > 1 {
            text.push_str(&line);
            text.push('\n');
            line = String::from("#");
        }
        // A control character would end the comment, or move a cursor.
        let _ = write!(line, " {}", word.replace(char::is_control, "\u{fffd}"));
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::init::draft::tests::{draft, found};
    use crate::config::{self, LogSource};

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let mut signs = draft(&found("producer-name = eosstorebest\n", Some(true)));
        signs.references = vec!["http://10.0.0.7:8888".to_owned()];
        let mut odd = signs.clone();
        odd.log = LogPlace::File("/var/log/a \"b\" #c;d\\e.log".into());
        odd.state = "/srv/state dir".into();
        odd.node_name = Some("tokyo-1".to_owned());
        let mut docker = signs.clone();
        docker.log = LogPlace::Docker {
            container: "eos.node_1".to_owned(),
            host: Some("tcp://h:2375".to_owned()),
        };
        let mut observer = draft(&found("", None));
        observer.producer = Some("eosstorebest".parse().unwrap());
        let mut bare = draft(&found("producer-name = eosstorebest\n", None));
        bare.unit = Some("nodeos@wax.service".to_owned());
        for (case, draft) in [
            ("signs", signs),
            ("odd", odd),
            ("docker", docker),
            ("observer", observer),
            ("bare", bare),
        ] {
            let text = render(&draft);
            let config = config::parse(Path::new("/etc/eoskeeper/config.ini"), &text)
                .unwrap_or_else(|errors| panic!("{case}: {errors}\n{text}"));
            assert_eq!(config.settings.role, draft.role, "{case}");
            assert_eq!(config.state_dir, draft.state, "{case}");
            let log = match &draft.log {
                LogPlace::File(path) => LogSource::File(path.clone()),
                LogPlace::Docker { container, host } => {
                    LogSource::Docker { container: container.clone(), host: host.clone() }
                }
                LogPlace::Journal { .. } => unreachable!("none is made here"),
            };
            assert_eq!(config.log, log, "{case}");
            assert_eq!(
                config.promote.is_some(),
                draft.has_api && draft.role != Role::Observer,
                "{case}"
            );
            assert!(config.settings.promotion.dry_run || draft.role == Role::Observer, "{case}");
            assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        }
    }
}
