//! Our turns as a grid: a row for each turn, a cell for each of its twelve slots.

use maud::{Markup, html};

use super::escape::clean;
use super::view::View;
use super::words;
use crate::core::evidence::turns::TurnRecord;
use crate::core::schedule::TURN_SLOTS;
use crate::core::slots::{SlotState, TurnSlots};

/// Most rows: fifty minutes with 21 producers.
const ROWS_MAX: usize = 24;
/// Side of a cell, and its place to the next, units of the picture.
const CELL: usize = 10;
const STEP: usize = 13;

/// The turns.
pub(super) fn part(view: &View<'_>) -> Markup {
    let rows = rows(view);
    html! {
        section id="turns" class="turns" aria-labelledby="turns-title" {
            h2 id="turns-title" { "Our turns" }
            p class="lead" { (summary(&rows)) }
            @if !rows.is_empty() {
                (legend())
                div class="grid" {
                    table {
                        caption { "The newest turn first; a row is a turn, a cell one of its 12 slots." }
                        thead {
                            tr {
                                th scope="col" { "Began, UTC" }
                                th scope="col" { "Slots" }
                                th scope="col" { "Met" }
                            }
                        }
                        tbody {
                            @for turn in rows.iter().rev() { (row(turn)) }
                        }
                    }
                }
            }
        }
    }
}

/// The newest turns, oldest first: as they were settled, else as they were seen.
fn rows(view: &View<'_>) -> Vec<TurnSlots> {
    let mut rows = view.past.turns.clone();
    for seen in &view.status.producer.turns {
        if !rows.iter().any(|turn| turn.start == seen.start) {
            rows.push(as_seen(seen));
        }
    }
    rows.sort_by_key(|turn| turn.start);
    rows.split_off(rows.len().saturating_sub(ROWS_MAX))
}

/// A turn that is not settled: no block of it is known to stay.
pub(super) fn as_seen(turn: &TurnRecord) -> TurnSlots {
    let mut slots = [SlotState::Unknown; TURN_SLOTS as usize];
    for (at, slot) in slots.iter_mut().enumerate() {
        *slot = match (turn.seen >> at & 1 == 1, turn.complete) {
            (true, _) => SlotState::Produced,
            (false, true) => SlotState::Missed,
            (false, false) => SlotState::Unknown,
        };
    }
    TurnSlots { start: turn.start, slots, cause: None }
}

