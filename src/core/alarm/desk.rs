//! The desk: runs the stages once a second and says what is to be told and what to remember.

use serde::{Deserialize, Serialize};

use crate::core::action::{Notice, NoticeKind, Severity};
use crate::core::alarm::escalate;
use crate::core::alarm::flap::{self, Ended};
use crate::core::alarm::incident::{Incident, Joined};
use crate::core::alarm::inhibit::is_about_two_signers;
use crate::core::alarm::language::Language;
use crate::core::alarm::marks;
use crate::core::alarm::message::{Message, MessageKind};
use crate::core::alarm::neighbours::Neighbours;
use crate::core::alarm::settings::AlarmSettings;
use crate::core::alarm::signal::Signal;
use crate::core::alarm::silence::{SILENCES_MAX, Silence};
use crate::core::alarm::wording::{Circumstances, Speaker};
use crate::core::rules::State;
use crate::core::time::Timestamp;

/// Most incidents that stand at once; what comes then joins the last of them.
pub const INCIDENTS_MAX: usize = 128;
/// So many incidents of one cause that began within [`STORM_MS`] are a storm: further ones join the
/// last of them. A company's network that fails is not a thousand pages.
const STORM: usize = 5;
const STORM_MS: i64 = 120_000;
/// Between two messages that only say that something changed.
const CHANGE_GAP_MS: i64 = 60_000;

/// What is tried again each minute until a person mends it, and fails with the same words.
const REPEATED: &str = "state_not_written";
/// It is told again after so long, an hour; the keeper's own log has every try.
const REPEATED_GAP_MS: i64 = 3_600_000;

/// What the desk remembers over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Incidents that stand.
    pub incidents: Vec<Incident>,
    /// Silences that run.
    pub silences: Vec<Silence>,
    /// Causes that ended lately.
    #[serde(default)]
    pub ended: Vec<Ended>,
}

/// What is to be told, or remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// For the channels.
    Tell(Message),
    /// An incident as it is now: to be remembered before the messages about it leave.
    Remember(Incident),
}

/// What the desk is given each second.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Everything that is watched, firing or not.
    pub signals: &'a [Signal],
    /// What happened since the last time; only [`NoticeKind::Told`] counts.
    pub told: &'a [Notice],
    /// What those next to us in the schedule do.
    pub neighbours: Option<&'a Neighbours>,
    /// What holds of every message.
    pub around: Circumstances<'a>,
}

/// The desk.
#[derive(Clone, Debug)]
pub struct Desk {
    settings: AlarmSettings,
    speaker: Speaker,
    incidents: Vec<Incident>,
    silences: Vec<Silence>,
    ended: Vec<Ended>,
    /// When [`REPEATED`] was told last, and in which words.
    repeated: Option<(Timestamp, String)>,
    /// Numbers what has no incident.
    serial: u32,
}

impl Desk {
    /// A desk that goes on where an earlier one stopped.
    #[must_use]
    pub fn new(settings: AlarmSettings, speaker: Speaker, kept: Kept) -> Self {
        let Kept { mut incidents, mut silences, ended } = kept;
        // Without a finding an incident has no cause: a file that was tampered with.
        incidents.retain(|incident| !incident.findings.is_empty() && incident.ended.is_none());
        incidents.truncate(INCIDENTS_MAX);
        silences.truncate(SILENCES_MAX);
        Self { settings, speaker, incidents, silences, ended, repeated: None, serial: 0 }
    }

    /// What the next desk is to remember.
    #[must_use]
    pub fn kept(&self) -> Kept {
        Kept {
            incidents: self.incidents.clone(),
            silences: self.silences.clone(),
            ended: self.ended.clone(),
        }
    }

    /// The incidents that stand, oldest first.
    #[must_use]
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// The silences that run.
    #[must_use]
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// Who speaks.
    #[must_use]
    pub fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// Begins a silence. `false` when there are [`SILENCES_MAX`] already.
    pub fn silence(&mut self, silence: Silence) -> bool {
        let has_room = self.silences.len() < SILENCES_MAX;
        if has_room {
            self.silences.push(silence);
        }
        has_room
    }

