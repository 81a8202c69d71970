//! `--since` and `--until`: an age or a time.

use crate::clock::Clock;
use crate::config::Config;
use crate::core::time::Timestamp;
use crate::daemon::OUTBOX;
use crate::history::record::Notification;
use crate::history::store::{History, Span};

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
pub(super) fn open(config: &Config) -> anyhow::Result<History> {
    use anyhow::Context;
    let dir = config.state_dir.display();
    History::open(&config.state_dir)?.with_context(|| {
        format!(
            "no history in {dir} yet: no keeper has run with this file; `eoskeeper run` starts one"
        )
    })
}

/// The histories of nodes with their names; of those that have none yet nothing, unless no node has
/// one.
pub(super) fn open_each(nodes: &[Config]) -> anyhow::Result<Vec<(String, History)>> {
    if let [one] = nodes {
        return Ok(vec![(one.section.clone().unwrap_or_default(), open(one)?)]);
    }
    let mut found = Vec::new();
    for node in nodes {
        if let Some(history) = History::open(&node.state_dir)? {
            found.push((node.section.clone().unwrap_or_default(), history));
        }
    }
    if found.is_empty() {
        // The first says what is the matter.
        nodes.first().map(open).transpose()?;
    }
    Ok(found)
}

/// What was sent about an incident: of a file with sections of nodes it is with what they share.
pub(super) fn sent_about(
    nodes: &[Config],
    own: &History,
    incident: &str,
) -> anyhow::Result<Vec<Notification>> {
    let all = (Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX));
    let mut sent = own.past().notifications(all, Some(incident), 1_000)?;
    if let Some(shared) = open_shared(nodes)? {
        sent.extend(shared.past().notifications(all, Some(incident), 1_000)?);
    }
    Ok(sent)
}

/// What was sent for all nodes together.
pub(super) fn sent(nodes: &[Config], span: Span, count: u32) -> anyhow::Result<Vec<Notification>> {
    match open_shared(nodes)? {
        Some(shared) => Ok(shared.past().notifications(span, None, count)?),
        None => Ok(Vec::new()),
    }
}

fn open_shared(nodes: &[Config]) -> anyhow::Result<Option<History>> {
    match nodes.first().filter(|node| node.section.is_some()) {
        Some(node) => Ok(History::open(&node.shared_dir.join(OUTBOX))?),
        None => Ok(None),
    }
}

/// The name of the node before each line, where there are several.
pub(super) struct Column {
    width: Option<usize>,
}

impl Column {
    pub(super) fn of(nodes: &[Config]) -> Self {
        let names = nodes.iter().filter_map(|node| node.section.as_deref());
        let width = names.map(str::len).max().filter(|_| nodes.len() > 1);
        Self { width }
    }

    /// A line with the name before it.
    pub(super) fn line(&self, name: &str, line: &str) -> String {
        match self.width {
            Some(width) => format!("{name:<width$}  {line}"),
            None => line.to_owned(),
        }
    }

    /// An object with the name in it.
    pub(super) fn json(&self, name: &str, mut value: serde_json::Value) -> serde_json::Value {
        if self.width.is_some() {
            value["node"] = name.into();
        }
        value
    }
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
