//! Our turns as a grid: a row for each turn, a sign for each of its twelve slots.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::cli::top::facts::Past;
use crate::cli::top::page::Page;
use crate::cli::top::paint::{Mark, Paint};
use crate::cli::top::words::{clean, clock, count, list, time};
use crate::core::schedule::TURN_SLOTS;
use crate::core::slots::{SlotState, TurnSlots};

/// Most turns: fifty minutes with 21 producers.
const TURNS_MAX: usize = 24;
/// Columns of one turn: `02:48:37 ############ 12/12   `.
const TURN_COLUMNS: usize = 30;

/// The turns.
pub(in crate::cli::top) fn turns(page: &mut Page, status: &Value, past: &Past) {
    let rows = rows(status, past);
    page.title("Our turns", &summary(&rows));
    let beside = (page.width().saturating_sub(2) / TURN_COLUMNS).max(1);
    let newest: Vec<&TurnSlots> = rows.iter().rev().collect();
    // Down one column, then the next, as one reads a list.
    let lines = newest.len().div_ceil(beside);
    for at in 0..lines {
        let mut line = Line::from("  ");
        for turn in newest.iter().skip(at).step_by(lines.max(1)) {
            line.spans.extend(turn_spans(turn, page.paint()));
        }
        page.line(line);
    }
    let lost = newest.iter().find_map(|turn| turn.cause.as_ref().map(|cause| (turn.start, cause)));
    if let Some((start, cause)) = lost {
        let text = format!("Last loss: the turn of {}, by {}.", clock(start), clean(cause));
        page.item(Mark::Warn, &text);
    }
}

/// The newest turns, oldest first: as they were settled, else as they were seen.
fn rows(status: &Value, past: &Past) -> Vec<TurnSlots> {
    let mut rows = past.turns.clone();
    for seen in list(&status["producer"]["turns"]).filter_map(as_seen) {
        if !rows.iter().any(|turn| turn.start == seen.start) {
            rows.push(seen);
        }
    }
    rows.sort_by_key(|turn| turn.start);
    rows.split_off(rows.len().saturating_sub(TURNS_MAX))
}

/// A turn that is not settled: no block of it is known to stay.
fn as_seen(turn: &Value) -> Option<TurnSlots> {
    let (start, seen) = (time(&turn["start"])?, turn["seen"].as_u64()?);
    let mut slots = [SlotState::Unknown; TURN_SLOTS as usize];
    for (at, slot) in slots.iter_mut().enumerate() {
        *slot = match (seen >> at & 1 == 1, turn["complete"] == true) {
            (true, _) => SlotState::Produced,
            (false, true) => SlotState::Missed,
            (false, false) => SlotState::Unknown,
        };
    }
    Some(TurnSlots { start, slots, cause: None })
}

fn summary(rows: &[TurnSlots]) -> String {
    if rows.is_empty() {
        return "None was seen yet.".to_owned();
    }
    let of = |state| rows.iter().map(|turn| u64::from(turn.count(state))).sum::<u64>();
    let (met, known) = rows
        .iter()
        .map(TurnSlots::met)
        .fold((0, 0), |(met, known), (m, k)| (met + u64::from(m), known + u64::from(k)));
    let mut text = format!(
        "{met} of {} met in the last {}",
        count(known, "slot"),
        count(rows.len() as u64, "turn")
    );
    for state in [SlotState::Missed, SlotState::ForkedOff, SlotState::Late, SlotState::Unknown] {
        if let number @ 1.. = of(state) {
            text += &format!(", {number} {}", word(state));
        }
    }
    text + "."
}

fn turn_spans(turn: &TurnSlots, paint: Paint) -> Vec<Span<'static>> {
    let mut spans = vec![Span::styled(clock(turn.start) + " ", paint.dim())];
    for state in turn.slots {
        spans.push(Span::styled(sign(state, paint), paint.style(mark(state))));
    }
    let (met, known) = turn.met();
    let figure = format!(" {:<8}", format!("{met}/{known}"));
    let mark = if met < known { Mark::Bad } else { Mark::Quiet };
    spans.push(Span::styled(figure, paint.style(mark)));
    spans
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

