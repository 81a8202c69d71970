//! A mining pool's account: which workers are silent, and whether the hashrate is what it should be.

use serde::Serialize;

use crate::core::action::Severity;
use crate::core::alarm::signal::Signal;
use crate::core::rules::State;
use crate::core::sample::PoolSample;
use crate::core::settings::Pool as Settings;
use crate::core::time::{Human, Mono, Now, Timestamp};

/// Most workers that are kept of an answer.
pub const WORKERS_MAX: usize = 5_000;
/// Most offline workers that the status names.
const OFFLINE_SHOWN: usize = 50;
/// Most of them in one sentence.
const NAMES_SHOWN: usize = 5;
/// Longest name that is kept, bytes.
const NAME_BYTES: usize = 64;
/// Longest reason that is kept, bytes.
const WHY_BYTES: usize = 300;
/// So many answers in a row must be on the other side of the floor: a hashrate is an estimate.
const ANSWERS: u32 = 2;
/// An answer that is older than so many intervals says nothing about now.
const INTERVALS_FRESH: u64 = 3;

/// What the pool answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolReport {
    /// Total hashrate, hashes a second.
    pub hashrate: u64,
    /// The workers; at most [`WORKERS_MAX`] are looked at.
    pub workers: Vec<Worker>,
    /// How many workers the pool counts, and how many of them as online, where it says so.
    pub counted: Option<(u32, u32)>,
}

/// A worker of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worker {
    /// Its name.
    pub name: String,
    /// When it last handed in a share, by the pool's clock; `None` where the pool does not say.
    pub last_share: Option<Timestamp>,
}

/// The account.
#[derive(Clone, Debug)]
pub struct Pool {
    settings: Settings,
    answered: Option<(Now, PoolReport)>,
    /// Since when no usable answer came, and why.
    failing: Option<(Mono, String)>,
    is_low: bool,
    /// Answers in a row on the other side of the floor.
    other_side: u32,
    started: Option<Mono>,
}

/// The account as a person or a program is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoolStatus {
    /// The last answer's figures, where there is one.
    pub sample: Option<PoolSample>,
    /// Whether that answer is recent.
    pub is_fresh: bool,
    /// The workers that are offline, those silent the longest first; at most 50.
    pub offline: Vec<OfflineWorker>,
    /// Why the last question had no usable answer, if it had none.
    pub failure: Option<String>,
}

/// A worker that is offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfflineWorker {
    /// Its name.
    pub name: String,
    /// How old its last share is, milliseconds.
    pub silent_ms: u64,
}

/// Workers by how old their last share is.
#[derive(Default)]
struct Counts<'a> {
    online: u32,
    offline: Vec<(u64, &'a str)>,
    /// Workers the pool counts as offline, where it tells no times.
    untold: u32,
}

