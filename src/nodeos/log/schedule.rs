//! The schedule that a line states.

use serde::Deserialize;

use crate::core::name::Name;
use crate::core::schedule::{PRODUCERS_MAX, Schedule};
use crate::nodeos::log::ansi;
use crate::nodeos::log::layout::{self, Columns};
use crate::nodeos::log::message::Source;

/// `producer_schedule_type` (to 1.8) or `producer_authority_schedule`; keys are of no interest.
#[derive(Deserialize)]
struct Printed {
    version: u32,
    producers: Vec<Producer>,
}

#[derive(Deserialize)]
struct Producer {
    producer_name: Name,
}

/// The schedule of a `schedule_changed` line that prints it whole: `promoting proposed schedule …
/// schedule: {…}` (dawn-4.0 to Leap 5, Spring on a legacy chain) or Savanna's `Scheduling proposer
/// schedule {…}, proposed at: …`. `None` for any other line, and for one that was cut.
///
/// It is the schedule to come, not the active one: a legacy chain changes about two LIB lags later,
/// Savanna at the turn after the next.
#[must_use]
pub fn schedule_of(line: &[u8]) -> Option<Schedule> {
    let mut copy = Vec::new();
    let line = ansi::without_colour(line, &mut copy);
    let message = match Columns::default().read(line) {
        Some(record) if Source::of(&record).is_network() => return None,
        Some(record) => record.message,
        None => layout::trim(line),
    };
    let json = json_in(message)?;
    // The first JSON value; text follows it.
    let printed = serde_json::Deserializer::from_slice(json).into_iter::<Printed>().next()?.ok()?;
    let producers: Vec<Name> =
        printed.producers.into_iter().map(|producer| producer.producer_name).collect();
    let in_bounds = (1..=PRODUCERS_MAX).contains(&producers.len());
    in_bounds.then_some(Schedule { version: printed.version, producers })
}

/// Where the JSON of a message begins.
fn json_in(message: &[u8]) -> Option<&[u8]> {
    let known: [&[u8]; 2] = [b"promoting proposed schedule ", b"Scheduling proposer schedule "];
    known.iter().find(|start| message.starts_with(start))?;
    let brace = message.iter().position(|byte| *byte == b'{')?;
    Some(&message[brace..])
}
