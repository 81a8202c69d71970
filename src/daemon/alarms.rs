//! The pipeline of the alarms beside the loop: what the keeper found goes to the desk, what the desk
//! says goes to the outbox; that of this keeper alone, or that of all nodes of the file.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::core::action::{Notice, NoticeKind, Severity};
use crate::core::alarm::desk::{Desk, Kept, Output, Seen};
use crate::core::alarm::incident::Incident;
use crate::core::alarm::signal::Signal;
use crate::core::alarm::silence::{SILENCES_MAX, Silence};
use crate::core::alarm::texts;
use crate::core::alarm::wording::{Circumstances, Speaker};
use crate::core::command::{Command, CommandAnswer};
use crate::core::rules::State;
use crate::core::status::{AlarmsStatus, ChannelStatus, Status};
use crate::core::time::{Human, Timestamp};
use crate::daemon::channels;
use crate::daemon::common::Watched;
use crate::daemon::mail::Mail;
use crate::daemon::mouth::Line;
use crate::daemon::outbox::{Batch, Outbox, Outlet, Tools};
use crate::daemon::pictures::Painter;
use crate::daemon::reporter::Reporter;
use crate::history::store::Store;

/// A channel that fails for so long is an incident of its own, told by the others.
const CHANNEL_FAILS_MS: i64 = 120_000;
/// Notices between two ticks; the keeper makes a handful at the most.
const TOLD_MAX: usize = 64;
/// By what name the store keeps what the desk knows.
pub(super) const DESK: &str = "desk";

/// The alarms.
pub(super) struct Alarms {
    desk: Desk,
    outbox: Mail,
    reporter: Reporter,
    painter: Painter,
    /// What happened since the last tick.
    told: Vec<Notice>,
    dry_run: bool,
}

impl Alarms {
    /// Starts every channel that is configured, and goes on where the last keeper stopped, or with
    /// what is `known` where this one goes on. `more` are channels that somebody else set up.
    ///
    /// # Errors
    /// The first channel that cannot be set up, by its section.
    pub(super) fn start(
        config: &Config,
        clock: Clock,
        store: Option<&Arc<Store>>,
        more: Option<Outlet>,
        known: Option<Kept>,
    ) -> anyhow::Result<Self> {
        let store = usable(store);
        let kept = known.or_else(|| store.as_deref().map(|store| kept(store, DESK)));
        let painter = Painter::new(store.clone(), config);
        let draw = painter.clone();
        let tools = Tools {
            store: store.clone(),
            draw: Arc::new(move |kind, message| draw.of_message(kind, message)),
            clock: Arc::new(move || clock.now().wall),
            expire_ms: config.alarm.expire_ms,
        };
        let outlets = channels::channels(config, clock)?.into_iter();
        let outlets = outlets.map(|(channel, route)| Outlet { channel, route }).chain(more);
        let outbox = Mail::Own(Outbox::start(outlets.collect(), tools));
        Ok(Self::with(config, store, outbox, painter, kept.unwrap_or_default()))
    }

    /// The same, where all nodes of a file share their channels: only what is this node's own.
    pub(super) fn start_beside(
        config: &Config,
        store: Option<&Arc<Store>>,
        line: Line,
        known: Option<Kept>,
    ) -> Self {
        let store = usable(store);
        let kept = known.or_else(|| {
            // A keeper of this one node wrote it into the node's own store.
            let common = line.store().and_then(|common| found(common, line.desk()));
            common.or_else(|| store.as_deref().and_then(|store| found(store, DESK)))
        });
        let painter = Painter::new(store.clone(), config);
        Self::with(config, store, Mail::Shared(line), painter, kept.unwrap_or_default())
    }

    fn with(
        config: &Config,
        store: Option<Arc<Store>>,
        outbox: Mail,
        painter: Painter,
        kept: Kept,
    ) -> Self {
        let speaker = Speaker {
            node: config.settings.node.clone(),
            role: config.settings.role,
            producer: config.settings.producer,
            language: config.alarm.language,
        };
        Self {
            desk: Desk::new(config.alarm.clone(), speaker, kept),
            outbox,
            reporter: Reporter::new(store, config),
            painter,
            told: Vec::new(),
            dry_run: config.settings.promotion.dry_run,
        }
    }

    /// Draws and reports, for who else is asked for it.
    pub(super) fn past(&self) -> (Painter, Reporter) {
        (self.painter.clone(), self.reporter.clone())
    }