    /// Ends the silences of a cause, or all of them; returns how many.
    pub fn end_silence(&mut self, cause: Option<&str>) -> usize {
        let before = self.silences.len();
        self.silences.retain(|s| cause.is_some() && s.cause.as_deref() != cause);
        before - self.silences.len()
    }

    /// Judges what is to be told now.
    pub fn update(&mut self, now: Timestamp, seen: &Seen<'_>) -> Vec<Output> {
        self.silences.retain(|silence| now < silence.until);
        let before = self.incidents.clone();
        let signals: Vec<Signal> = seen
            .signals
            .iter()
            .map(|s| with_neighbours(s, seen.neighbours, self.speaker.language))
            .collect();
        let mut closed = self.sort_in(now, &signals);
        let mut messages = Vec::new();
        for incident in closed.iter_mut().chain(&mut self.incidents) {
            let quiet = quiet(&self.settings, &self.silences, incident, now);
            let told = Teller {
                settings: &self.settings,
                speaker: &self.speaker,
                around: &seen.around,
                now,
            };
            messages.extend(told.tell(incident, quiet));
        }
        messages.extend(self.happened(now, seen));
        let changed = self.incidents.iter().filter(|i| !before.iter().any(|b| differs_not(b, i)));
        let remembered = closed.iter().chain(changed).cloned().map(Output::Remember);
        // Remembered first: a message must not leave of an incident nobody will know of.
        remembered.chain(messages.into_iter().map(Output::Tell)).collect()
    }

    /// Sorts the signals into incidents; returns those that are over.
    fn sort_in(&mut self, now: Timestamp, signals: &[Signal]) -> Vec<Incident> {
        for incident in &mut self.incidents {
            incident.not_after(now);
            // Those without room of their own are counted anew each time.
            incident.more = 0;
            let is_there = |signal: &Signal, cause: &str, subject: &str| {
                signal.cause == cause && signal.subject == subject
            };
            incident.forget_absent(|finding| {
                signals.iter().any(|s| is_there(s, &finding.cause, &finding.subject))
            });
            for signal in signals.iter().filter(|s| s.severity > Severity::Info) {
                incident.see(signal, now);
            }
        }
        let firing =
            |signal: &&Signal| signal.state == State::Firing && signal.severity > Severity::Info;
        let mut closed = Vec::new();
        let explained = |signal: &Signal| {
            let others = signals.iter().filter(firing);
            others.into_iter().any(|other| super::inhibit::explains(&other.cause, &signal.cause))
        };
        let (late, first): (Vec<_>, Vec<_>) =
            signals.iter().filter(firing).partition(|signal| explained(signal));
        for signal in first.into_iter().chain(late) {
            if !self.incidents.iter().any(|incident| incident.holds(signal)) {
                closed.extend(self.take_up(now, signal));
            }
        }
        let settled_ms = self.settings.resolve_after_ms;
        for incident in &mut self.incidents {
            let settled_ms = flap::settle_ms(settled_ms, incident.returns);
            incident.follow_lead(settled_ms, now);
            if !incident.fires() && now.since_ms(incident.last()) >= settled_ms.cast_signed() {
                incident.ended = Some(incident.last());
            }
        }
        let (over, standing): (Vec<_>, _) =
            self.incidents.drain(..).partition(|i| i.ended.is_some());
        self.incidents = standing;
        for incident in &over {
            flap::remember(&mut self.ended, incident, now);
        }
        closed.extend(over);
        closed
    }