impl Pool {
    /// An account that was not asked for yet.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            answered: None,
            failing: None,
            is_low: false,
            other_side: 0,
            started: None,
        }
    }

    /// Records an answer, or why there is none.
    pub fn record(&mut self, now: Now, answer: &Result<Box<PoolReport>, String>) {
        self.started.get_or_insert(now.mono);
        match answer {
            Ok(report) => {
                let mut report = PoolReport::clone(report);
                report.workers.truncate(WORKERS_MAX);
                for worker in &mut report.workers {
                    worker.name = cut(&worker.name, NAME_BYTES);
                }
                self.note_floor(report.hashrate);
                self.answered = Some((now, report));
                self.failing = None;
            }
            Err(why) => {
                let since = self.failing.as_ref().map_or(now.mono, |(since, _)| *since);
                self.failing = Some((since, cut(why, WHY_BYTES)));
            }
        }
    }

    fn note_floor(&mut self, hashrate: u64) {
        let Some(floor) = self.settings.hashrate_floor else { return };
        let is_other = (hashrate < floor) != self.is_low;
        self.other_side = if is_other { self.other_side + 1 } else { 0 };
        if self.other_side >= ANSWERS {
            self.is_low = !self.is_low;
            self.other_side = 0;
        }
    }

    /// The last answer, while it says something about now.
    fn fresh(&self, now: Now) -> Option<&PoolReport> {
        let (at, report) = self.answered.as_ref()?;
        let fresh_ms = INTERVALS_FRESH * self.settings.interval_ms;
        (now.mono.since_ms(at.mono) <= fresh_ms).then_some(report)
    }

    fn counts<'a>(&self, now: Now, report: &'a PoolReport) -> Counts<'a> {
        let mut counts = Counts::default();
        let mut told = 0;
        for worker in &report.workers {
            let Some(last) = worker.last_share else { continue };
            told += 1;
            let silent_ms = now.wall.since_ms(last).max(0).cast_unsigned();
            if silent_ms <= self.settings.workers_offline_ms {
                counts.online += 1;
            } else if silent_ms < self.settings.forget_ms {
                counts.offline.push((silent_ms, &worker.name));
            }
        }
        if let (0, Some((all, online))) = (told, report.counted) {
            counts.online = online;
            counts.untold = all.saturating_sub(online);
        }
        counts.offline.sort_unstable_by(|one, other| other.cmp(one));
        counts
    }

    /// The figures of the last answer, to be kept; `None` while there is none that is recent.
    #[must_use]
    pub fn sample(&self, now: Now) -> Option<PoolSample> {
        let report = self.fresh(now)?;
        let (at, _) = self.answered.as_ref()?;
        Some(self.sample_of(now, report, at.wall))
    }

    fn sample_of(&self, now: Now, report: &PoolReport, at: Timestamp) -> PoolSample {
        let counts = self.counts(now, report);
        PoolSample {
            at,
            online: counts.online,
            offline: counts.offline.len() as u32 + counts.untold,
            hashrate: report.hashrate,
            floor: self.settings.hashrate_floor,
        }
    }

    /// Everything a person may want to see.
    #[must_use]
    pub fn status(&self, now: Now) -> PoolStatus {
        let last = self.answered.as_ref();
        let offline = last.map(|(_, report)| self.counts(now, report).offline);
        let worker =
            |(silent_ms, name): (u64, &str)| OfflineWorker { name: name.to_owned(), silent_ms };
        PoolStatus {
            sample: last.map(|(at, report)| self.sample_of(now, report, at.wall)),
            is_fresh: self.fresh(now).is_some(),
            offline: offline.into_iter().flatten().take(OFFLINE_SHOWN).map(worker).collect(),
            failure: self.failing.as_ref().map(|(_, why)| why.clone()),
        }
    }

    /// What is wrong with the account, for the alarms.
    #[must_use]
    pub fn signals(&self, now: Now) -> Vec<Signal> {
        let mut signals = vec![self.reached(now), self.workers(now)];
        if let Some(floor) = self.settings.hashrate_floor {
            signals.push(self.hashrate(now, floor));
        }
        signals
    }

    fn why_not_fresh(&self) -> String {
        let why = self.failing.as_ref().map(|(_, why)| why.clone());
        why.unwrap_or_else(|| "the pool was not asked yet".to_owned())
    }

    /// Nothing usable for as long as a worker may be silent: then nobody watches them.
    fn reached(&self, now: Now) -> Signal {
        let failing_ms = self.failing.as_ref().map_or(0, |(since, _)| now.mono.since_ms(*since));
        let state = match (&self.failing, self.started) {
            (_, None) => State::Unknown,
            (Some(_), _) if failing_ms >= self.settings.workers_offline_ms => State::Firing,
            _ => State::Fine,
        };
        let saw = match &self.failing {
            Some((_, why)) => format!("no usable answer for {}: {why}", Human(failing_ms)),
            None => "the pool answers".to_owned(),
        };
        Signal {
            cause: "pool_unreachable".to_owned(),
            subject: String::new(),
            state,
            severity: Severity::Warn,
            meaning:
                "The mining pool's API gives no usable answer: nobody sees how the workers do."
                    .to_owned(),
            saw,
            next_step: "Ask the address of [pool] url by hand, and see account and token."
                .to_owned(),
        }
    }

    fn workers(&self, now: Now) -> Signal {
        let (state, saw) = match self.fresh(now) {
            None => (State::Unknown, self.why_not_fresh()),
            Some(report) => {
                let counts = self.counts(now, report);
                let silent = counts.offline.len() as u32 + counts.untold;
                let state = if silent > 0 { State::Firing } else { State::Fine };
                (state, said(&counts, silent))
            }
        };
        Signal {
            cause: "pool_workers_offline".to_owned(),
            subject: String::new(),
            state,
            severity: Severity::Warn,
            meaning: "Workers of the mining pool's account have stopped handing in shares."
                .to_owned(),
            saw,
            next_step:
                "See whether they have power and network, and whether they mine for this account."
                    .to_owned(),
        }
    }

    fn hashrate(&self, now: Now, floor: u64) -> Signal {
        let (state, saw) = match self.fresh(now) {
            None => (State::Unknown, self.why_not_fresh()),
            Some(report) => {
                let state = if self.is_low { State::Firing } else { State::Fine };
                let saw = format!("{} of at least {}", Hashrate(report.hashrate), Hashrate(floor));
                (state, saw)
            }
        };
        Signal {
            cause: "pool_hashrate_low".to_owned(),
            subject: String::new(),
            state,
            severity: Severity::Page,
            meaning: "The total hashrate of the mining pool's account is below its floor."
                .to_owned(),
            saw,
            next_step: "See which workers are offline or slow: `eoskeeper status`.".to_owned(),
        }
    }
}

fn said(counts: &Counts<'_>, silent: u32) -> String {
    let all = counts.online + silent;
    if silent == 0 {
        return format!("all {all} workers hand in shares");
    }
    let named = counts.offline.iter().take(NAMES_SHOWN);
    let names: Vec<String> =
        named.map(|(silent_ms, name)| format!("{name} for {}", Human(*silent_ms))).collect();
    let more = if silent as usize > names.len() && !names.is_empty() { ", …" } else { "" };
    let which =
        if names.is_empty() { String::new() } else { format!(": {}{more}", names.join(", ")) };
    format!("{silent} of {all} workers are silent{which}")
}

/// Hashes a second as a person reads them: `1.25 PH/s`.
#[derive(Clone, Copy, Debug)]
pub struct Hashrate(pub u64);

impl std::fmt::Display for Hashrate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = ["", "K", "M", "G", "T", "P", "E"];
        let mut at = 0;
        let mut scale = 1_u64;
        while at + 1 < units.len() && self.0 / scale >= 1_000 {
            scale = scale.saturating_mul(1_000);
            at += 1;
        }
        let hundredths = u128::from(self.0) * 100 / u128::from(scale);
        write!(f, "{}.{:02} {}H/s", hundredths / 100, hundredths % 100, units[at])
    }
}

/// The beginning of a text, at most so many bytes, cut at a character.
fn cut(text: &str, max: usize) -> String {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
