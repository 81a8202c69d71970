//! `eoskeeper replay`: what the keeper would have done while a log was recorded.
//!
//! Recorded lines go through the same [`Keeper`](crate::core::keeper::Keeper) as in the daemon,
//! with the time printed on them for the clock. `doc/replay.md` says what a recording cannot tell.

mod clock;
mod input;
mod node;
mod options;
mod player;
mod progress;
mod record;
mod running;
mod schedules;
mod signers;

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::bail;

use crate::config::{self, Config};
use crate::core::event::EventName;
use crate::core::schedule::Schedule;
use crate::core::settings::{Role, Settings, Wait};
use crate::nodeos::log::{Classifier, schedule_of};
use input::{Input, More};
use player::{Player, Schedules, Span};
use progress::Progress;
use record::{Header, Record};
use schedules::{Survey, Timeline, Tracker};

pub use options::{Options, parse_role, parse_schedule, parse_time};

/// Replays and prints to standard output. A reader that closes the pipe ends it without an error.
///
/// # Errors
/// Those of [`replay`].
pub fn run(options: Options) -> anyhow::Result<ExitCode> {
    let mut output = BufWriter::new(io::stdout().lock());
    match replay(options, &mut output) {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

/// Replays and writes what the keeper would have done to `output`, a record a line.
///
/// # Errors
/// The configuration is wrong ([`config::ConfigError`]), a log cannot be read, none of its lines
/// was understood or has a time, or `output` cannot be written.
pub fn replay(options: Options, output: &mut dyn Write) -> anyhow::Result<()> {
    let config = config::load(options.config.as_deref())?;
    let settings = settings(&config, options.role);
    let span = Span { from: options.from, to: options.to };
    if let (Some(from), Some(to)) = (span.from, span.to)
        && from >= to
    {
        bail!("--from {from} is not before --to {to}");
    }
    let input = Input::new(options.logs)?;
    let json = options.json;
    Record::Replay(header(&config, &settings, &input)).write(json, output)?;
    let given = options.schedule.map(|producers| Schedule { version: 0, producers });
    let tracker = Tracker::new(settings.producer, given);
    let schedules = if input.can_be_read_twice() {
        let timeline = survey(&input, tracker)?;
        if let Some(why) = &timeline.unknown {
            let text = format!("The schedule is not known at the end of the log: {why}.");
            Record::Note { at: None, text }.write(json, output)?;
        }
        Schedules::Surveyed(timeline)
    } else {
        let text = "The log is read once: unless --schedule names it, the schedule is known after \
                    a round.";
        Record::Note { at: None, text: text.to_owned() }.write(json, output)?;
        Schedules::Followed(tracker)
    };
    output.flush()?;
    play(&input, Player::new(settings, span, schedules, json, output))
}

/// Reads every line once.
fn play(input: &Input, mut player: Player<'_>) -> anyhow::Result<()> {
    let mut progress = Progress::new("replayed");
    input.each_line(|line| {
        progress.line();
        player.line(line)
    })?;
    progress.end();
    player.finish()
}

/// The first pass: which schedule was active when.
fn survey(input: &Input, tracker: Tracker) -> anyhow::Result<Timeline> {
    let mut survey = Survey::new(tracker);
    let mut classifier = Classifier::new();
    let mut progress = Progress::new("looked at for the schedule");
    input.each_line(|line| {
        progress.line();
        let event = classifier.classify(line);
        match event.name {
            EventName::ScheduleChanged => {
                if let Some(schedule) = schedule_of(line) {
                    survey.stated(schedule);
                }
            }
            EventName::BlockReceived | EventName::BlockProduced => {
                if let (Some(time), Some(producer)) = (event.block_time, event.producer) {
                    survey.block(time, producer);
                }
            }
            _ => {}
        }
        Ok(More::Yes)
    })?;
    progress.end();
    Ok(survey.finish())
}

/// The configuration's settings, in another role if one is named: with that role's own wait unless
/// the file gives one, and able to act, for the file says only how its own role acts.
fn settings(config: &Config, role: Option<Role>) -> Settings {
    let mut settings = config.settings.clone();
    let Some(role) = role.filter(|role| *role != settings.role) else { return settings };
    if settings.promotion.wait == Wait::Rounds(settings.role.wait_rounds()) {
        settings.promotion.wait = Wait::Rounds(role.wait_rounds());
    }
    settings.promotion.configured = role != Role::Observer;
    settings.promotion.can_demote = role != Role::Observer;
    settings.role = role;
    settings
}

fn header(config: &Config, settings: &Settings, input: &Input) -> Header {
    Header {
        eoskeeper: env!("CARGO_PKG_VERSION"),
        role: settings.role,
        producer: settings.producer,
        config: config.source.display().to_string(),
        log: input.name(),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
    })
}