    /// Finds the incident of a signal that fires and is in none; returns those that it ends by
    /// explaining them.
    fn take_up(&mut self, now: Timestamp, signal: &Signal) -> Vec<Incident> {
        if let Some(incident) = self.incidents.iter_mut().find(|i| i.explains(signal)) {
            incident.join(signal, now, false);
            return Vec::new();
        }
        let explained = self.incidents.iter().position(|i| i.is_explained_by(signal));
        if let Some(first) = explained {
            self.incidents[first].join(signal, now, true);
            return self.absorb(first, now);
        }
        let young =
            |i: &&mut Incident| i.lead().cause == signal.cause && now.since_ms(i.began) < STORM_MS;
        let storm = self.incidents.iter_mut().filter(young).count() >= STORM;
        let is_full = self.incidents.len() >= INCIDENTS_MAX;
        let is_urgent = is_about_two_signers(&signal.cause);
        if storm && let Some(last) = self.incidents.iter_mut().rfind(young) {
            last.join(signal, now, false);
        } else if is_full
            && !is_urgent
            && let Some(last) = self.incidents.last_mut()
        {
            last.join(signal, now, false);
        } else {
            let returns = flap::returns(&self.ended, &signal.key(), now);
            let begun = Incident::begin(&self.speaker.node, signal, now);
            self.incidents.push(Incident { returns, ..begun });
        }
        Vec::new()
    }

    /// Ends the incidents that the one at `first` now explains: they are part of it.
    fn absorb(&mut self, first: usize, now: Timestamp) -> Vec<Incident> {
        let lead = self.incidents[first].lead().clone();
        let keeper = self.incidents[first].id.clone();
        let signal = Signal {
            cause: lead.cause,
            subject: lead.subject,
            state: State::Firing,
            severity: lead.severity,
            meaning: lead.meaning,
            saw: lead.saw,
            next_step: lead.next_step,
        };
        let mut absorbed = Vec::new();
        let mut at = 0;
        while at < self.incidents.len() {
            let other = &self.incidents[at];
            if other.id == keeper || !other.is_explained_by(&signal) {
                at += 1;
                continue;
            }
            let mut other = self.incidents.remove(at);
            other.ended = Some(now);
            let into = self.incidents.iter_mut().find(|i| i.id == keeper);
            if let Some(into) = into {
                into.take_over(&other);
            }
            other.part_of = Some(keeper.clone());
            absorbed.push(other);
        }
        absorbed
    }

    /// Whether people were told of the same a while ago.
    fn is_repeated(&mut self, now: Timestamp, notice: &Notice) -> bool {
        if notice.key != REPEATED {
            return false;
        }
        let is_again = self.repeated.as_ref().is_some_and(|(at, text)| {
            *text == notice.text && now.since_ms(*at).abs() < REPEATED_GAP_MS
        });
        if !is_again {
            self.repeated = Some((now, notice.text.clone()));
        }
        is_again
    }

    /// Messages about what happened.
    fn happened(&mut self, now: Timestamp, seen: &Seen<'_>) -> Vec<Message> {
        let mut messages = Vec::new();
        for notice in seen.told.iter().filter(|notice| notice.kind == NoticeKind::Told) {
            let is_silenced =
                |s: &&Silence| s.cause.is_some() && s.covers(now, &notice.key, &notice.key);
            if self.silences.iter().any(|s| is_silenced(&s)) {
                continue;
            }
            if self.is_repeated(now, notice) {
                continue;
            }
            self.serial = self.serial.wrapping_add(1);
            let worst = self.incidents.iter().max_by_key(|i| (i.severity, i.began));
            let incident = worst.filter(|i| i.told.is_some()).map_or("", |i| i.id.as_str());
            messages.push(self.speaker.told(notice, self.serial, incident, &seen.around));
        }
        messages
    }
}

/// Whether what is on disk of an incident would not change: what was seen last does every second,
/// and is kept with the next real change.
fn differs_not(before: &Incident, now: &Incident) -> bool {
    let key = |i: &Incident| {
        (i.id.clone(), i.severity, i.ended, i.findings.len(), i.more, i.messages, i.quiet.clone())
    };
    let firing = |i: &Incident| i.findings.iter().map(|f| f.fires).collect::<Vec<_>>();
    key(before) == key(now)
        && firing(before) == firing(now)
        && before.lead().cause == now.lead().cause
}