    /// Has the report made that is due, beside the loop.
    fn report(&mut self, now: Timestamp) {
        let Some(period) = self.reporter.due(now) else { return };
        let (reporter, speaker) = (self.reporter.clone(), self.desk.speaker().clone());
        let batches = self.outbox.sender();
        tokio::task::spawn_blocking(move || match reporter.message(&speaker, period) {
            Ok(message) => {
                let batch = Batch { desk: None, messages: vec![message] };
                if batches.try_send(batch).is_err() {
                    tracing::error!("The disk is stuck; a report was dropped.");
                }
            }
            Err(why) => tracing::warn!(why, "There is no report."),
        });
    }

    /// The incidents people were told of and that stand, with their severities.
    pub(super) fn known(&self) -> Vec<(String, Severity)> {
        let told = self.desk.incidents().iter().filter(|incident| incident.told.is_some());
        told.map(|incident| (incident.id.clone(), incident.severity)).collect()
    }

    /// The keeper says that something happened.
    pub(super) fn hear(&mut self, notice: &Notice) {
        if notice.kind == NoticeKind::Told && self.told.len() < TOLD_MAX {
            self.told.push(notice.clone());
        }
    }

    /// This keeper watches this of what all nodes of the file have in common.
    pub(super) fn watch(&self, watched: Watched) {
        self.outbox.watch(watched);
    }

    /// Judges what is to be told; returns the incidents that changed.
    /// `beside` is what is watched beside the node: the fleet, a mining pool.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        status: &Status,
        beside: Vec<Signal>,
    ) -> Vec<Incident> {
        self.report(now);
        let channels = self.outbox.states();
        let findings = status.findings.iter().map(Signal::of).chain(beside);
        let all = findings.chain(channels.iter().map(|channel| of_channel(now, channel)));
        // What all nodes of a file have in common is told by one of them.
        let left = self.outbox.left();
        let signals: Vec<_> = all
            .map(|signal| match left.has(&signal.cause) {
                // One that stands from when this node was alone ends.
                true => Signal { state: State::Fine, ..signal },
                false => signal,
            })
            .collect();
        let told = std::mem::take(&mut self.told);
        let seen = Seen {
            signals: &signals,
            told: &told,
            neighbours: status.producer.neighbours.as_ref(),
            around: Circumstances {
                chain_id: status.chain.chain_id.as_deref(),
                maintenance: status.maintenance.as_ref(),
                dry_run: self.dry_run,
            },
        };
        let (mut messages, mut incidents) = (Vec::new(), Vec::new());
        for output in self.desk.update(now, &seen) {
            match output {
                Output::Tell(message) => messages.push(message),
                Output::Remember(incident) => incidents.push(incident),
            }
        }
        if !messages.is_empty() || !incidents.is_empty() {
            let desk = Some(self.desk_json());
            self.outbox.post(Batch { desk, messages });
        }
        incidents
    }

    /// What the status shows.
    pub(super) fn status(&self) -> AlarmsStatus {
        AlarmsStatus {
            incidents: self.desk.incidents().to_vec(),
            silences: self.desk.silences().to_vec(),
            channels: self.outbox.states(),
        }
    }

    /// Whether the task runs that sends messages.
    pub(super) fn sends(&self) -> bool {
        self.outbox.runs()
    }

    /// Batches of messages dropped since the start because the disk was stuck.
    pub(super) fn lost_batches(&self) -> u64 {
        self.outbox.lost()
    }

    /// Answers an order about silences; `None` when it is about something else.
    pub(super) fn command(
        &mut self,
        now: Timestamp,
        command: &Command,
        uid: u32,
    ) -> Option<CommandAnswer> {
        let answer = match command {
            Command::Silence { for_ms, cause, by, reason } => self.silence(Silence {
                since: now,
                until: now.plus_ms(for_ms.cast_signed()),
                cause: cause.clone(),
                by: by.clone().unwrap_or_else(|| format!("user {uid}")),
                reason: reason.clone(),
            }),
            Command::EndSilence { cause } => self.end_silence(cause.as_deref()),
            _ => return None,
        };
        if answer.accepted {
            let desk = Some(self.desk_json());
            self.outbox.post(Batch { desk, messages: Vec::new() });
        }
        Some(answer)
    }

    /// Delivers what can be delivered within `deadline`.
    pub(super) async fn finish(self, deadline: Duration) {
        self.outbox.finish(deadline).await;
    }

    fn silence(&mut self, silence: Silence) -> CommandAnswer {
        if let Some(cause) = silence.cause.as_deref().filter(|cause| !is_cause(cause)) {
            let unknown = format!(
                "There is no cause {cause}, so nothing is silenced. `eoskeeper incidents` names \
                 what stands, the runbook every cause."
            );
            return CommandAnswer { accepted: false, sentences: vec![unknown] };
        }
        let length = Human(silence.until.since_ms(silence.since).cast_unsigned());
        let mut sentences =
            vec![format!("{}, for {length}. It ends by itself.", silence.sentence())];
        if silence.cause.is_none() {
            let all = "Every cause is silent, also two signers; what happens is recorded.";
            sentences.push(all.to_owned());
        }
        let accepted = self.desk.silence(silence);
        if !accepted {
            sentences = vec![format!("{SILENCES_MAX} silences run already: end some first.")];
        }
        CommandAnswer { accepted, sentences }
    }

    fn end_silence(&mut self, cause: Option<&str>) -> CommandAnswer {
        let ended = self.desk.end_silence(cause);
        let sentence = match (ended, cause) {
            (0, None) => "There is no silence.".to_owned(),
            (0, Some(cause)) => format!("There is no silence of {cause}."),
            (1, _) => "The silence is over.".to_owned(),
            (ended, _) => format!("{ended} silences are over."),
        };
        CommandAnswer { accepted: ended > 0, sentences: vec![sentence] }
    }

    fn desk_json(&self) -> (String, String) {
        let json = serde_json::to_string(&self.desk.kept()).unwrap_or_default();
        (self.outbox.desk().to_owned(), json)
    }

    /// What the desk knows, to go on with.
    pub(super) fn desk_kept(&self) -> Kept {
        self.desk.kept()
    }
}

