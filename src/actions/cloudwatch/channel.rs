//! The channel: an incident puts the alarm of its severity into ALARM at once, and its end into OK.
//!
//! CloudWatch judges an alarm by its metric again within seconds, so that a state alone would not
//! last: the number of incidents is sent in the same moment. The alarms look at a minute's maximum.
//! An incident that ends in the minute it was sent in has left a number there that no later one can
//! take back, so that its end is left to the metric, which says it a minute later.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cloudwatch::types::StateValue;
use serde_json::{Value, json};

use super::aggregator::Statistic;
use super::alarms;
use super::client::{Client, REASON_CHARS_MAX, REASON_DATA_CHARS_MAX, metric_datum};
use super::failure::Failure;
use super::metric::Metric;
use super::standing::{Counts, Level, Standing};
use super::{Plan, Resolution};
use crate::actions::notify::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError};
use crate::actions::notify::setup::WallClock;
use crate::core::alarm::language::Phrase;
use crate::core::alarm::message::{Message, MessageKind};

const MINUTE_MS: i64 = 60_000;
/// Most ids of incidents in a reason's JSON.
const IDS_MAX: usize = 20;

/// The channel `cloudwatch`.
pub struct CloudWatch {
    client: Arc<Client>,
    plan: Arc<Plan>,
    standing: Standing,
    wall: WallClock,
    said: Mutex<Said>,
}

/// What CloudWatch was told.
#[derive(Debug, Default)]
struct Said {
    /// The numbers it took last.
    counts: Option<Counts>,
    page: SaidOf,
    warn: SaidOf,
}

/// What it was told of one level.
#[derive(Clone, Copy, Debug, Default)]
struct SaidOf {
    /// The state its alarm was put into last.
    is_alarm: Option<bool>,
    /// The newest minute for which a number above 0 went out ahead of its end.
    risen_in: Option<i64>,
}

impl Said {
    const fn of(&mut self, level: Level) -> &mut SaidOf {
        match level {
            Level::Page => &mut self.page,
            Level::Warn => &mut self.warn,
        }
    }
}

impl CloudWatch {
    /// A channel; what stands is shared with the publisher.
    #[must_use]
    pub fn new(client: Arc<Client>, plan: Arc<Plan>, standing: Standing, wall: WallClock) -> Self {
        Self { client, plan, standing, wall, said: Mutex::default() }
    }

    async fn tell(&self, message: &Message) -> Result<(), Failure> {
        let level = match (Level::of(message.severity), message.kind) {
            (Some(level), _) => level,
            // There is no alarm for what is good to know, and a test must show.
            (None, MessageKind::Test) => Level::Warn,
            (None, _) => return Ok(()),
        };
        match message.kind {
            MessageKind::Report | MessageKind::Summary => Ok(()),
            // The metric takes it back a minute later: it has no end of its own.
            MessageKind::Told | MessageKind::Test => self.raise(level, message).await,
            MessageKind::Raised | MessageKind::Changed | MessageKind::Reminder => {
                let counts = self.standing.stand(&message.incident, message.severity);
                let (_, raised) = tokio::join!(self.put(counts), self.raise(level, message));
                raised?;
                self.lower(counts, message).await
            }
            MessageKind::Resolved => {
                let counts = self.standing.end(&message.incident);
                // Before the state: a put that takes long must not come after the next incident's.
                self.put(counts).await;
                self.lower(counts, message).await
            }
        }
    }

    /// Sends the numbers now. A failure is no failure of the delivery: the publisher sends them at
    /// the minute's end, and again until they are taken.
    async fn put(&self, counts: Counts) {
        if self.said().counts == Some(counts) {
            return;
        }
        let now = (self.wall)().ms();
        let minute = now.div_euclid(MINUTE_MS);
        for level in Level::ALL {
            if counts.of(level) > 0 {
                self.said().of(level).risen_in = Some(minute);
            }
        }
        let data = [(Metric::IncidentsPage, counts.page), (Metric::IncidentsWarn, counts.warn)]
            .map(|(metric, count)| {
                let statistic = Statistic::of(f64::from(count));
                metric_datum(&self.plan, metric, Resolution::Minute, Some(now), statistic)
            });
        match self.client.put(&self.plan, data.into()).await {
            Ok(()) => self.said().counts = Some(counts),
            Err(error) => tracing::debug!(%error, "CloudWatch did not take the incidents now."),
        }
    }

    async fn raise(&self, level: Level, message: &Message) -> Result<(), Failure> {
        let alarm = alarms::name(&self.plan, level);
        let data = reason_data(message, &self.standing.ids(level));
        self.client.set_state(&alarm, StateValue::Alarm, &reason(message), &data).await?;
        self.said().of(level).is_alarm = Some(true);
        Ok(())
    }

    /// Puts the alarms of levels without an incident into OK: the one of the message, and one that
    /// its incident has left.
    async fn lower(&self, counts: Counts, message: &Message) -> Result<(), Failure> {
        let minute = (self.wall)().ms().div_euclid(MINUTE_MS);
        for level in Level::ALL {
            let SaidOf { is_alarm, risen_in } = *self.said().of(level);
            let is_meant = is_alarm
                .unwrap_or_else(|| message.kind == MessageKind::Resolved && is_of(message, level));
            if counts.of(level) > 0 || !is_meant {
                continue;
            }
            if risen_in != Some(minute) {
                let alarm = alarms::name(&self.plan, level);
                let data = reason_data(message, &[]);
                self.client.set_state(&alarm, StateValue::Ok, &reason(message), &data).await?;
            }
            self.said().of(level).is_alarm = Some(false);
        }
        Ok(())
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel for CloudWatch {
    fn name(&self) -> &'static str {
        "cloudwatch"
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(async {
            self.tell(&delivery.message).await.map_err(DeliveryError::from)?;
            Ok(Delivered::default())
        })
    }
}

fn is_of(message: &Message, level: Level) -> bool {
    Level::of(message.severity) == Some(level)
}

/// What a person reads in AWS's console and e-mail: one line.
fn reason(message: &Message) -> String {
    let Message { language, severity, kind, title, proof, next_step, marks, .. } = message;
    let mut text = format!("{} {}: {title}", language.severity(*severity), language.kind(*kind));
    let mut add = |phrase: Phrase, said: &str| {
        if !said.is_empty() {
            text.push_str(&format!(" {}: {said}", language.phrase(phrase)));
        }
    };
    add(Phrase::Note, &marks.join(" "));
    if *kind != MessageKind::Resolved {
        add(Phrase::NextStep, next_step);
        add(Phrase::Seen, &proof.join(" "));
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS_MAX).collect()
}

/// The same for programs. Where it is too long the proof is left out, then the ids.
fn reason_data(message: &Message, ids: &[String]) -> String {
    let full = json!({
        "version": 1,
        "incident": message.incident,
        "cause": message.cause,
        "kind": message.kind.as_str(),
        "severity": message.severity,
        "began": message.began.to_string(),
        "at": message.at.to_string(),
        "standing": ids.iter().take(IDS_MAX).collect::<Vec<_>>(),
        "proof": message.proof,
    });
    let mut data = full;
    for part in ["proof", "standing", "cause", "incident"] {
        let text = data.to_string();
        if text.chars().count() <= REASON_DATA_CHARS_MAX {
            return text;
        }
        data[part] = Value::Null;
    }
    data.to_string()
}
