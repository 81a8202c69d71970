//! What a picture is drawn from: rows of the history, or of a file of JSON lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::chart::{Period, Subject};
use crate::core::alarm::message::PictureKind;
use crate::core::sample::{HourSample, PoolSample, Sample};
use crate::core::slots::TurnSlots;
use crate::core::time::Timestamp;
use crate::history::store::{History, ROWS_MAX, Span};

/// Longest line of a file: a sample with all its disks takes some 2 kB.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Most rows of a file: a month of samples every 10 s, and as much again.
const LINES_MAX: usize = 600_000;
/// Most rows read of the history: a week of samples, or more than 400 days of turns.
const HISTORY_ROWS_MAX: usize = 300_000;

/// Rows of every kind, and whose they are.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) subject: Subject,
    pub(super) samples: Vec<Sample>,
    pub(super) hours: Vec<HourSample>,
    pub(super) turns: Vec<TurnSlots>,
    pub(super) pool: Vec<PoolSample>,
    /// Since when the history has rows of the kind asked for, where that was looked up.
    pub(super) since: Option<Timestamp>,
}

/// A line of a file.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Subject(SubjectLine),
    Sample(Box<Sample>),
    Turn(TurnSlots),
    Pool(PoolSample),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectLine {
    node: String,
    producer: String,
    #[serde(default)]
    chain: Option<String>,
}

/// What the rows of a kind are called.
pub(super) const fn words(kind: PictureKind) -> &'static str {
    match kind {
        PictureKind::Lag => "samples",
        PictureKind::Host => "samples of the host",
        PictureKind::Slots | PictureKind::Production => "turns of ours",
        PictureKind::Pool => "samples of the pool",
    }
}

/// What to do when there are none at all.
pub(super) const fn advice(kind: PictureKind) -> &'static str {
    match kind {
        PictureKind::Lag => "a running keeper takes one every 10 s",
        PictureKind::Host => "a running keeper takes one every 10 s, unless [host] says otherwise",
        PictureKind::Slots | PictureKind::Production => {
            "a turn is told once it is irreversible; is the producer in the schedule?"
        }
        PictureKind::Pool => "with [pool] a running keeper takes one at each answer; doc/pool.md",
    }
}

impl Rows {
    /// The times of the rows a kind is drawn from.
    fn times(&self, kind: PictureKind) -> Box<dyn Iterator<Item = Timestamp> + '_> {
        let hours = self.hours.iter().map(|hour| hour.at);
        match kind {
            PictureKind::Lag => Box::new(self.samples.iter().map(|row| row.at).chain(hours)),
            PictureKind::Host => {
                let rows = self.samples.iter().filter(|row| row.host.is_some());
                Box::new(rows.map(|row| row.at).chain(hours))
            }
            PictureKind::Slots | PictureKind::Production => {
                Box::new(self.turns.iter().map(|row| row.start))
            }
            PictureKind::Pool => {
                let hours = self.hours.iter().filter(|hour| hour.pool.is_some());
                Box::new(self.pool.iter().map(|row| row.at).chain(hours.map(|hour| hour.at)))
            }
        }
    }

    /// Whether there is anything to draw in a period.
    pub(super) fn has_any(&self, kind: PictureKind, period: Period) -> bool {
        self.times(kind).any(|at| period.holds(at))
    }

    /// The first and the last row that was read.
    pub(super) fn ends(&self, kind: PictureKind) -> Option<(Timestamp, Timestamp)> {
        self.times(kind).fold(None, |ends, at| match ends {
            None => Some((at, at)),
            Some((first, last)) => Some((at.min(first), at.max(last))),
        })
    }

    /// How often rows come: the pool's as they do, samples every 10 s.
    pub(super) fn every_ms(&self, kind: PictureKind) -> i64 {
        const SAMPLE_MS: i64 = 10_000;
        if kind != PictureKind::Pool {
            return SAMPLE_MS;
        }
        let mut apart: Vec<i64> =
            self.pool.windows(2).map(|pair| pair[1].at.since_ms(pair[0].at).abs()).collect();
        apart.sort_unstable();
        apart.get(apart.len() / 2).copied().unwrap_or(SAMPLE_MS).max(SAMPLE_MS)
    }

    /// Reads a file of JSON lines; `-` is standard input.
    pub(super) fn read_lines(&mut self, file: &Path) -> anyhow::Result<()> {
        let name = file.display();
        let reader: Box<dyn Read> = if file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(file).with_context(|| format!("{name} cannot be read"))?)
        };
        self.read_from(BufReader::new(reader)).with_context(|| format!("{name} cannot be used"))
    }

    fn read_from(&mut self, mut reader: impl BufRead) -> anyhow::Result<()> {
        let mut line = String::new();
        for number in 1.. {
            line.clear();
            let bytes = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)?;
            if bytes == 0 {
                break;
            }
            if number > LINES_MAX {
                bail!("it has more than {LINES_MAX} lines; cut it into parts");
            }
            if bytes as u64 == LINE_BYTES_MAX {
                bail!("line {number} has more than {LINE_BYTES_MAX} bytes");
            }
            if line.trim().is_empty() {
                continue;
            }
            let row = serde_json::from_str(&line).with_context(|| {
                format!(
                    "line {number} is no row: one looks like {{\"sample\": {{…}}}}, \
                     {{\"turn\": {{…}}}}, {{\"pool\": {{…}}}} or {{\"subject\": {{…}}}}"
                )
            })?;
            self.take(row);
        }
        Ok(())
    }

    fn take(&mut self, row: Line) {
        match row {
            Line::Subject(SubjectLine { node, producer, chain }) => {
                self.subject = Subject { node, producer, chain };
            }
            Line::Sample(sample) => self.samples.push(*sample),
            Line::Turn(turn) => self.turns.push(turn),
            Line::Pool(sample) => self.pool.push(sample),
        }
    }

    /// Reads what a kind needs from the history of a state directory.
    pub(super) fn read_history(
        &mut self,
        dir: &Path,
        kind: PictureKind,
        period: Period,
    ) -> anyhow::Result<()> {
        let history = History::open(dir)?.with_context(|| {
            format!("no history in {} yet: no keeper has run with this file; `eoskeeper run` starts one",
                dir.display())
        })?;
        let past = history.past();
        // Both edges are of a picture, the end of a span is not.
        let span = (period.from, period.to.plus_ms(1));
        let all = (Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX));
        match kind {
            PictureKind::Lag | PictureKind::Host => {
                self.samples = pages(span, |s| past.samples(s, ROWS_MAX), |row| row.at)?;
                self.hours = pages(span, |s| past.hours(s, ROWS_MAX), |row| row.at)?;
                if !self.has_any(kind, period) {
                    let hour = past.hours(all, 1)?.first().map(|hour| hour.at);
                    self.since = hour.or(past.oldest_sample()?);
                }
            }
            PictureKind::Slots | PictureKind::Production => {
                let turns = pages(span, |s| past.turns(s, ROWS_MAX), |row| row.start)?;
                self.turns = turns.iter().filter_map(TurnSlots::of).collect();
                if self.turns.is_empty() {
                    self.since = past.turns(all, 1)?.first().map(|turn| turn.start);
                }
            }
            PictureKind::Pool => {
                self.pool = pages(span, |s| past.pool(s, ROWS_MAX), |row| row.at)?;
                self.hours = pages(span, |s| past.hours(s, ROWS_MAX), |row| row.at)?;
                if !self.has_any(kind, period) {
                    let hours = past.hours(all, ROWS_MAX)?;
                    let hour = hours.iter().find(|hour| hour.pool.is_some()).map(|hour| hour.at);
                    let answer = past.pool(all, 1)?.first().map(|answer| answer.at);
                    self.since = hour.or(answer);
                }
            }
        }
        Ok(())
    }
}

