//! `--since` and `--until`: an age or a time.

use crate::clock::Clock;
use crate::core::time::Timestamp;

/// One end of a part of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// So many milliseconds ago.
    Ago(i64),
    /// At this time.
    At(Timestamp),
}

impl Moment {
    /// The time that is meant.
    pub(super) fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ms) => now.plus_ms(-ms),
            Self::At(time) => time,
        }
    }
}

/// This moment.
pub(super) fn now() -> Timestamp {
    Clock::start().now().wall
}

/// Reads `90s`, `30m`, `24h`, `7d`, or a time (UTC) such as `2026-11-21T02:50`.
pub(super) fn parse(text: &str) -> Result<Moment, String> {
    let wrong = "an age looks like 90s, 30m, 24h or 7d, a time like 2026-11-21T02:50 (UTC)";
    let Some((digits, unit)) = text.char_indices().last().map(|(at, unit)| (&text[..at], unit))
    else {
        return Err(wrong.to_owned());
    };
    let unit_ms = match unit {
        's' => 1000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return super::replay::parse_time(text).map(Moment::At).map_err(|_| wrong.to_owned()),
    };
    let count = digits.parse::<u32>().map_err(|_| wrong.to_owned())?;
    Ok(Moment::Ago(i64::from(count) * unit_ms))
}

/// Opens the history that a configuration names.
pub(super) fn open(
    config: &crate::config::Config,
) -> anyhow::Result<crate::history::store::History> {
    use anyhow::Context;
    let dir = config.state_dir.display();
    crate::history::store::History::open(&config.state_dir)?.with_context(|| {
        format!(
            "no history in {dir} yet: no keeper has run with this file; `eoskeeper run` starts one"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_or_a_time_says_where_to_begin() {
        let at = |ms| Moment::At(Timestamp::from_ms(ms));
        for (text, expected) in [
            ("90s", Moment::Ago(90_000)),
            ("30m", Moment::Ago(1_800_000)),
            ("24h", Moment::Ago(86_400_000)),
            ("400d", Moment::Ago(34_560_000_000)),
            ("4294967295d", Moment::Ago(371_085_174_288_000_000)),
            ("2026-11-21T02:48:37.098", at(1_795_229_317_098)),
            ("2026-11-21T02:48", at(1_795_229_280_000)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for bad in
            ["", "h", "24", "-1h", "1.5h", "24 h", "24hours", "4294967296d", "yesterday", "ü"]
        {
            let error = parse(bad).unwrap_err();
            assert!(error.starts_with("an age looks like"), "{bad}: {error}");
        }
    }
}
