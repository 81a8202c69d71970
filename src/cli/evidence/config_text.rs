//! The configuration without what may be secret.

use std::path::Path;

use crate::config::keys::SECTIONS;
use crate::config::kind::Kind;

/// Largest file of a secret that is read to look for its text.
const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// A shorter text is found everywhere, and is no secret worth the name.
const SECRET_CHARS_MIN: usize = 6;

/// The file's sections and keys; a value stays only where its kind can hold no secret. Comments are
/// left out. Also which values were taken out.
pub(super) fn without_secrets(text: &str) -> (String, Vec<String>) {
    let mut shown = String::from("; comments, and values that may be secret, are left out\n");
    let mut removed = Vec::new();
    for (section, key, value) in entries(text) {
        match key {
            None => shown.push_str(&format!("\n[{section}]\n")),
            Some(key) if may_show(&section, &key) => {
                shown.push_str(&format!("{key} = {value}\n"));
            }
            Some(key) => {
                shown.push_str(&format!("{key} = [removed]\n"));
                removed.push(format!("[{section}] {key}"));
            }
        }
    }
    (shown, removed)
}

/// Texts that must not be in the archive: values that were taken out, what is in the files that hold
/// a secret, and what the environment gives.
pub(super) fn secrets(source: &Path, text: &str) -> Vec<String> {
    let mut secrets = Vec::new();
    let base = source.parent().unwrap_or(Path::new("."));
    for (section, key, value) in entries(text) {
        let Some(key) = key else { continue };
        if !may_show(&section, &key) {
            // With its quotes and without: elsewhere it stands as it is.
            secrets.push(value.trim_matches(['"', '\'']).to_owned());
            secrets.push(value);
        } else if names_secret(&key) {
            secrets.extend(content(&base.join(value.trim_matches(['"', '\'']))));
        }
    }
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        name.to_str().filter(|name| gives_secret(name))?;
        Some(value.to_string_lossy().into_owned())
    });
    secrets.extend(environment);
    let mut secrets: Vec<String> = secrets.into_iter().flat_map(with_path).collect();
    secrets.retain(|secret| secret.trim().len() >= SECRET_CHARS_MIN);
    secrets
}

/// The lines of a file that hold a secret, each for itself: one may be quoted alone.
fn content(path: &Path) -> Vec<String> {
    let is_small = std::fs::metadata(path).is_ok_and(|data| data.len() <= SECRET_BYTES_MAX);
    let text = if is_small { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    let text = String::from_utf8_lossy(&text);
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// A key that names a file holds a secret, but for these: what is not known may hold one.
fn names_secret(key: &str) -> bool {
    let key = key.rsplit('.').next().unwrap_or(key);
    key.ends_with("_file") && !matches!(key, "log_file" | "ca_file" | "members_file")
}

/// The variables that give what such a file gives, and those of the AWS SDK.
fn gives_secret(variable: &str) -> bool {
    let aws = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"];
    let ours = ["_SECRET", "_PASSWORD", "_TOKEN", "_KEY", "_URL"];
    aws.contains(&variable)
        || variable.starts_with("EOSKEEPER_") && ours.iter().any(|end| variable.ends_with(end))
}

/// An address that is a secret is one without its host as well.
fn with_path(secret: String) -> Vec<String> {
    let url = reqwest::Url::parse(&secret).ok().filter(reqwest::Url::has_host);
    let parts = url.iter().flat_map(|url| [Some(url.path()), url.query()]);
    let long = parts.flatten().filter(|part| part.len() > 8).map(str::to_owned);
    long.chain([secret]).collect()
}

/// Sections (without a key) and keys in their order.
fn entries(text: &str) -> Vec<(String, Option<String>, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim().to_owned();
            found.push((section.clone(), None, String::new()));
        } else if !line.starts_with([';', '#'])
            && let Some((key, value)) = line.split_once(['=', ':'])
        {
            let value = without_comment(value);
            found.push((section.clone(), Some(key.trim().to_owned()), value.to_owned()));
        }
    }
    found
}

/// A comment begins with a blank and `;` or `#`; within quotes it is none.
fn without_comment(value: &str) -> &str {
    let value = value.trim();
    if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\''))
        && let Some(end) = value[1..].find(quote)
    {
        return &value[..end + 2];
    }
    let end = [" ;", " #", "\t;", "\t#"].iter().filter_map(|mark| value.find(mark)).min();
    value[..end.unwrap_or(value.len())].trim()
}

fn may_show(section: &str, key: &str) -> bool {
    // In the section of a node the others' keys stand with their section's name before them.
    let (section, key) = match section.starts_with("node:") {
        true => key.split_once('.').unwrap_or(("global", key)),
        false => (section, key),
    };
    let found = SECTIONS.iter().find(|known| known.name == section);
    found.and_then(|section| section.key(key)).is_some_and(|key| is_plain(&key.kind))
}

/// Kinds whose values are names, numbers, paths and bare addresses. A kind that is not named here
/// may hold anything.
const fn is_plain(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Role
            | Kind::Producer
            | Kind::NodeName
            | Kind::Peers { .. }
            | Kind::Port
            | Kind::Url
            | Kind::Urls { .. }
            | Kind::Container
            | Kind::DockerHost
            | Kind::Path
            | Kind::Actuator
            | Kind::Promoter
            | Kind::PublicKey
            | Kind::SystemdUnit
            | Kind::Script
            | Kind::Bool
            | Kind::Count { .. }
            | Kind::Time { .. }
            | Kind::Address
            | Kind::KeyPrefix
            | Kind::Levels
            | Kind::Minutes { .. }
            | Kind::Hours { .. }
            | Kind::DayTimes { .. }
            | Kind::TimeZone
            | Kind::Choice(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_names_a_file_is_known_for_what_it_holds() {
        let all = SECTIONS.iter().flat_map(|section| section.keys);
        let files: Vec<_> = all.map(|key| key.name).filter(|key| key.ends_with("_file")).collect();
        assert!(files.len() >= 3, "{files:?}");
        for key in ["secret_file", "password_file", "key_file", "url_file", "routing_key_file"] {
            assert!(names_secret(key), "{key}");
        }
        for name in ["EOSKEEPER_SLACK_URL", "EOSKEEPER_WECOM_KEY", "AWS_SECRET_ACCESS_KEY"] {
            assert!(gives_secret(name), "{name}");
        }
        assert!(!names_secret("log_file") && !gives_secret("EOSKEEPER_NODEOS_VENV"));
        let url = "https://hooks.slack.com/services/T0/B0/xyz".to_owned();
        assert_eq!(with_path(url.clone()), ["/services/T0/B0/xyz".to_owned(), url]);
    }

    #[test]
    fn only_values_that_can_hold_no_secret_stay() {
        let text = "; hunter2 in a comment\n[global]\nrole = A ; hunter2\nproducer_name=us\n\
                    unknown = hunter2\n[lease]\nuser = \"hunter2 #1\" # x\npassword_file = /etc/p\n\
                    [other]\nrole = hunter2\n";
        let (shown, removed) = without_secrets(text);
        assert!(!shown.contains("hunter2"), "{shown}");
        for line in ["role = A", "producer_name = us", "password_file = /etc/p"] {
            assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
        }
        assert_eq!(removed, ["[global] unknown", "[lease] user", "[other] role"]);
        let secrets = secrets(Path::new("/nowhere/config.ini"), text);
        assert!(secrets.iter().any(|secret| secret == "hunter2 #1"), "{secrets:?}");
        assert_eq!(secrets.iter().filter(|secret| *secret == "hunter2").count(), 4, "{secrets:?}");
    }
}
