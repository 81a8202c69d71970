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

/// The schedule of a `schedule_changed` line that prints it whole: `promoting proposed schedule`
/// (dawn-4.0 to Leap 5, Spring on a legacy chain) or Savanna's `Scheduling proposer schedule`.
/// `None` for any other line, and for one that was cut.
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

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &str = "info  2024-09-27T03:44:56.027 nodeos    controller.cpp:1848           start_block          ] ";

    fn names(line: &str) -> Option<(u32, Vec<String>)> {
        let schedule = schedule_of(line.as_bytes())?;
        Some((schedule.version, schedule.producers.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn a_schedule_is_read_from_each_dialect() {
        let two = Some((7, vec!["bp.one".to_owned(), "bp.two".to_owned()]));
        for message in [
            r#"promoting proposed schedule (set in block 25) to pending; current block: 26 lib: 25 schedule: {"version":7,"producers":[{"producer_name":"bp.one","block_signing_key":"EOS6MRyA"},{"producer_name":"bp.two","block_signing_key":"EOS6MRyA"}]} "#,
            r#"promoting proposed schedule (set in block 25) to pending; current block: 26 lib: 25 schedule: {"version":7,"producers":[{"producer_name":"bp.one","authority":[0,{"threshold":1,"keys":[{"key":"EOS6MRyA","weight":1}]}]},{"producer_name":"bp.two","authority":[0,{"threshold":1,"keys":[]}]}]}"#,
            r#"Scheduling proposer schedule {"version":7,"producers":[{"producer_name":"bp.one"},{"producer_name":"bp.two"}]}, proposed at: 2024-09-27T03:44:56.000"#,
            r#"Scheduling proposer schedule change at 2024-09-27T03:44:56.000: {"version":7,"producers":[{"producer_name":"bp.one"},{"producer_name":"bp.two"}]}"#,
        ] {
            assert_eq!(names(&format!("{COLUMNS}{message}")), two, "{message}");
            assert_eq!(names(&format!("\x1b[32mnodeos-1  | {COLUMNS}{message}\x1b[0m\r")), two);
            assert_eq!(names(message), two, "a message alone");
        }
    }

    #[test]
    fn other_lines_and_broken_schedules_give_none() {
        let many = r#"{"producer_name":"a"},"#.repeat(PRODUCERS_MAX) + r#"{"producer_name":"b"}"#;
        for line in [
            String::new(),
            format!("{COLUMNS}Produced block"),
            format!("{COLUMNS}Scheduling proposer schedule"),
            format!(r#"{COLUMNS}Scheduling proposer schedule {{"version":7,"producers":[]}}"#),
            format!(
                r#"{COLUMNS}Scheduling proposer schedule {{"version":7,"producers":[{{"producer_name":"bp.one"}},{{"prod"#
            ),
            format!(
                r#"{COLUMNS}Scheduling proposer schedule {{"version":7,"producers":[{{"producer_name":"Bp9"}}]}}"#
            ),
            format!(
                r#"{COLUMNS}Scheduling proposer schedule {{"version":7,"producers":[{many}]}}"#
            ),
            format!(
                r#"{COLUMNS}said Scheduling proposer schedule {{"version":7,"producers":[{{"producer_name":"a"}}]}}"#
            ),
            format!(
                r#"{}Scheduling proposer schedule {{"version":7,"producers":[{{"producer_name":"a"}}]}}"#,
                COLUMNS.replace("controller", "net_plugin")
            ),
        ] {
            assert_eq!(names(&line), None, "{line}");
        }
    }
}
