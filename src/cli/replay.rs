//! `eoskeeper replay`: what the keeper would have done while a log was recorded.
//!
//! Recorded lines go through the same [`Keeper`](crate::core::keeper::Keeper) as in the daemon,
//! with the time printed on them for the clock. `doc/replay.md` says what a recording cannot tell.

mod clock;
mod input;
mod node;
mod options;
mod player;
mod record;
mod running;
mod schedules;
mod signers;

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use crate::cli::Usage;
use crate::cli::progress::{Beside, Progress, Unit};
use crate::config::{self, Config, ConfigError};
use crate::core::name::Name;
use crate::core::schedule::Schedule;
use crate::core::settings::{Role, Settings, Wait};
use crate::nodeos::log::Classifier;
use input::{Input, More};
use player::{Player, Schedules, Span};
use record::{Header, Record};
use schedules::{Survey, Timeline, Tracker};

pub use options::{Options, parse_role, parse_schedule, parse_time};

/// Exit code for a wrong configuration.
const EXIT_CONFIG: u8 = 2;

/// Replays and prints to standard output. A reader that closes the pipe ends it without an error;
/// a wrong configuration is told on standard error and is exit code 2.
///
/// # Errors
/// The others of [`replay`].
pub fn run(options: Options) -> anyhow::Result<ExitCode> {
    let stdout = io::stdout();
    // A terminal has whole lines at once, each in the place of the message how far it is.
    let mut output: Box<dyn Write> = match stdout.is_terminal() {
        true => Box::new(Beside(stdout.lock())),
        false => Box::new(BufWriter::new(stdout.lock())),
    };
    match replay(options, &mut *output) {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) if error.is::<ConfigError>() => {
            eprintln!("eoskeeper: {error:#}");
            Ok(ExitCode::from(EXIT_CONFIG))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

/// Replays and writes what the keeper would have done to `output`, a record a line.
///
/// # Errors
/// The configuration is wrong ([`ConfigError`]), a log cannot be read, none of its lines
/// was understood or has a time, or `output` cannot be written.
pub fn replay(options: Options, output: &mut dyn Write) -> anyhow::Result<()> {
    let config = config::load_node(options.config.as_deref(), options.node.as_deref())?;
    let settings = settings(&config, options.role);
    let span = Span { from: options.from, to: options.to };
    if let (Some(from), Some(to)) = (span.from, span.to)
        && from >= to
    {
        return Err(
            Usage(format!("--from {from} is not before --to {to}; change them over")).into()
        );
    }
    let input = Input::new(options.logs, options.has_progress)?;
    let json = options.json;
    Record::Replay(header(&config, &settings, &input)).write(json, output)?;
    let given = options.schedule.map(|producers| Schedule { version: 0, producers });
    let (schedules, notes) = schedules(&input, settings.producer, given)?;
    for text in notes {
        Record::Note { at: None, text }.write(json, output)?;
    }
    output.flush()?;
    play(&input, Player::new(settings, span, schedules, json, output))
}

/// Reads every line once.
fn play(input: &Input, mut player: Player<'_>) -> anyhow::Result<()> {
    let mut progress = progress("Replaying", input);
    input.each_line(|line, bytes| {
        progress.done(bytes);
        player.line(line)
    })?;
    drop(progress);
    player.finish()
}

/// How far a pass over the input is.
fn progress(what: &'static str, input: &Input) -> Progress {
    Progress::new(what, Unit::Bytes, input.bytes(), input.has_progress())
}

/// Where the schedule comes from, and what is to be known about that.
fn schedules(
    input: &Input,
    producer: Name,
    given: Option<Schedule>,
) -> anyhow::Result<(Schedules, Vec<String>)> {
    let is_given = given.is_some();
    let tracker = Tracker::new(producer, given);
    let mut notes = Vec::new();
    if !input.can_be_read_twice() {
        if !is_given {
            let note = "The log is read once and --schedule names no producers: the schedule is \
                        known after the first round.";
            notes.push(note.to_owned());
        }
        return Ok((Schedules::Followed(tracker), notes));
    }
    let timeline = survey(input, tracker)?;
    if is_given && !timeline.has_given() {
        notes.push("The blocks contradict --schedule; it is not used.".to_owned());
    }
    if let Some(why) = &timeline.unknown {
        notes.push(format!("The schedule is not known at the end of the log: {why}."));
    }
    Ok((Schedules::Surveyed(timeline), notes))
}

/// The first pass: which schedule was active when.
fn survey(input: &Input, tracker: Tracker) -> anyhow::Result<Timeline> {
    let mut survey = Survey::new(tracker);
    let mut classifier = Classifier::new();
    let mut progress = progress("Schedule", input);
    input.each_line(|line, bytes| {
        progress.done(bytes);
        survey.line(line, &classifier.classify(line));
        Ok(More::Yes)
    })?;
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
