//! From one value a second to what is sent: statistics by the minute, kept while AWS is away.
//!
//! Pure: time is an argument. A statistic set holds all CloudWatch shows of a minute but the
//! percentiles, and sets of one minute add up there, so that a minute may be sent in parts.
//!
//! The metrics of incidents are not sampled. They are one value for each minute, the one at its
//! end, because the alarms look at the maximum: with sampled values an incident that ended at a
//! minute's 30th second would put its alarm back into ALARM.

use std::collections::BTreeMap;

use super::metric::{Metric, Values};
use super::standing::Counts;
use super::{Resolution, Selection};
use crate::core::time::Timestamp;

/// Data older than this is given up, milliseconds: two hours. CloudWatch takes two weeks, but what
/// is late interests nobody, and the memory is bounded: 120 minutes are less than 100 KiB, with
/// [`Resolution::Second`] less than 6 MiB.
pub const KEPT_MS: i64 = 2 * 60 * MINUTE_MS;
/// Most data of one request. CloudWatch takes 1,000 and 1 MB; with the longest names a datum is
/// 950 bytes before it is compressed, so that the bytes are the tighter bound.
pub const DATA_MAX: usize = 500;
/// Two samples closer together are one: after an urgent event the keeper judges at once, and again
/// on the second.
const APART_MS: i64 = 500;

const MINUTE_MS: i64 = 60_000;
const SECOND_MS: i64 = 1_000;

/// What CloudWatch calls a statistic set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistic {
    /// How many samples.
    pub count: u32,
    /// Their sum.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Statistic {
    /// Of one sample.
    #[must_use]
    pub const fn of(value: f64) -> Self {
        Self { count: 1, sum: value, min: value, max: value }
    }

    /// Of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            sum: self.sum + other.sum,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// One datum of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datum {
    /// Of which metric.
    pub metric: Metric,
    /// Beginning of its minute or second.
    pub at: Timestamp,
    /// How finely it is to be kept.
    pub resolution: Resolution,
    /// The samples.
    pub statistic: Statistic,
}

/// What one request carries. It is given back where the request fails.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<Key, Slots>);

/// Beginning, and whether it is a second rather than a minute.
type Key = (Timestamp, bool);
type Slots = BTreeMap<Metric, Statistic>;

impl Batch {
    /// Its data, oldest first.
    pub fn data(&self) -> impl Iterator<Item = Datum> {
        self.0.iter().flat_map(|(&(at, is_second), slots)| {
            let resolution = if is_second { Resolution::Second } else { Resolution::Minute };
            slots.iter().map(move |(&metric, &statistic)| Datum {
                metric,
                at,
                resolution,
                statistic,
            })
        })
    }

    /// How many data.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Collects samples, and keeps what was not sent.
#[derive(Clone, Debug)]
pub struct Aggregator {
    resolution: Resolution,
    selection: Selection,
    sampled: Option<Timestamp>,
    /// The minute that runs.
    minute: Option<Minute>,
    /// What is to be sent.
    waiting: BTreeMap<Key, Slots>,
    dropped: u64,
}

#[derive(Clone, Debug)]
struct Minute {
    begin: Timestamp,
    slots: Slots,
    seconds: BTreeMap<Timestamp, Slots>,
    standing: Option<Counts>,
}

impl Aggregator {
    /// An empty one.
    #[must_use]
    pub const fn new(resolution: Resolution, selection: Selection) -> Self {
        Self {
            resolution,
            selection,
            sampled: None,
            minute: None,
            waiting: BTreeMap::new(),
            dropped: 0,
        }
    }

    /// Takes one sample; `standing` are the incidents people were told of, where that is known.
    pub fn observe(&mut self, at: Timestamp, values: &Values, standing: Option<Counts>) {
        let begin = floor(at, MINUTE_MS);
        if self.minute.as_ref().is_none_or(|minute| minute.begin != begin) {
            self.end_minute();
            let (slots, seconds) = (Slots::new(), BTreeMap::new());
            self.minute = Some(Minute { begin, slots, seconds, standing: None });
        }
        let Some(minute) = &mut self.minute else { return };
        minute.standing = standing.or(minute.standing);
        // A clock that went back is no reason to wait until it has caught up.
        if self.sampled.is_some_and(|before| (0..APART_MS).contains(&at.since_ms(before))) {
            return;
        }
        self.sampled = Some(at);
        for (metric, value) in Metric::ALL.into_iter().zip(values) {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            if !metric.is_in(self.selection) {
                continue;
            }
            let slots = match self.resolution {
                Resolution::Second if !metric.has_alarm() => {
                    minute.seconds.entry(floor(at, SECOND_MS)).or_default()
                }
                _ => &mut minute.slots,
            };
            add(slots, metric, Statistic::of(value));
        }
    }

    /// Makes what was sampled until `now` ready to be sent, although its minute may not be over.
    pub fn flush(&mut self, now: Timestamp) {
        let is_over = |minute: &Minute| minute.begin < floor(now, MINUTE_MS);
        if self.minute.as_ref().is_some_and(is_over) {
            self.end_minute();
        }
        self.flush_minute();
    }

    fn flush_minute(&mut self) {
        let Some(minute) = &mut self.minute else { return };
        let slots = std::mem::take(&mut minute.slots);
        let seconds = std::mem::take(&mut minute.seconds);
        let begin = minute.begin;
        self.keep((begin, false), slots);
        for (second, slots) in seconds {
            self.keep((second, true), slots);
        }
    }

    /// What the next request carries, the newest first: the alarms look at that. `None` where
    /// nothing waits.
    pub fn take(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        let mut count = 0;
        while let Some(last) = self.waiting.last_entry() {
            count += last.get().len();
            if count > DATA_MAX && !batch.is_empty() {
                break;
            }
            let (key, slots) = last.remove_entry();
            batch.0.insert(key, slots);
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Keeps what could not be sent.
    pub fn give_back(&mut self, batch: Batch) {
        for (key, slots) in batch.0 {
            self.keep(key, slots);
        }
    }

    /// Data that were given up since the last time this was asked.
    pub const fn take_dropped(&mut self) -> u64 {
        std::mem::replace(&mut self.dropped, 0)
    }

    /// Data that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.values().map(BTreeMap::len).sum()
    }

    fn end_minute(&mut self) {
        self.flush_minute();
        let Some(minute) = self.minute.take() else { return };
        let Some(counts) = minute.standing else { return };
        let slots = [(Metric::IncidentsPage, counts.page), (Metric::IncidentsWarn, counts.warn)]
            .map(|(metric, count)| (metric, Statistic::of(f64::from(count))));
        self.keep((minute.begin, false), slots.into());
    }

    /// Adds to what waits, and gives up what is too old for it.
    fn keep(&mut self, key: Key, slots: Slots) {
        if slots.is_empty() {
            return;
        }
        let kept = self.waiting.entry(key).or_default();
        for (metric, statistic) in slots {
            add(kept, metric, statistic);
        }
        let Some(((newest, _), _)) = self.waiting.last_key_value() else { return };
        let oldest_kept = newest.plus_ms(-KEPT_MS);
        while let Some(first) = self.waiting.first_entry()
            && first.key().0 <= oldest_kept
        {
            self.dropped += first.remove().len() as u64;
        }
    }
}

fn add(slots: &mut Slots, metric: Metric, statistic: Statistic) {
    slots.entry(metric).and_modify(|before| *before = before.and(statistic)).or_insert(statistic);
}

fn floor(at: Timestamp, step_ms: i64) -> Timestamp {
    Timestamp::from_ms(at.ms().div_euclid(step_ms) * step_ms)
}
