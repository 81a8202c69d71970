//! From rows to what can be drawn: lines in few points, and the holes between them.

use super::{Data, Period};
use crate::core::sample::{HOUR_MS, HourSample};
use crate::core::time::Timestamp;

/// How often rows of the history come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// From one row to the next, milliseconds.
    pub every_ms: i64,
    /// Before this there are points of hours.
    hours_before: Timestamp,
}

/// An hour is drawn as two points, half of it apart.
const HALF_HOUR_MS: i64 = HOUR_MS / 2;

impl Default for Cadence {
    /// Every 10 s, as samples are taken.
    fn default() -> Self {
        Self::every(10_000)
    }
}

impl Cadence {
    /// A row every `ms` milliseconds.
    #[must_use]
    pub const fn every(ms: i64) -> Self {
        Self { every_ms: ms, hours_before: Timestamp::from_ms(i64::MIN) }
    }

    /// The same, where hours stand for the samples of before.
    pub(super) fn with_hours(self, hours: &[&HourSample]) -> Self {
        let end = hours.last().map(|hour| hour.at.plus_ms(HOUR_MS));
        Self { hours_before: end.unwrap_or(self.hours_before), ..self }
    }

    /// How long a row stands for what follows, milliseconds.
    fn step_ms(self, at: Timestamp) -> i64 {
        if at < self.hours_before { HALF_HOUR_MS } else { self.every_ms }.max(1)
    }

    /// Until when a row speaks, when the next comes then: to the next, unless that is so far away
    /// that rows are missing between. One row may come late or be lost without a gap.
    fn speaks_until(self, at: Timestamp, next: Timestamp) -> Timestamp {
        let step_ms = self.step_ms(at);
        if next.since_ms(at) > step_ms.saturating_mul(5) / 2 { at.plus_ms(step_ms) } else { next }
    }
}

/// Why nothing is drawn at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    /// There is no row, or it holds nothing of the kind.
    NoData,
    /// The node did not answer.
    Silent,
    /// No reference answered.
    Alone,
}

/// A stretch of time, and what is the matter with it: a hole, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) hole: Option<Hole>,
}

/// The rows of the period, by time. A clock that went back leaves rows of two runs side by side.
pub(super) fn of_period<T>(rows: &[T], period: Period, at: impl Fn(&T) -> Timestamp) -> Vec<&T> {
    let mut found: Vec<&T> = rows.iter().filter(|row| period.holds(at(row))).collect();
    // Stable: rows of one moment stay in the order they were written.
    found.sort_by_key(|row| at(row));
    found
}

/// The hours of the period that are not told by samples.
pub(super) fn hours<'d>(data: &Data<'d>) -> Vec<&'d HourSample> {
    let first = data.samples.iter().map(|sample| sample.at).min();
    let mut hours = of_period(data.hours, data.period, |hour| hour.at);
    hours.retain(|hour| first.is_none_or(|first| hour.at < first));
    hours
}

/// The moments at which the two points of an hour stand.
pub(super) fn halves(hour: &HourSample) -> [Timestamp; 2] {
    [hour.at, hour.at.plus_ms(HALF_HOUR_MS)]
}

/// Cuts the period into stretches without and with a hole; neighbours of one kind are one.
pub(super) fn stretches(
    rows: impl Iterator<Item = (Timestamp, Option<Hole>)>,
    period: Period,
    cadence: Cadence,
) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut push = |from: Timestamp, to: Timestamp, hole| match found.last_mut() {
        _ if to <= from => {}
        Some(last) if last.hole == hole && last.to >= from => last.to = to,
        _ => found.push(Stretch { from, to, hole }),
    };
    let mut before: Option<(Timestamp, Option<Hole>)> = None;
    for (at, hole) in rows {
        match before {
            Some((since, hole)) => {
                let end = cadence.speaks_until(since, at);
                push(since, end, hole);
                push(end, at, Some(Hole::NoData));
            }
            // What a row says held a moment before it, too: no gap where a period just begins.
            None if at.since_ms(period.from) <= cadence.step_ms(at) * 5 / 2 => {
                push(period.from, at, hole);
            }
            None => push(period.from, at, Some(Hole::NoData)),
        }
        before = Some((at, hole));
    }
    match before {
        Some((since, hole)) => {
            let end = cadence.speaks_until(since, period.to);
            push(since, end, hole);
            push(end, period.to, Some(Hole::NoData));
        }
        None => push(period.from, period.to, Some(Hole::NoData)),
    }
    found
}

/// Milliseconds with such a hole.
pub(super) fn hole_ms(stretches: &[Stretch], hole: Hole) -> u64 {
    let such = stretches.iter().filter(|stretch| stretch.hole == Some(hole));
    such.map(|stretch| stretch.to.since_ms(stretch.from).unsigned_abs()).sum()
}

