//! Feeds the keeper with a recording and tells what it decides.

use std::io::{self, Write};

use anyhow::ensure;

use crate::cli::replay::clock::Step;
use crate::cli::replay::input::More;
use crate::cli::replay::record::{Record, Summary};
use crate::cli::replay::running::Running;
use crate::cli::replay::schedules::{Active, Origin, Timeline, Tracker};
use crate::core::action::{Act, ActResult, Action, Order, Outcome};
use crate::core::event::{Event, EventName, LogEvent, OTHER_LINE_BYTES, OtherLines};
use crate::core::schedule::Schedule;
use crate::core::settings::Settings;
use crate::core::time::{Human, Now, Timestamp};
use crate::nodeos::log::Classifier;

/// Between two looks at the turns that are over; the status shows the last 16.
const TURNS_EVERY_MS: u64 = 5_000;
/// Notes about steps of the log's clock; more are only counted.
const STEP_NOTES_MAX: u64 = 10;

/// Where the active schedule comes from.
#[derive(Debug)]
pub(super) enum Schedules {
    /// A first pass told them all.
    Surveyed(Timeline),
    /// They are told as the blocks come.
    Followed(Tracker),
}

/// Which lines are replayed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    /// None before.
    pub(super) from: Option<Timestamp>,
    /// None after.
    pub(super) to: Option<Timestamp>,
}

/// A replay under way.
pub(super) struct Player<'a> {
    settings: Settings,
    span: Span,
    json: bool,
    output: &'a mut dyn Write,
    classifier: Classifier,
    schedules: Schedules,
    active: Option<Active>,
    running: Option<Running>,
    others: OtherLines,
    last_line: Vec<u8>,
    /// What was told last of the node, unless a block came since.
    told: Option<EventName>,
    summary: Summary,
}

impl<'a> Player<'a> {
    /// A replay that has read nothing.
    pub(super) fn new(
        settings: Settings,
        span: Span,
        schedules: Schedules,
        json: bool,
        output: &'a mut dyn Write,
    ) -> Self {
        Self {
            settings,
            span,
            json,
            output,
            classifier: Classifier::new(),
            schedules,
            active: None,
            running: None,
            others: OtherLines { count: 0, last: String::new() },
            last_line: Vec::new(),
            told: None,
            summary: Summary::default(),
        }
    }

    /// Takes the next line.
    pub(super) fn line(&mut self, line: &[u8]) -> io::Result<More> {
        self.summary.lines += 1;
        let event = self.classifier.classify(line);
        if event.name == EventName::Other {
            self.last_line.clear();
            self.last_line.extend_from_slice(&line[..line.len().min(OTHER_LINE_BYTES)]);
        } else {
            self.summary.events += 1;
        }
        let time = time_of(&event).or(self.running.as_ref().map(|r| r.clock.now().wall));
        let Some(time) = time else { return Ok(More::Yes) };
        if let Schedules::Followed(tracker) = &mut self.schedules {
            // What is before the span tells the schedule as well.
            tracker.line(line, &event);
        }
        if self.span.from.is_some_and(|from| time < from) {
            return Ok(More::Yes);
        }
        if self.span.to.is_some_and(|to| time > to) {
            return Ok(More::No);
        }
        self.summary.replayed += 1;
        self.advance(time)?;
        self.feed(&event)?;
        Ok(More::Yes)
    }