const fn mark(state: SlotState) -> Mark {
    match state {
        SlotState::Final | SlotState::Produced => Mark::Good,
        SlotState::Late => Mark::Warn,
        SlotState::ForkedOff | SlotState::Missed => Mark::Bad,
        SlotState::Unknown => Mark::Quiet,
    }
}

/// Each state has a sign of its own.
const fn sign(state: SlotState, paint: Paint) -> &'static str {
    match (state, paint.has_unicode()) {
        (SlotState::Final, true) => "█",
        (SlotState::Produced, true) => "▒",
        (SlotState::Late, true) => "▄",
        (SlotState::Final, false) => "#",
        (SlotState::Produced, false) => "=",
        (SlotState::Late, false) => "_",
        (SlotState::ForkedOff, _) => "/",
        (SlotState::Missed, _) => "x",
        (SlotState::Unknown, true) => "·",
        (SlotState::Unknown, false) => ".",
    }
}

/// What the signs mean.
pub(in crate::cli::top) fn legend(page: &mut Page) {
    let paint = page.paint();
    for state in SlotState::ALL {
        let sign = Span::styled(sign(state, paint), paint.style(mark(state)));
        let text = Span::raw(format!("  a slot of ours: {}", word(state)));
        page.line(Line::from(vec![Span::raw("  "), sign, text]));
    }
    for (mark, text) in [
        (Mark::Good, "as it should be; an open gate"),
        (Mark::Warn, "to be looked at; a closed gate"),
        (Mark::Bad, "blocks are lost or soon will be"),
        (Mark::Unknown, "not known"),
    ] {
        let sign = Span::styled(paint.sign(mark), paint.style(mark));
        page.line(Line::from(vec![Span::raw("  "), sign, Span::raw(format!("  {text}"))]));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::time::Timestamp;

    #[test]
    fn a_settled_turn_takes_the_place_of_what_was_seen() {
        let start = Timestamp::from_ms(6_000);
        let status = json!({ "producer": { "turns": [
            { "start": start, "seen": 0xFFF, "complete": true },
            { "start": start.plus_ms(126_000), "seen": 7, "complete": true },
            { "start": start.plus_ms(252_000), "seen": 1, "complete": false },
        ] } });
        let mut slots = [SlotState::Final; 12];
        slots[11] = SlotState::ForkedOff;
        let settled = TurnSlots { start, slots, cause: Some("late\u{1b}_block".into()) };
        let past = Past { turns: vec![settled], ..Past::default() };
        let all = rows(&status, &past);
        assert_eq!(
            summary(&all),
            "15 of 25 slots met in the last 3 turns, 9 missed, 1 forked off, 11 not known."
        );
        let mut page = Page::new(70, Paint::of(false, true));
        turns(&mut page, &status, &past);
        let shown: Vec<String> = page.into_lines().iter().map(ToString::to_string).collect();
        for expected in [
            "  00:04:18 ▒··········· 1/1     00:00:06 ███████████/ 11/12",
            "  00:02:12 ▒▒▒xxxxxxxxx 3/12",
            "  ▲ Last loss: the turn of 00:00:06, by late\u{fffd}_block.",
        ] {
            assert!(shown.iter().any(|line| line.trim_end() == expected), "{expected}\n{shown:#?}");
        }
    }

    #[test]
    fn no_two_states_have_the_same_sign() {
        for paint in [Paint::of(true, true), Paint::of(true, false)] {
            let mut signs = SlotState::ALL.map(|state| sign(state, paint)).to_vec();
            signs.sort_unstable();
            signs.dedup();
            assert_eq!(signs.len(), SlotState::ALL.len());
        }
    }
}