fn summary(rows: &[TurnSlots]) -> String {
    let count = |state| rows.iter().map(|turn| u64::from(turn.count(state))).sum::<u64>();
    let (met, known) = rows.iter().fold((0, 0), |(met, known), turn| {
        let (m, k) = turn.met();
        (met + u64::from(m), known + u64::from(k))
    });
    if rows.is_empty() {
        return "No turn of ours was seen yet.".to_owned();
    }
    let mut text = format!(
        "{met} of {} met in the last {}",
        words::count(known, "slot"),
        words::count(rows.len() as u64, "turn")
    );
    for (state, word) in [
        (SlotState::Missed, "missed"),
        (SlotState::ForkedOff, "forked off"),
        (SlotState::Late, "late"),
        (SlotState::Unknown, "not known"),
    ] {
        let number = count(state);
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    text.push('.');
    text
}

pub(super) fn row(turn: &TurnSlots) -> Markup {
    let (met, known) = turn.met();
    let is_lost = met < known;
    html! {
        tr class=[is_lost.then_some("lost")] {
            th scope="row" { (clock(turn)) }
            td {
                svg class="slots" viewBox=(format!("0 0 {} {CELL}", STEP * 12 - (STEP - CELL)))
                    role="img" aria-label=(spoken(turn)) {
                    @for (at, state) in turn.slots.iter().enumerate() { (cell(at, *state)) }
                }
            }
            td class="met" {
                span class="of" { (met) "/" (known) }
                @if let Some(cause) = &turn.cause { " " code { (clean(cause)) } }
            }
        }
    }
}

fn clock(turn: &TurnSlots) -> Markup {
    let text = turn.start.to_string();
    let (day, rest) = text.split_at(text.find('T').unwrap_or(0));
    let clock = rest.trim_start_matches('T').split('.').next().unwrap_or_default();
    html! { time datetime=(format!("{day}T{clock}Z")) data-form="title" { (clock) } }
}

/// A row in words: `12 of 12: all final`, or how many of what.
fn spoken(turn: &TurnSlots) -> String {
    let parts = SlotState::ALL.into_iter().filter_map(|state| {
        let count = turn.count(state);
        (count > 0).then(|| format!("{count} {}", word(state)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The states in words.
const fn word(state: SlotState) -> &'static str {
    match state {
        SlotState::Final => "final",
        SlotState::Produced => "seen, not final yet",
        SlotState::Late => "late",
        SlotState::ForkedOff => "forked off",
        SlotState::Missed => "missed",
        SlotState::Unknown => "not known",
    }
}

/// A cell; each state has a shape of its own.
fn cell(at: usize, state: SlotState) -> Markup {
    html! {
        g class=(state.as_str()) transform=(format!("translate({} 0)", at * STEP)) {
            @match state {
                SlotState::Final => rect class="body" width="10" height="10" rx="1.5" {},
                SlotState::Produced => {
                    rect class="body" x="1" y="1" width="8" height="8" rx="1" {}
                }
                SlotState::Late => {
                    rect class="body" width="10" height="10" rx="1.5" {}
                    circle class="sign" cx="5" cy="5" r="2" {}
                }
                SlotState::ForkedOff => {
                    rect class="body" width="10" height="10" rx="1.5" {}
                    path class="sign" d="M2.4 7.6 7.6 2.4" {}
                }
                SlotState::Missed => {
                    rect class="body" width="10" height="10" rx="1.5" {}
                    path class="sign" d="M2.6 2.6l4.8 4.8M7.4 2.6 2.6 7.4" {}
                }
                SlotState::Unknown => circle class="body" cx="5" cy="5" r="1.4" {},
            }
        }
    }
}

/// What the shapes are.
fn legend() -> Markup {
    html! {
        ul class="legend" {
            @for state in SlotState::ALL {
                li {
                    svg class="slots" viewBox="0 0 10 10" aria-hidden="true" { (cell(0, state)) }
                    (word(state))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Timestamp;
    use crate::web::page::sample;
    use crate::web::page::view::Past;

    #[test]
    fn a_settled_turn_takes_the_place_of_what_was_seen() {
        let start = Timestamp::from_ms(6_000);
        let mut status = sample::signing();
        let seen = |start, seen, complete| TurnRecord { start, seen, produced_here: 0, complete };
        status.producer.turns =
            vec![seen(start, 0xFFF, true), seen(start.plus_ms(126_000), 7, true)];
        let mut slots = [SlotState::Final; 12];
        slots[11] = SlotState::ForkedOff;
        let settled = TurnSlots { start, slots, cause: Some("<i>late_block".into()) };
        let past = Past { turns: vec![settled], ..Past::default() };
        let view = View { status: &status, past: &past, judged_ago_ms: 0 };
        let rows = rows(&view);
        assert_eq!(rows.len(), 2);
        assert_eq!(spoken(&rows[0]), "11 final, 1 forked off");
        assert_eq!(spoken(&rows[1]), "3 seen, not final yet, 9 missed");
        assert_eq!(
            summary(&rows),
            "14 of 24 slots met in the last 2 turns, 9 missed, 1 forked off."
        );
        let page = part(&view).into_string();
        assert!(page.contains("&lt;i&gt;late_block") && !page.contains("<i>"), "{page}");
        assert!(page.find("00:02:12").unwrap() < page.find("00:00:06").unwrap(), "newest first");
    }

    #[test]
    fn only_what_was_watched_counts() {
        let turn = TurnRecord {
            start: Timestamp::default(),
            seen: 0b1111,
            produced_here: 0,
            complete: false,
        };
        assert_eq!(spoken(&as_seen(&turn)), "4 seen, not final yet, 8 not known");
        assert_eq!(as_seen(&turn).met(), (4, 4));
    }

    #[test]
    fn no_two_states_have_the_same_shape() {
        let mut shapes: Vec<String> = SlotState::ALL
            .iter()
            .map(|state| cell(0, *state).into_string().split_once('>').unwrap().1.to_owned())
            .collect();
        shapes.sort();
        shapes.dedup();
        assert_eq!(shapes.len(), SlotState::ALL.len());
    }
}