/// The points of a line, cut where rows are missing or hold no value, and thinned: of the values in
/// one column of pixels the first, the least, the greatest and the last stay.
pub(super) fn runs(
    points: impl Iterator<Item = (Timestamp, Option<f64>)>,
    cadence: Cadence,
    column: impl Fn(Timestamp) -> i32,
) -> Vec<Vec<(Timestamp, f64)>> {
    let mut runs: Vec<Vec<(Timestamp, f64)>> = Vec::new();
    let mut held: Option<Column> = None;
    let mut is_cut = true;
    let mut before: Option<Timestamp> = None;
    for (at, value) in points {
        is_cut |= before.is_some_and(|since| cadence.speaks_until(since, at) < at);
        before = Some(at);
        let Some(value) = value.filter(|value| value.is_finite()) else {
            is_cut = true;
            continue;
        };
        let x = column(at);
        match &mut held {
            Some(held) if held.x == x => held.add(at, value),
            _ => {
                if let Some(full) = held.take() {
                    full.put(&mut runs);
                }
                held = Some(Column::new(x, is_cut, at, value));
            }
        }
        is_cut = false;
    }
    if let Some(last) = held {
        last.put(&mut runs);
    }
    runs
}

/// What falls into one column of pixels.
struct Column {
    x: i32,
    /// Whether the line begins anew with it.
    is_cut: bool,
    first: (Timestamp, f64),
    least: (Timestamp, f64),
    greatest: (Timestamp, f64),
    last: (Timestamp, f64),
}

impl Column {
    fn new(x: i32, is_cut: bool, at: Timestamp, value: f64) -> Self {
        let point = (at, value);
        Self { x, is_cut, first: point, least: point, greatest: point, last: point }
    }

    fn add(&mut self, at: Timestamp, value: f64) {
        let point = (at, value);
        if value < self.least.1 {
            self.least = point;
        }
        if value > self.greatest.1 {
            self.greatest = point;
        }
        self.last = point;
    }

    fn put(self, runs: &mut Vec<Vec<(Timestamp, f64)>>) {
        let (early, late) = if self.least.0 <= self.greatest.0 {
            (self.least, self.greatest)
        } else {
            (self.greatest, self.least)
        };
        let mut points = vec![self.first, early, late, self.last];
        points.dedup();
        match runs.last_mut() {
            Some(run) if !self.is_cut => run.extend(points),
            _ => runs.push(points),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(seconds * 1000)
    }

    fn period(seconds: i64) -> Period {
        Period { from: at(0), to: at(seconds) }
    }

    #[test]
    fn a_stretch_without_rows_is_a_hole() {
        let rows = [(0, None), (10, None), (20, Some(Hole::Silent)), (30, None), (100, None)];
        let rows = rows.iter().map(|(s, hole)| (at(*s), *hole));
        let found = stretches(rows, period(110), Cadence::default());
        let told: Vec<_> =
            found.iter().map(|s| (s.from.ms() / 1000, s.to.ms() / 1000, s.hole)).collect();
        assert_eq!(
            told,
            [
                (0, 20, None),
                (20, 30, Some(Hole::Silent)),
                (30, 40, None),
                (40, 100, Some(Hole::NoData)),
                (100, 110, None),
            ]
        );
        assert_eq!(hole_ms(&found, Hole::NoData), 60_000);
        let empty = stretches(std::iter::empty(), period(60), Cadence::default());
        assert_eq!(hole_ms(&empty, Hole::NoData), 60_000);
    }

    #[test]
    fn thinned_rows_an_hour_apart_are_no_holes() {
        let hours: Vec<_> =
            (0..8).map(|n| HourSample { at: at(n * 3600), ..HourSample::default() }).collect();
        let hours: Vec<_> = hours.iter().collect();
        let cadence = Cadence::default().with_hours(&hours);
        let times = || hours.iter().flat_map(|hour| halves(hour));
        let found = stretches(times().map(|at| (at, None)), period(8 * 3600), cadence);
        assert_eq!(hole_ms(&found, Hole::NoData), 0);
        let points = times().map(|at| (at, Some(1.0)));
        assert_eq!(runs(points, cadence, |at| (at.ms() / 60_000) as i32).len(), 1);
    }

    #[test]
    fn a_line_is_cut_at_a_gap_and_at_a_row_without_a_value() {
        let points =
            [(0, Some(1.0)), (10, Some(2.0)), (20, None), (30, Some(3.0)), (90, Some(4.0))];
        let points = points.iter().map(|(s, value)| (at(*s), *value));
        let found = runs(points, Cadence::default(), |at| (at.ms() / 1000) as i32);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
    }

    #[test]
    fn a_column_of_pixels_keeps_its_extremes() {
        let points = (0..6_000).map(|n| {
            let value = if n == 3_333 { 900.0 } else { f64::from(n % 7) };
            (at(i64::from(n) * 10), Some(value))
        });
        let found = runs(points, Cadence::default(), |at| (at.ms() / 600_000) as i32);
        assert_eq!(found.len(), 1);
        assert!(found[0].len() <= 400, "{}", found[0].len());
        assert!(found[0].iter().any(|(_, value)| *value == 900.0));
        assert!(found[0].is_sorted_by_key(|(at, _)| *at));
        let odd = [(at(0), Some(f64::NAN)), (at(10), Some(f64::INFINITY))];
        assert!(runs(odd.into_iter(), Cadence::default(), |_| 0).is_empty());
    }

    #[test]
    fn rows_are_put_in_order_when_the_clock_went_back() {
        let rows = [at(50), at(60), at(20), at(30), at(700)];
        let found = of_period(&rows, period(100), |at| *at);
        assert_eq!(found, [&at(20), &at(30), &at(50), &at(60)]);
    }
}