/// Our own silence is a warning where our neighbours are silent too: then the chain has a trouble
/// that getting up does not mend.
fn with_neighbours(signal: &Signal, neighbours: Option<&Neighbours>, language: Language) -> Signal {
    let mut signal = signal.clone();
    if signal.cause == "producer_missing"
        && let Some(neighbours) = neighbours
    {
        signal.saw = format!("{}. {}.", signal.saw, marks::neighbours(language, neighbours));
        if neighbours.miss_too() {
            signal.severity = Severity::Warn;
        }
    }
    signal
}

/// Why nobody is told of an incident now.
fn quiet(
    settings: &AlarmSettings,
    silences: &[Silence],
    incident: &Incident,
    now: Timestamp,
) -> Option<String> {
    let covering =
        |f: &Joined| silences.iter().find(|silence| silence.covers(now, &f.cause, &f.key()));
    let lead = incident.lead();
    // Who wants to hear no more of a warning has not heard of the page that joins it.
    let mut worse = incident.findings.iter().filter(|f| f.fires && f.severity > lead.severity);
    if let Some(silence) = covering(lead)
        && worse.all(|finding| covering(finding).is_some())
    {
        return Some(silence.sentence());
    }
    let urgent = incident.findings.iter().any(|f| f.fires && is_about_two_signers(&f.cause));
    let ignored = !urgent && settings.ignore_hours.contains(now);
    ignored.then(|| "ignore_hours".to_owned())
}

/// Decides what is said of one incident.
struct Teller<'a> {
    settings: &'a AlarmSettings,
    speaker: &'a Speaker,
    around: &'a Circumstances<'a>,
    now: Timestamp,
}

impl Teller<'_> {
    fn tell(&self, incident: &mut Incident, quiet: Option<String>) -> Option<Message> {
        if incident.ended.is_some() {
            return self.end(incident);
        }
        if incident.quiet != quiet {
            incident.quiet = quiet;
        }
        let passed = escalate::passed(
            &self.settings.escalate_ms,
            incident.began,
            incident.reminders,
            self.now,
        );
        // While it may be over, nothing says that it goes on.
        if incident.quiet.is_some() || !incident.fires() {
            return None;
        }
        let kind = if incident.told.is_none() {
            // What comes late is told once, with the reminders that passed counted.
            self.is_due(incident).then_some(MessageKind::Raised)?
        } else if incident.is_worse_than_told() || incident.has_changed && self.may_change(incident)
        {
            MessageKind::Changed
        } else if passed > incident.reminders {
            MessageKind::Reminder
        } else {
            return None;
        };
        incident.reminders = passed;
        incident.told = incident.told.or(Some(self.now));
        incident.told_as = Some(incident.severity);
        incident.first_told_as = incident.first_told_as.or(incident.told_as);
        incident.last_told = Some(self.now);
        incident.has_changed = false;
        Some(self.message(incident, kind))
    }

    /// The end is told whoever was told of the beginning, also in a silence: it closes the story.
    fn end(&self, incident: &mut Incident) -> Option<Message> {
        incident.told?;
        Some(self.message(incident, MessageKind::Resolved))
    }

    fn message(&self, incident: &mut Incident, kind: MessageKind) -> Message {
        incident.messages += 1;
        self.speaker.about(incident, kind, self.now, self.around)
    }

    /// A page at once; a warning when nothing came that explains it.
    fn is_due(&self, incident: &Incident) -> bool {
        let waited = self.now.since_ms(incident.began) >= self.settings.group_wait_ms.cast_signed();
        incident.severity == Severity::Page || waited
    }

    fn may_change(&self, incident: &Incident) -> bool {
        incident.last_told.is_none_or(|last| self.now.since_ms(last) >= CHANGE_GAP_MS)
    }
}
