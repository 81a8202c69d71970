//! What a person writes to the bot.

use std::time::Duration;

use super::answers::Period;

/// Shortest and longest silence.
const SILENCE: std::ops::RangeInclusive<u64> = 60..=7 * 86_400;
/// Longest name of a cause, characters.
const CAUSE_CHARS: usize = 100;

/// A command of the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Status,
    Why,
    Report(Period),
    Incidents,
    /// For how long, and of which cause; of all without one.
    Silence(Duration, Option<String>),
    /// `/silence` without what it needs.
    SilenceUsage,
    Help,
    Unknown,
}

/// The names of the commands, as the menu lists them.
pub(super) const NAMES: [&str; 8] =
    ["status", "why", "hour", "day", "week", "incidents", "silence", "help"];

/// Reads a message: its command, and whom it is addressed to (`/status@NAME`), small letters.
/// `None` where it is no command.
pub(super) fn read(text: &str) -> Option<(Command, Option<String>)> {
    let mut words = text.split_whitespace();
    let first = words.next()?.strip_prefix('/')?.to_lowercase();
    let (name, to) = match first.split_once('@') {
        Some((name, to)) => (name, Some(to.to_owned())),
        None => (first.as_str(), None),
    };
    let command = match name {
        "status" => Command::Status,
        "why" => Command::Why,
        "hour" => Command::Report(Period::Hour),
        "day" => Command::Report(Period::Day),
        "week" => Command::Report(Period::Week),
        "incidents" => Command::Incidents,
        "silence" => silence(words.next(), words.next(), words.next()),
        "help" | "start" => Command::Help,
        _ => Command::Unknown,
    };
    Some((command, to))
}

fn silence(length: Option<&str>, cause: Option<&str>, more: Option<&str>) -> Command {
    let length = length.and_then(seconds).filter(|seconds| SILENCE.contains(seconds));
    match (length, cause, more) {
        (Some(seconds), None, None) => Command::Silence(Duration::from_secs(seconds), None),
        (Some(seconds), Some(cause), None) if is_cause(cause) => {
            Command::Silence(Duration::from_secs(seconds), Some(cause.to_owned()))
        }
        _ => Command::SilenceUsage,
    }
}

/// Seconds of `90s`, `30m`, `2h`, `1d`, or several of them: `1h30m`.
fn seconds(text: &str) -> Option<u64> {
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = match after.bytes().next()? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &after[1..];
    }
    Some(sum)
}

/// A cause's key: `api_down`, `member_offline:tokyo-2`.
fn is_cause(text: &str) -> bool {
    let is_of_key = |b: u8| {
        b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b':' | b'.' | b'-')
    };
    text.len() <= CAUSE_CHARS && text.bytes().all(is_of_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_people_write_them() {
        let silence = |seconds, cause: Option<&str>| {
            Command::Silence(Duration::from_secs(seconds), cause.map(str::to_owned))
        };
        for (text, expected) in [
            ("/status", Some(Command::Status)),
            ("/STATUS", Some(Command::Status)),
            ("/why please", Some(Command::Why)),
            ("/hour", Some(Command::Report(Period::Hour))),
            ("/day", Some(Command::Report(Period::Day))),
            ("/week", Some(Command::Report(Period::Week))),
            ("/incidents", Some(Command::Incidents)),
            ("/start", Some(Command::Help)),
            ("/silence 30m", Some(silence(1_800, None))),
            ("/silence 1h30m api_down", Some(silence(5_400, Some("api_down")))),
            (
                "/silence 60s member_offline:tokyo-2",
                Some(silence(60, Some("member_offline:tokyo-2"))),
            ),
            ("/silence 7d", Some(silence(604_800, None))),
            ("/silence", Some(Command::SilenceUsage)),
            ("/silence 59s", Some(Command::SilenceUsage)),
            ("/silence 8d", Some(Command::SilenceUsage)),
            ("/silence ever", Some(Command::SilenceUsage)),
            ("/silence 30", Some(Command::SilenceUsage)),
            ("/silence 99999999999999999999d", Some(Command::SilenceUsage)),
            ("/silence 30m <b>", Some(Command::SilenceUsage)),
            ("/silence 30m api_down now", Some(Command::SilenceUsage)),
            ("/promote", Some(Command::Unknown)),
            ("/", Some(Command::Unknown)),
            ("status", None),
            ("", None),
        ] {
            assert_eq!(read(text).map(|(command, _)| command), expected, "{text}");
        }
        assert_eq!(read("/why@Keeper_Bot").unwrap().1.as_deref(), Some("keeper_bot"));
    }

    #[test]
    fn the_menu_lists_what_is_read() {
        for name in NAMES {
            let (command, _) = read(&format!("/{name}")).unwrap();
            assert_ne!(command, Command::Unknown, "{name}");
        }
    }
}