/// Whether a silence of this key can ever silence anything: a word that is misspelt would let a
/// person sleep who is then paged.
fn is_cause(key: &str) -> bool {
    let cause = key.split_once(':').map_or(key, |(cause, _)| cause);
    texts::causes().any(|known| known == cause)
}

/// What the last keeper knew, or nothing.
fn kept(store: &Store, name: &str) -> Kept {
    found(store, name).unwrap_or_default()
}

/// What the last keeper knew. What cannot be read is said and begun anew: then an incident that
/// stands is told of once more.
fn found(store: &Store, name: &str) -> Option<Kept> {
    let text = match store.kept(name) {
        Ok(text) => text?,
        Err(error) => {
            tracing::warn!(%error, "What was told before cannot be read; it may be told again.");
            return None;
        }
    };
    let read = serde_json::from_str(&text).map_err(|error| {
        tracing::warn!(%error, "What was told before is not understood; it may be told again.");
    });
    read.ok()
}

/// A channel that does not deliver, as something that is watched.
fn of_channel(now: Timestamp, channel: &ChannelStatus) -> Signal {
    let since = channel.failing.as_ref().map(|(since, why)| (now.since_ms(*since), why));
    // What a person must mend is told at once; what passes is waited for.
    let fails =
        since.as_ref().is_some_and(|(for_ms, _)| channel.refuses_us || *for_ms >= CHANNEL_FAILS_MS);
    let saw = match since {
        None => "it delivers".to_owned(),
        Some((for_ms, why)) if channel.refuses_us => {
            let waiting = channel.waiting;
            format!("for {} it refuses us, {waiting} wait: {why}", human(for_ms))
        }
        Some((for_ms, why)) => {
            let waiting = channel.waiting;
            format!("for {} nothing is delivered, {waiting} wait: {why}", human(for_ms))
        }
    };
    Signal {
        cause: "channel_failing".to_owned(),
        subject: channel.name.clone(),
        state: if fails { State::Firing } else { State::Fine },
        severity: Severity::Warn,
        meaning: format!("The channel {} delivers nothing.", channel.name),
        saw,
        next_step: format!(
            "Try `eoskeeper notify --test {}`; where it refuses us, mend its token, key or address, \
             then `eoskeeper reload`.",
            channel.name
        ),
    }
}

fn human(ms: i64) -> Human {
    Human(u64::try_from(ms).unwrap_or(0))
}

/// The store as the outbox takes it: only where the latch in it was found good.
pub(super) fn usable(store: Option<&Arc<Store>>) -> Option<Arc<Store>> {
    store.filter(|store| store.kept("desk").is_ok()).cloned()
}
