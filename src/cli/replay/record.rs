//! What a replay tells, one record after another, as text or JSON.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use crate::core::action::{Act, Notice, NoticeKind, Severity};
use crate::core::decision::{Decision, DecisionKind};
use crate::core::event::EventName;
use crate::core::gates::HoldReason;
use crate::core::name::Name;
use crate::core::rules::{Finding, Rule, State};
use crate::core::settings::Role;
use crate::core::time::{Human, Timestamp};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Record {
    /// What is replayed; the first record.
    Replay(Header),
    /// Something to know about the replay itself.
    Note {
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        text: String,
    },
    /// The decision is another one.
    Decision {
        at: Timestamp,
        decision: DecisionKind,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<HoldReason>,
        sentence: String,
    },
    /// A rule began or ceased to fire.
    Finding {
        at: Timestamp,
        rule: Rule,
        edge: Edge,
        severity: Severity,
        saw: String,
        threshold: String,
    },
    /// An order the daemon would have carried out.
    Action { at: Timestamp, act: Act, reason: String, incident: String, carried_out: bool },
    /// What people would have been told.
    Alarm {
        at: Timestamp,
        alarm: NoticeKind,
        key: String,
        severity: Severity,
        text: String,
        next_step: String,
    },
    /// What the log says of the node's own production.
    Log { at: Timestamp, event: EventName },
    /// Which schedule is active from here on.
    Schedule { at: Timestamp, text: String, producers: Vec<Name> },
    /// The end; the last record.
    Summary(Summary),
}

/// Begin or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Edge {
    Begin,
    End,
}

/// What is replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Header {
    pub(super) eoskeeper: &'static str,
    pub(super) role: Role,
    pub(super) producer: Name,
    pub(super) config: String,
    pub(super) log: String,
}

/// What came out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    /// Lines read.
    pub(super) lines: u64,
    /// Lines that are an event of ours.
    pub(super) events: u64,
    /// Lines that were fed to the keeper: within `--from` and `--to`, with a time.
    pub(super) replayed: u64,
    /// Time of the first of them.
    pub(super) from: Option<Timestamp>,
    /// Time of the last of them.
    pub(super) to: Option<Timestamp>,
    /// How often log time went back.
    pub(super) steps_back: u64,
    /// Changes of the decision.
    pub(super) decisions: u64,
    /// Promotions that were decided.
    pub(super) promotions: u64,
    /// Lines about a block of our producer.
    pub(super) own_blocks: u64,
    /// Of them, signed by this node.
    pub(super) own_blocks_produced: u64,
    /// Our turns within the span.
    pub(super) turns: u64,
    /// Of them, watched from begin to end.
    pub(super) turns_watched: u64,
    /// Slots without a block in the turns that were watched.
    pub(super) slots_missed: u64,
}

impl Record {
    /// Writes it as a line: JSON, or text for people. People are not told twice: what an alarm
    /// raises and resolves is a finding, which has its own line.
    pub(super) fn write(&self, json: bool, output: &mut dyn Write) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *output, self)?;
            return writeln!(output);
        }
        match self {
            Self::Alarm { alarm: NoticeKind::Raised | NoticeKind::Resolved, .. } => Ok(()),
            record => writeln!(output, "{record}"),
        }
    }

    /// The record of a notice.
    pub(super) fn alarm(notice: Notice) -> Self {
        let Notice { key, kind: alarm, severity, text, next_step, at } = notice;
        Self::Alarm { at, alarm, key, severity, text, next_step }
    }

    /// The record of a decision.
    pub(super) fn decision(at: Timestamp, decision: &Decision) -> Self {
        Self::Decision {
            at,
            decision: decision.kind,
            reason: decision.hold,
            sentence: decision.sentence.clone(),
        }
    }

    /// The record of a finding that began to fire, or ceased to.
    pub(super) fn finding(at: Timestamp, finding: &Finding) -> Self {
        Self::Finding {
            at,
            rule: finding.rule,
            edge: if finding.state == State::Firing { Edge::Begin } else { Edge::End },
            severity: finding.severity,
            saw: finding.saw.clone(),
            threshold: finding.threshold.clone(),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line =
            |at: &Timestamp, word: &str, text: &str| write!(f, "{at}  {word:<10}  {text}");
        match self {
            Self::Replay(header) => write!(f, "{header}"),
            Self::Note { at: None, text } => write!(f, "# {text}"),
            Self::Note { at: Some(at), text } => line(at, "note", text),
            Self::Decision { at, decision, reason, sentence } => {
                let reason =
                    reason.map_or_else(String::new, |reason| format!("{}: ", word(&reason)));
                line(at, &word(decision).to_uppercase(), &format!("{reason}{sentence}"))
            }
            Self::Finding { at, rule, edge: Edge::Begin, saw, threshold, .. } => {
                line(at, "finding", &format!("{rule} begins: {saw} (threshold: {threshold})"))
            }
            Self::Finding { at, rule, edge: Edge::End, saw, .. } => {
                line(at, "finding", &format!("{rule} ends: {saw}"))
            }
            Self::Action { at, act, reason, .. } => {
                line(at, &act.as_str().to_uppercase(), &format!("{reason} (not carried out)"))
            }
            Self::Alarm { at, text, .. } => line(at, "told", text),
            Self::Log { at, event } => line(at, "log", event.as_str()),
            Self::Schedule { at, text, .. } => line(at, "schedule", text),
            Self::Summary(summary) => write!(f, "{summary}"),
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (letter, meaning) = (self.role.letter(), self.role.meaning());
        writeln!(
            f,
            "# What eoskeeper would have done as {letter} ({meaning}) of {}.",
            self.producer
        )?;
        writeln!(f, "# Configuration: {}. Log: {}.", self.config, self.log)?;
        writeln!(f, "# Times are the log's own (UTC). A recording holds no RPC: head and last")?;
        writeln!(
            f,
            "# irreversible block are those of the last block logged, and whether the node is"
        )?;
        write!(f, "# paused is what it last logged. Nothing is carried out.")
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Lines: {}, understood: {}.", self.lines, self.events)?;
        if let (Some(from), Some(to)) = (self.from, self.to) {
            let span = Human(to.since_ms(from).max(0).cast_unsigned());
            writeln!(f, "# Replayed: {} lines, {from} to {to} ({span}).", self.replayed)?;
        }
        if self.steps_back > 0 {
            writeln!(f, "# Steps back of log time: {}.", self.steps_back)?;
        }
        writeln!(f, "# Decisions: {}. Promotions: {}.", self.decisions, self.promotions)?;
        writeln!(
            f,
            "# Blocks of our producer: {}, signed by this node: {}.",
            self.own_blocks, self.own_blocks_produced
        )?;
        write!(
            f,
            "# Our turns: {}, watched whole: {}, slots missed in these: {}.",
            self.turns, self.turns_watched, self.slots_missed
        )
    }
}

/// A unit variant as it is spelled in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // Only unit variants come here.
        _ => String::new(),
    }
}
