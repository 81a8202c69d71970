//! The producer: whether it signs, and since when not.

use maud::{Markup, html};

use super::{Card, plain};
use crate::core::evidence::own::Via;
use crate::core::status::{ProducerStatus, Status};
use crate::web::page::mark::Mark;
use crate::web::page::words;

pub(super) fn card(status: &Status) -> Card {
    let producer = &status.producer;
    let (mark, headline) = headline(producer, status.chain.round_ms);
    let mut rows = vec![("Last block", last_block(producer))];
    if let (Some(silent), Some(wait)) = (producer.silent_ms, producer.wait_ms) {
        rows.push(("Silent for", silence(silent, wait)));
    }
    rows.push(("Next turn", next_turn(status)));
    rows.push(("Missed", plain(missed(producer))));
    if let Some(neighbours) = &producer.neighbours
        && (producer.missed_rounds > 0 || !neighbours.missing.is_empty())
    {
        rows.push(("Neighbours", plain(neighbours.sentence())));
    }
    Card { id: "producer", title: "Producer", mark, headline, rows, below: html! {} }
}

fn headline(producer: &ProducerStatus, round_ms: Option<u64>) -> (Mark, String) {
    if producer.scheduled == Some(false) {
        return (Mark::Quiet, "Not in the schedule".to_owned());
    }
    let Some(silent) = producer.silent_ms else {
        let said = match producer.last_block {
            Some(_) => "Cannot be seen now",
            None => "Not seen yet",
        };
        return (Mark::Unknown, said.to_owned());
    };
    let is_late = round_ms.is_some_and(|round| silent > round);
    let is_missing = producer.wait_ms.is_some_and(|wait| silent >= wait);
    match (producer.last_block, is_missing, is_late) {
        (_, true, _) => (Mark::Bad, format!("Missing for {}", words::span(silent))),
        (_, _, true) => (Mark::Warn, format!("Silent for {}", words::span(silent))),
        (None, ..) => (Mark::Unknown, "No block seen yet".to_owned()),
        (Some(_), ..) => (Mark::Good, "Signs".to_owned()),
    }
}

fn last_block(producer: &ProducerStatus) -> Markup {
    let Some(block) = producer.last_block else { return plain("none seen yet") };
    let via = match block.via {
        Via::Produced => "signed here",
        Via::Received => "received",
        Via::Polled => "polled",
    };
    html! { "#" (block.number) ", " (words::span(block.seen_ago_ms)) " ago, " (via) }
}

/// The silence so far as a bar, up to what this role waits.
fn silence(silent_ms: u64, wait_ms: u64) -> Markup {
    let share = (silent_ms.min(wait_ms) * 100).checked_div(wait_ms).unwrap_or(0);
    html! {
        (words::span(silent_ms)) " of " (words::span(wait_ms)) " that this role waits"
        svg class="bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true" {
            rect class="track" width="100" height="3" {}
            rect class="done" width=(share) height="3" {}
        }
    }
}

fn next_turn(status: &Status) -> Markup {
    html! {
        @match status.producer.next_turn {
            None => "not known",
            Some(at) if at <= status.at => { "began at " (words::time(at)) },
            Some(at) => (words::time(at)),
        }
    }
}

fn missed(producer: &ProducerStatus) -> String {
    let turns = words::count(producer.turns.len() as u64, "turn");
    let slots = words::count(producer.missed_slots.into(), "slot");
    match producer.missed_rounds {
        0 => format!("{slots} in the last {turns}"),
        rounds => format!(
            "{slots} in the last {turns}; {} in a row without a block",
            words::count(rounds.into(), "round")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::sample;

    #[test]
    fn the_headline_says_whether_it_signs() {
        let round = Some(126_000);
        let well = sample::signing().producer;
        for (silent, scheduled, mark, said) in [
            (Some(3_000), Some(true), Mark::Good, "Signs"),
            (Some(127_000), Some(true), Mark::Warn, "Silent for 2 min 7 s"),
            (Some(260_000), Some(true), Mark::Bad, "Missing for 4 min 20 s"),
            (Some(260_000), Some(false), Mark::Quiet, "Not in the schedule"),
            (None, None, Mark::Unknown, "Cannot be seen now"),
        ] {
            let wait_ms = Some(260_000);
            let producer = ProducerStatus { silent_ms: silent, wait_ms, scheduled, ..well.clone() };
            assert_eq!(headline(&producer, round), (mark, said.to_owned()), "{silent:?}");
        }
    }

    #[test]
    fn the_bar_never_leaves_its_track() {
        for (silent, wait, width) in [(0, 0, 0), (130_000, 260_000, 50), (999_000, 260_000, 100)] {
            let bar = silence(silent, wait).into_string();
            assert!(bar.contains(&format!("class=\"done\" width=\"{width}\"")), "{bar}");
        }
    }
}