/// All rows of a span, page by page: while one is read the keeper waits.
fn pages<T, E: std::error::Error + Send + Sync + 'static>(
    (since, until): Span,
    read: impl Fn(Span) -> Result<Vec<T>, E>,
    at: impl Fn(&T) -> Timestamp,
) -> anyhow::Result<Vec<T>> {
    let (mut rows, mut from) = (Vec::new(), since);
    loop {
        let page = read((from, until))?;
        let next = page.last().map(|last| at(last).plus_ms(1));
        let is_full = page.len() == ROWS_MAX as usize;
        rows.extend(page);
        match next.filter(|_| is_full && rows.len() < HISTORY_ROWS_MAX) {
            Some(next) => from = next,
            None => return Ok(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Rows> {
        let mut rows = Rows::default();
        rows.read_from(text.as_bytes()).map(|()| rows)
    }

    #[test]
    fn a_file_holds_rows_of_every_kind() {
        let rows = read(concat!(
            "{\"subject\": {\"node\": \"tokyo-1\", \"producer\": \"eosstorebest\"}}\n\n",
            "{\"pool\": {\"at\": \"2026-11-21T02:48:00\", \"online\": 3, \"offline\": 1, ",
            "\"hashrate\": 12, \"floor\": null}}\n",
            "{\"turn\": {\"start\": \"2026-11-21T02:48:00\", \"slots\": [\"final\", \"final\", ",
            "\"final\", \"final\", \"final\", \"final\", \"final\", \"final\", \"final\", ",
            "\"late\", \"missed\", \"forked_off\"], \"cause\": null}}",
        ))
        .unwrap();
        assert_eq!(rows.subject.producer, "eosstorebest");
        assert_eq!((rows.pool.len(), rows.turns[0].met()), (1, (10, 12)));
        let at = "2026-11-21T02:48:00".parse().unwrap();
        assert_eq!(rows.ends(PictureKind::Pool), Some((at, at)));
        assert!(!rows.has_any(PictureKind::Lag, Period::before(at, 1000)));
    }

    #[test]
    fn a_line_that_is_no_row_is_told_by_its_number() {
        for (text, said) in [
            ("\n{\"sampel\": {}}", "line 2 is no row"),
            ("{\"turn\": {\"start\": \"2026-11-21T02:48:00\", \"slots\": []}}", "line 1 is no row"),
            ("not json", "{\"sample\": {…}}"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        let long = format!("\n{}", " ".repeat(70_000));
        let error = read(&long).unwrap_err().to_string();
        assert!(error.contains("line 2 has more than"), "{error}");
    }
}
