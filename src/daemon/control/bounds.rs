//! What an order must keep to, whoever sends it.

use std::ops::RangeInclusive;

use crate::core::alarm::silence::SILENCE_MS_MAX;
use crate::core::command::Command;

/// How long maintenance may last, milliseconds: a minute to 7 days. It always ends by itself.
pub const MAINTENANCE_MS: RangeInclusive<u64> = 60_000..=7 * 86_400_000;
/// Longest reason, characters.
pub const REASON_CHARS: usize = 200;
/// Longest name of a cause with its subject, characters.
pub const CAUSE_CHARS: usize = 100;
/// Longest name of a node, characters.
pub const NODE_CHARS: usize = 32;

/// What is wrong with an order, one sentence; the keeper never sees it then.
///
/// # Errors
/// The sentence.
pub fn check(command: &Command) -> Result<(), String> {
    match command {
        Command::Switchover { to, .. } => check_node(to),
        Command::Maintenance { for_ms, reason, .. } => {
            check_maintenance(*for_ms)?;
            check_reason(reason)
        }
        Command::Promote { .. }
        | Command::Demote { .. }
        | Command::Failback { .. }
        | Command::EndMaintenance
        | Command::Reload
        | Command::Rearm
        | Command::EndSilence { cause: None } => Ok(()),
        Command::EndSilence { cause: Some(cause) } => check_cause(cause),
        Command::Silence { for_ms, cause, by, reason } => {
            check_silence(*for_ms)?;
            cause.as_deref().map_or(Ok(()), check_cause)?;
            by.as_deref().map_or(Ok(()), check_note)?;
            check_note(reason)
        }
    }
}

/// Whether a text can be the name of a node.
///
/// # Errors
/// A sentence that says what a name is.
pub fn check_node(name: &str) -> Result<(), String> {
    let is_of_a_name =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    if (1..=NODE_CHARS).contains(&name.len()) && name.bytes().all(is_of_a_name) {
        return Ok(());
    }
    Err(format!("A node's name is 1 to {NODE_CHARS} characters of a-z, 0-9, dot and hyphen."))
}

/// Whether maintenance may last so long.
///
/// # Errors
/// A sentence with the bounds.
pub fn check_maintenance(for_ms: u64) -> Result<(), String> {
    if MAINTENANCE_MS.contains(&for_ms) {
        return Ok(());
    }
    Err("Maintenance lasts from 1 minute to 7 days.".to_owned())
}

/// Whether a text can be a reason: it stands in alarms, logs and on terminals.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_reason(reason: &str) -> Result<(), String> {
    let chars = reason.chars().count();
    if reason.trim().is_empty() {
        return Err("A reason is wanted: who reads the alarms must know why.".to_owned());
    }
    if chars > REASON_CHARS {
        return Err(format!("A reason has at most {REASON_CHARS} characters; this has {chars}."));
    }
    if reason.chars().any(char::is_control) {
        return Err("A reason has no control characters and is one line.".to_owned());
    }
    Ok(())
}

/// Whether a silence may last so long.
///
/// # Errors
/// A sentence with the bounds.
pub fn check_silence(for_ms: u64) -> Result<(), String> {
    if (60_000..=SILENCE_MS_MAX).contains(&for_ms) {
        return Ok(());
    }
    Err("A silence lasts from 1 minute to 30 days.".to_owned())
}

/// Whether a text can name a cause, such as `api_down` or `member_offline:tokyo-2`.
///
/// # Errors
/// A sentence that says what a cause is.
pub fn check_cause(cause: &str) -> Result<(), String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:-/".contains(&b);
    if (1..=CAUSE_CHARS).contains(&cause.len()) && cause.bytes().all(is_plain) {
        return Ok(());
    }
    Err("A cause is named as in an alarm, for example api_down or member_offline:tokyo-2."
        .to_owned())
}

/// Whether a text can stand in an alarm as one line; it may be empty.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_note(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { check_reason(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_out_of_bounds_are_named() {
        let maintenance = |for_ms, reason: &str| Command::Maintenance {
            for_ms,
            reason: reason.to_owned(),
            force: false,
        };
        let silence = |for_ms, cause: Option<&str>| Command::Silence {
            for_ms,
            cause: cause.map(str::to_owned),
            by: None,
            reason: String::new(),
        };
        let to = |to: &str| Command::Switchover { to: to.to_owned(), force: false, dry_run: true };
        for (name, command, expected) in [
            ("an hour", maintenance(3_600_000, "new disk"), None),
            ("shortest", maintenance(60_000, "x"), None),
            ("longest", maintenance(604_800_000, &"é".repeat(200)), None),
            ("too short", maintenance(59_999, "x"), Some("1 minute to 7 days")),
            ("too long", maintenance(604_800_001, "x"), Some("1 minute to 7 days")),
            ("no reason", maintenance(60_000, " "), Some("reason is wanted")),
            ("long reason", maintenance(60_000, &"é".repeat(201)), Some("this has 201")),
            ("two lines", maintenance(60_000, "a\nb"), Some("no control characters")),
            ("an escape", maintenance(60_000, "a\u{9b}2J"), Some("no control characters")),
            ("a name", to("node-b.2"), None),
            ("no name", to(""), Some("1 to 32 characters")),
            ("a long name", to(&"b".repeat(33)), Some("1 to 32 characters")),
            ("a capital", to("B"), Some("1 to 32 characters")),
            ("rearm", Command::Rearm, None),
            ("a silence of an hour", silence(3_600_000, Some("api_down")), None),
            ("a silence for ever", silence(u64::MAX, None), Some("A silence lasts")),
            ("a cause with a blank", silence(60_000, Some("api down")), Some("A cause is named")),
            (
                "the end of no cause",
                Command::EndSilence { cause: Some(String::new()) },
                Some("A cause is named"),
            ),
        ] {
            let said = check(&command).err();
            let is_as_expected = match (&said, expected) {
                (None, None) => true,
                (Some(said), Some(words)) => said.contains(words),
                _ => false,
            };
            assert!(is_as_expected, "{name}: {said:?}");
        }
    }
}
