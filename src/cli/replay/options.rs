//! What `eoskeeper replay` is told.

use std::path::PathBuf;

use crate::core::name::Name;
use crate::core::schedule::PRODUCERS_MAX;
use crate::core::settings::Role;
use crate::core::time::Timestamp;

/// Arguments of a replay.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration; `None` looks in the usual places.
    pub config: Option<PathBuf>,
    /// NAME of a `[node:NAME]`, where the configuration has several nodes.
    pub node: Option<String>,
    /// The parts of one node's log, oldest first, plain or gzip; `-` is standard input.
    pub logs: Vec<PathBuf>,
    /// One JSON object a line instead of text.
    pub json: bool,
    /// The producers of the schedule that is active at the start, in order.
    pub schedule: Option<Vec<Name>>,
    /// Another role than the configuration's.
    pub role: Option<Role>,
    /// Lines before this time are passed over.
    pub from: Option<Timestamp>,
    /// Lines after this time are passed over.
    pub to: Option<Timestamp>,
    /// Whether a person may be told on a terminal how far it is.
    pub has_progress: bool,
}

/// Reads `--schedule`: names separated by commas.
///
/// # Errors
/// What is wrong with it, one sentence.
pub fn parse_schedule(text: &str) -> Result<Vec<Name>, String> {
    let mut names = Vec::new();
    for part in text.split(',').map(str::trim) {
        let name: Name = part.parse().map_err(|error| format!("{part:?}: {error}"))?;
        if names.contains(&name) {
            return Err(format!("{name} is named twice; a schedule has each producer once"));
        }
        names.push(name);
    }
    if names.len() > PRODUCERS_MAX {
        return Err(format!("{} names; a schedule has at most {PRODUCERS_MAX}", names.len()));
    }
    Ok(names)
}

/// Reads `--role`: A, B, C or F.
///
/// # Errors
/// What is allowed, one sentence.
pub fn parse_role(text: &str) -> Result<Role, String> {
    let roles = [Role::Active, Role::FirstStandby, Role::SecondStandby, Role::Observer];
    roles
        .into_iter()
        .find(|role| text.eq_ignore_ascii_case(role.letter().encode_utf8(&mut [0; 4])))
        .ok_or_else(|| "a role is A (active), B, C (standbys) or F (observer)".to_owned())
}

/// Reads `--from` and `--to`: `2026-11-21T02:48`, with seconds or without, UTC.
///
/// # Errors
/// What is allowed, one sentence.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse().or_else(|_| format!("{text}:00").parse()).map_err(|_| {
        "a time looks like 2026-11-21T02:48 or 2026-11-21T02:48:37.098, UTC".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_or_refused_with_what_is_allowed() {
        assert_eq!(parse_schedule("a, b,c").map(|names| names.len()), Ok(3));
        assert!(parse_schedule("a,,c").is_err_and(|why| why.contains("at least one character")));
        assert!(parse_schedule("a,b,a").is_err_and(|why| why.contains("twice")));
        assert_eq!(parse_role("b"), Ok(Role::FirstStandby));
        assert!(parse_role("D").is_err_and(|why| why.contains("A (active)")));
        for text in ["2026-11-21T02:48", "2026-11-21T02:48:00", "2026-11-21T02:48:00.000Z"] {
            assert_eq!(
                parse_time(text).map(|time| time.to_string()),
                Ok("2026-11-21T02:48:00.000".to_owned())
            );
        }
        assert!(parse_time("yesterday").is_err_and(|why| why.contains("looks like")));
    }
}
