//! Pictures for messages: the rows of the history around a moment, drawn. Runs on threads of its own.

use std::sync::Arc;

use crate::actions::notify::channel::Picture;
use crate::chart::{self, Cadence, Data, Limits, Period, Size, Subject, Zone};
use crate::config::Config;
use crate::core::alarm::message::{Message, MessageKind, PictureKind};
use crate::core::sample::{HourSample, PoolSample, Sample};
use crate::core::slots::TurnSlots;
use crate::core::time::Timestamp;
use crate::history::store::{ROWS_MAX, Store, StoreError};

/// What a warning's picture covers before the message: what led to it.
const BEFORE_MS: i64 = 5 * 60_000;
/// Our turns come every two minutes or so, and a mining pool is asked once a minute: five minutes of
/// them show nothing.
const SLOW_BEFORE_MS: i64 = 60 * 60_000;
/// Between two samples.
const SAMPLE_MS: i64 = 10_000;
/// Pages read for one picture: a week of samples.
const PAGES_MAX: usize = 8;

/// Draws what the history holds.
#[derive(Clone)]
pub(super) struct Painter {
    store: Option<Arc<Store>>,
    subject: Subject,
    limits: Limits,
    /// Between two answers of the mining pool.
    pool_ms: i64,
    zone: Zone,
}

impl Painter {
    /// A painter of this keeper's history; without a store it draws nothing.
    pub(super) fn new(store: Option<Arc<Store>>, config: &Config) -> Self {
        let settings = &config.settings;
        Self {
            store,
            subject: Subject {
                node: settings.node.clone(),
                producer: settings.producer.to_string(),
                chain: None,
            },
            limits: Limits::of(settings),
            pool_ms: settings.pool.map_or(SAMPLE_MS, |pool| pool.interval_ms.cast_signed()),
            // The name was read with the configuration.
            zone: Zone::named(&config.alarm.ignore_hours.zone).unwrap_or_else(|_| Zone::utc()),
        }
    }

    /// The picture that goes with a message, as it was then.
    pub(super) fn of_message(&self, kind: PictureKind, message: &Message) -> Option<Picture> {
        let period = match (message.kind, kind) {
            (MessageKind::Report, _) => Period { from: message.began, to: message.at },
            (_, PictureKind::Slots | PictureKind::Production | PictureKind::Pool) => {
                Period::before(message.at, SLOW_BEFORE_MS)
            }
            _ => Period::before(message.at, BEFORE_MS),
        };
        self.of_period(kind, period)
    }

    /// A picture of a period; `None` where there is nothing to draw.
    pub(super) fn of_period(&self, kind: PictureKind, period: Period) -> Option<Picture> {
        let drawn = self.draw(kind, period);
        drawn
            .map_err(|error| tracing::debug!(kind = kind.as_str(), error, "There is no picture."))
            .ok()
    }

    fn draw(&self, kind: PictureKind, period: Period) -> Result<Picture, String> {
        let store = self.store.as_ref().ok_or("there is no history")?;
        let rows = Rows::read(store, kind, period).map_err(|error| error.to_string())?;
        if kind == PictureKind::Pool && rows.is_without_pool() {
            return Err("no pool answered in this period".to_owned());
        }
        let data = Data {
            subject: self.subject.clone(),
            period,
            samples: &rows.samples,
            hours: &rows.hours,
            turns: &rows.turns,
            pool: &rows.pool,
            cadence: Cadence::every(if kind == PictureKind::Pool {
                self.pool_ms
            } else {
                SAMPLE_MS
            }),
            limits: self.limits,
            zone: self.zone.clone(),
        };
        let said = |error: chart::ChartError| error.to_string();
        let png = chart::pictures(kind, &data, Size::MESSAGE).map_err(said)?;
        Ok(Picture { kind, caption: chart::caption(kind, &data).map_err(said)?, png })
    }
}

/// What a picture is drawn from.
#[derive(Default)]
struct Rows {
    samples: Vec<Sample>,
    hours: Vec<HourSample>,
    turns: Vec<TurnSlots>,
    pool: Vec<PoolSample>,
}

impl Rows {
    /// A keeper without a pool has no picture of one.
    fn is_without_pool(&self) -> bool {
        self.pool.is_empty() && self.hours.iter().all(|hour| hour.pool.is_none())
    }

    fn read(store: &Store, kind: PictureKind, period: Period) -> Result<Self, StoreError> {
        let mut rows = Self::default();
        let until = period.to.plus_ms(1);
        match kind {
            PictureKind::Lag | PictureKind::Host => {
                let span = (period.from, until);
                rows.hours = store.past(|past| past.hours(span, ROWS_MAX))?;
                rows.samples = pages(
                    period.from,
                    |from| store.past(|past| past.samples((from, until), ROWS_MAX)),
                    |sample| sample.at,
                )?;
            }
            PictureKind::Slots | PictureKind::Production => {
                let turns = pages(
                    period.from,
                    |from| store.past(|past| past.turns((from, until), ROWS_MAX)),
                    |turn| turn.start,
                )?;
                rows.turns = turns.iter().filter_map(TurnSlots::of).collect();
            }
            PictureKind::Pool => {
                let span = (period.from, until);
                rows.hours = store.past(|past| past.hours(span, ROWS_MAX))?;
                rows.pool = pages(
                    period.from,
                    |from| store.past(|past| past.pool((from, until), ROWS_MAX)),
                    |answer| answer.at,
                )?;
            }
        }
        Ok(rows)
    }
}

/// Page by page: the latch waits for one page at the most.
fn pages<T>(
    from: Timestamp,
    read: impl Fn(Timestamp) -> Result<Vec<T>, StoreError>,
    at: impl Fn(&T) -> Timestamp,
) -> Result<Vec<T>, StoreError> {
    let (mut rows, mut from) = (Vec::new(), from);
    for _ in 0..PAGES_MAX {
        let page = read(from)?;
        let is_full = page.len() == ROWS_MAX as usize;
        let next = page.last().map(|last| at(last).plus_ms(1));
        rows.extend(page);
        match next.filter(|_| is_full) {
            Some(next) => from = next,
            None => break,
        }
    }
    Ok(rows)
}