    /// Ends the replay and tells what came out of it.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        if let Some(now) = self.running.as_ref().map(|running| running.clock.now()) {
            self.count_turns(now);
        }
        let last = String::from_utf8_lossy(&self.last_line).replace(char::is_control, "\u{fffd}");
        let lines = self.summary.lines;
        ensure!(lines > 0, "the log is empty");
        ensure!(self.summary.events > 0, "no line was understood of {lines}; last line: {last}");
        ensure!(
            self.running.is_some() || self.span.from.is_some(),
            "no line has a time to replay it at; last line: {last}"
        );
        ensure!(self.running.is_some(), "no line is between --from and --to");
        let summary = std::mem::take(&mut self.summary);
        self.tell(&Record::Summary(summary))?;
        Ok(self.output.flush()?)
    }

    /// Ticks up to the time of a line, and goes there.
    fn advance(&mut self, time: Timestamp) -> io::Result<()> {
        if self.running.is_none() {
            self.summary.from = Some(time);
            self.running = Some(Running::new(&self.settings, time));
        }
        let Some(running) = &self.running else { return Ok(()) };
        let end = running.clock.ticks_end(time);
        while let Some(now) = self.running.as_mut().and_then(|running| running.clock.tick(end)) {
            self.tick(now)?;
        }
        let step = self.running.as_mut().map_or(Step::On, |running| running.clock.arrive(time));
        self.summary.to = self.summary.to.max(Some(time));
        self.note_step(time, step)
    }

    fn note_step(&mut self, at: Timestamp, step: Step) -> io::Result<()> {
        let text = match step {
            Step::On => return Ok(()),
            Step::Back(ms) => {
                self.summary.steps_back += 1;
                if self.summary.steps_back > STEP_NOTES_MAX {
                    return Ok(());
                }
                format!("Log time goes back by {}; are the files in order?", Human(ms))
            }
            Step::Over(ms) => {
                format!("The log has a hole; its last {} are jumped over.", Human(ms))
            }
        };
        self.tell(&Record::Note { at: Some(at), text })
    }

    /// Records a line.
    fn feed(&mut self, event: &LogEvent) -> io::Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let now = running.clock.now();
        if event.name == EventName::Other {
            running.node.other_line(now);
            self.others.count += 1;
            return Ok(());
        }
        running.node.line(now, event);
        let is_block = matches!(event.name, EventName::BlockReceived | EventName::BlockProduced);
        if is_block && event.producer == Some(self.settings.producer) {
            self.summary.own_blocks += 1;
            self.summary.own_blocks_produced += u64::from(event.name == EventName::BlockProduced);
        }
        if let Some(time) = event.block_time.filter(|_| is_block) {
            self.follow_schedule(now, time)?;
        }
        if let Some(running) = &mut self.running {
            running.keeper.record(now, &Event::Log(*event));
        }
        self.tell_of_node(now, event.name)
    }

    /// Tells what the node says of its own production: once, however many lines say it.
    fn tell_of_node(&mut self, now: Now, event: EventName) -> io::Result<()> {
        let is_told = matches!(
            event,
            EventName::NodeStarted
                | EventName::NodeStopping
                | EventName::ProducerPaused
                | EventName::ProducerResumed
        );
        let is_block = matches!(event, EventName::BlockReceived | EventName::BlockProduced);
        if is_told && self.told != Some(event) {
            self.told = Some(event);
            return self.tell(&Record::Log { at: now.wall, event });
        }
        if is_block {
            self.told = None;
        }
        Ok(())
    }

    /// Tells the keeper the schedule, when a block of this time is under another one.
    fn follow_schedule(&mut self, now: Now, time: Timestamp) -> io::Result<()> {
        let reached = match &mut self.schedules {
            Schedules::Surveyed(timeline) => timeline.reached(time),
            Schedules::Followed(tracker) => tracker.active(),
        };
        let Some(active) = reached else { return Ok(()) };
        let known = self.active.as_ref().map(|active| &active.schedule.producers);
        if known == Some(&active.schedule.producers) {
            return Ok(());
        }
        if let Some(running) = &mut self.running {
            running.keeper.record(now, &Event::Schedule(Ok(active.schedule.clone())));
        }
        let record = schedule_record(now, &active);
        self.active = Some(active);
        self.tell(&record)
    }

    /// One second of log time.
    fn tick(&mut self, now: Now) -> io::Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        if self.others.count > 0 {
            self.others.last = String::from_utf8_lossy(&self.last_line).into_owned();
            running.keeper.record(now, &Event::OtherLines(self.others.clone()));
            self.others.count = 0;
        }
        running.poll(now, self.active.as_ref().map(|active| &active.schedule));
        let actions = running.keeper.tick(now);
        let mut records = running.changed_findings(now);
        records.extend(running.changed_decision(now));
        self.summary.decisions +=
            records.iter().filter(|r| matches!(r, Record::Decision { .. })).count() as u64;
        for record in &records {
            self.tell(record)?;
        }
        for action in actions {
            self.act(now, action)?;
        }
        let due = self
            .running
            .as_ref()
            .is_some_and(|running| now.mono.since_ms(running.turns_looked.mono) >= TURNS_EVERY_MS);
        if due {
            self.count_turns(now);
        }
        Ok(())
    }

    /// Answers an action as if it had been carried out.
    fn act(&mut self, now: Now, action: Action) -> io::Result<()> {
        let outcome = match action {
            Action::Alarm(notice) => return self.tell(&Record::alarm(notice)),
            Action::SaveLatch { id, .. } => done(id),
            Action::Act(Order { id, act, reason, incident, .. }) => {
                if matches!(act, Act::Promote | Act::PromoteRemote) {
                    self.summary.promotions += 1;
                }
                let at = now.wall;
                self.tell(&Record::Action { at, act, reason, incident, carried_out: false })?;
                done(id)
            }
        };
        if let Some(running) = &mut self.running {
            running.node.ask_paused_again();
            running.keeper.record(now, &Event::Outcome(outcome));
        }
        Ok(())
    }

    /// Adds the turns that are over since the last look.
    fn count_turns(&mut self, now: Now) {
        let Some(running) = &mut self.running else { return };
        running.turns_looked = now;
        for turn in running.keeper.status(now).producer.turns {
            if running.turn_counted.is_some_and(|counted| turn.start <= counted) {
                continue;
            }
            running.turn_counted = Some(turn.start);
            self.summary.turns += 1;
            if let Some(missed) = turn.missed() {
                self.summary.turns_watched += 1;
                self.summary.slots_missed += u64::from(missed);
            }
        }
    }

    fn tell(&mut self, record: &Record) -> io::Result<()> {
        record.write(self.json, self.output)
    }
}

/// When a line was printed; where the layout does not tell, when its block came.
fn time_of(event: &LogEvent) -> Option<Timestamp> {
    event.logged_at.or_else(|| Some(event.block_time?.plus_ms(event.latency_ms.unwrap_or(0))))
}

fn done(id: u64) -> Outcome {
    Outcome { id, result: ActResult::Done("replay: not carried out".to_owned()) }
}

fn schedule_record(now: Now, active: &Active) -> Record {
    let Schedule { producers, .. } = &active.schedule;
    let round = Human(active.schedule.round_ms());
    let origin = match active.origin {
        Origin::Given => "as given with --schedule",
        Origin::Stated => "as the log states",
        Origin::Signers => "as the signers tell",
    };
    let unseen = match active.unseen {
        0 => String::new(),
        places => format!("; nobody signed for {places} of them"),
    };
    let count = producers.len();
    let plural = if count == 1 { "" } else { "s" };
    let text = format!("{count} producer{plural}, a round is {round}, {origin}{unseen}.");
    Record::Schedule { at: now.wall, text, producers: producers.clone() }
}
