//! Blocks produced and missed: stacked by what became of each slot, with the share that was met.

use std::collections::BTreeMap;

use super::frame::{self, Key, Mark};
use super::palette;
use super::panel::Panel;
use super::scale::Scale;
use super::series::{self, Cadence};
use super::sheet::{Drawn, Rect, Sheet};
use super::{Data, Period};
use crate::core::alarm::message::PictureKind;
use crate::core::slots::{SlotState, TurnSlots};
use crate::core::time::Timestamp;

/// A round with 21 producers, where fewer than two turns say how long one is.
pub(super) const ROUND_MS: i64 = 126_000;
/// Most causes that are named.
const CAUSES_MAX: usize = 3;

const HOUR_MS: i64 = 3_600_000;
/// How many turns a bar takes together, as long as that is less than an hour.
const TURNS: [i64; 5] = [1, 2, 5, 10, 20];
/// What they are taken together by when they are too many for that.
const BUCKETS_MS: [(i64, &str); 6] = [
    (HOUR_MS, "an hour"),
    (2 * HOUR_MS, "2 hours"),
    (6 * HOUR_MS, "6 hours"),
    (12 * HOUR_MS, "12 hours"),
    (24 * HOUR_MS, "a day"),
    (7 * 24 * HOUR_MS, "a week"),
];

/// Slots by state, in the order of [`SlotState::ALL`].
type Counts = [u32; SlotState::ALL.len()];

/// One bar.
struct Bar {
    from: Timestamp,
    to: Timestamp,
    counts: Counts,
}

impl Bar {
    fn total(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// Slots that were met, and slots of which that is known.
    fn met(&self) -> (u32, u32) {
        met(&self.counts)
    }
}

fn met(counts: &Counts) -> (u32, u32) {
    let known =
        SlotState::ALL.iter().zip(counts).filter_map(|(s, count)| Some((s.is_met()?, count)));
    known.fold((0, 0), |(met, all), (is_met, count)| {
        (met + if is_met { *count } else { 0 }, all + count)
    })
}

fn count<'t>(turns: impl IntoIterator<Item = &'t TurnSlots>) -> Counts {
    turns.into_iter().fold(Counts::default(), |mut counts, turn| {
        for (sum, state) in counts.iter_mut().zip(SlotState::ALL) {
            *sum += turn.count(state);
        }
        counts
    })
}

/// The turns of the period by time, each once.
pub(super) fn turns<'d>(data: &Data<'d>) -> Vec<&'d TurnSlots> {
    let mut turns = series::of_period(data.turns, data.period, |turn| turn.start);
    // What was written later of a turn is truer.
    turns.reverse();
    turns.dedup_by_key(|turn| turn.start);
    turns.reverse();
    turns
}

/// From one turn of ours to the next: the middle of what was seen.
pub(super) fn round_ms(turns: &[&TurnSlots]) -> i64 {
    let mut apart: Vec<i64> =
        turns.windows(2).map(|pair| pair[1].start.since_ms(pair[0].start)).collect();
    apart.sort_unstable();
    apart.get(apart.len() / 2).copied().unwrap_or(ROUND_MS).max(1)
}

/// What both pictures of slots show, in words.
pub(super) fn facts(data: &Data<'_>) -> String {
    let turns = turns(data);
    if turns.is_empty() {
        return "no turn of ours in this period".to_owned();
    }
    let counts = count(turns.iter().copied());
    let (met, known) = met(&counts);
    let mut facts = match known {
        0 => format!("nothing is known of {} slots", counts.iter().sum::<u32>()),
        _ => {
            let share = frame::share(u64::from(met), u64::from(known));
            format!("{met} of {known} slots met ({share})")
        }
    };
    let lost =
        SlotState::ALL.iter().zip(counts).filter(|(s, n)| s.is_met() == Some(false) && *n > 0);
    let lost: Vec<String> =
        lost.map(|(state, count)| format!("{count} {}", words(*state))).collect();
    if !lost.is_empty() {
        facts.push_str(&format!(": {}", lost.join(", ")));
    }
    let causes = causes(&turns);
    if !causes.is_empty() {
        facts.push_str(&format!("; lost to {}", causes.join(", ")));
    }
    facts
}

/// The causes that cost most, with the slots each cost.
fn causes(turns: &[&TurnSlots]) -> Vec<String> {
    let mut sums: BTreeMap<&str, u32> = BTreeMap::new();
    for turn in turns {
        let (met, known) = turn.met();
        if let Some(cause) = turn.cause.as_deref().filter(|_| known > met) {
            *sums.entry(cause).or_default() += known - met;
        }
    }
    let mut sums: Vec<(&str, u32)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, lost)| std::cmp::Reverse(*lost));
    sums.into_iter()
        .take(CAUSES_MAX)
        .map(|(cause, lost)| format!("{} {lost}", super::font::clean(cause)))
        .collect()
}

pub(super) const fn words(state: SlotState) -> &'static str {
    match state {
        SlotState::Final => "final",
        SlotState::Produced => "produced",
        SlotState::ForkedOff => "forked off",
        SlotState::Late => "late",
        SlotState::Missed => "missed",
        SlotState::Unknown => "not known",
    }
}

/// The bars, and what one of them is: some turns, or from an hour on a piece of the clock's time.
fn bars(turns: &[&TurnSlots], data: &Data<'_>, width: i32, least: i32) -> (Vec<Bar>, String) {
    let round_ms = round_ms(turns);
    let fits = |ms: i64| i64::from(width) * ms / data.period.ms() >= i64::from(least);
    let few = TURNS.into_iter().find(|count| fits(round_ms.saturating_mul(*count)));
    match few.filter(|count| round_ms.saturating_mul(*count) <= HOUR_MS) {
        Some(1) => (of_turns(turns, 1, round_ms), "a turn".to_owned()),
        Some(count) => (of_turns(turns, count, round_ms), format!("{count} turns")),
        None => {
            let found = BUCKETS_MS.iter().find(|(ms, _)| fits(*ms));
            let (step_ms, words) = found.unwrap_or(&BUCKETS_MS[BUCKETS_MS.len() - 1]);
            (of_hours(turns, data, *step_ms), (*words).to_owned())
        }
    }
}

/// A bar for so many rounds each, from the first turn on.
fn of_turns(turns: &[&TurnSlots], each: i64, round_ms: i64) -> Vec<Bar> {
    let Some(first) = turns.first() else { return Vec::new() };
    let length_ms = round_ms.saturating_mul(each);
    // Half a round of play: a turn is never quite a round after the one before.
    let number = |turn: &TurnSlots| (turn.start.since_ms(first.start) + round_ms / 2) / length_ms;
    let bar = |part: &[&TurnSlots]| {
        let from = first.start.plus_ms(number(part[0]) * length_ms);
        Bar { from, to: from.plus_ms(length_ms * 9 / 10), counts: count(part.iter().copied()) }
    };
    turns.chunk_by(|a, b| number(a) == number(b)).map(bar).collect()
}

/// A bar for each piece of time between two round times of the clock.
fn of_hours(turns: &[&TurnSlots], data: &Data<'_>, step_ms: i64) -> Vec<Bar> {
    // One more on either side: the first bar begins before the period, the last ends after it.
    let wide = Period {
        from: data.period.from.plus_ms(-step_ms - HOUR_MS),
        to: data.period.to.plus_ms(step_ms + HOUR_MS),
    };
    let marks = data.zone.marks(wide, step_ms);
    let bar = |pair: &[Timestamp]| {
        let begin = turns.partition_point(|turn| turn.start < pair[0]);
        let end = turns.partition_point(|turn| turn.start < pair[1]);
        Bar { from: pair[0], to: pair[1], counts: count(turns[begin..end].iter().copied()) }
    };
    marks.windows(2).map(bar).filter(|bar| bar.total() > 0).collect()
}

pub(super) fn draw(sheet: &mut Sheet<'_>, data: &Data<'_>) -> Drawn {
    let turns = turns(data);
    frame::header(sheet, PictureKind::Production, data, &facts(data))?;
    let cadence = Cadence::every(round_ms(&turns));
    let rows = turns.iter().map(|turn| (turn.start, None));
    let stretches = series::stretches(rows, data.period, cadence);
    let mut keys = keys(&count(turns.iter().copied()));
    keys.extend(frame::hole_keys(&stretches));
    frame::legend(sheet, &keys)?;
    let all = frame::room(sheet, frame::time_axis_height(sheet));
    // The gutter is not known yet; some pixels more or less choose no other bars.
    let (bars, each) = bars(&turns, data, all.w - 4 * sheet.em, (sheet.em / 3).max(5));
    let least = bars.iter().filter_map(share_met).fold(100.0, f64::min);
    let (upper, lower) = frame::halves(sheet, all, 30);
    let upper = frame::part(sheet, upper, "slots met, %")?;
    let lower = frame::part(sheet, lower, &format!("slots; one bar is {each}"))?;
    let most = bars.iter().map(Bar::total).max().unwrap_or(0);
    let shares = Scale::linear(least.min(99.0), 100.0, frame::rows(sheet, upper.h).min(4), false);
    let slots = Scale::linear(0.0, f64::from(most), frame::rows(sheet, lower.h), true);
    let left = frame::gutter(sheet, &shares).max(frame::gutter(sheet, &slots));
    let panel = |rect: Rect, scale: &Scale| {
        let rect = Rect { x: rect.x + left, w: rect.w - left, ..rect };
        Panel::new(sheet, rect, data.period, scale.low, scale.high)
    };
    let (upper, lower) = (panel(upper, &shares), panel(lower, &slots));
    for (panel, scale) in [(&upper, &shares), (&lower, &slots)] {
        frame::holes(sheet, panel, &stretches)?;
        frame::time_grid(sheet, panel, data.period, &data.zone)?;
        frame::value_axis(sheet, panel, scale)?;
    }
    sheet.rect(Rect { y: upper.rect.bottom(), h: 2, ..upper.rect }, palette::AXIS)?;
    for bar in &bars {
        stack(sheet, &lower, bar)?;
        if let Some(share) = share_met(bar) {
            met_in(sheet, &upper, bar, share)?;
        }
    }
    frame::time_axis(sheet, &lower, data.period, &data.zone)
}

/// The states there are, and always those a reader looks for.
fn keys(counts: &Counts) -> Vec<Key> {
    let is_shown = |(state, count): &(&SlotState, &u32)| {
        **count > 0 || matches!(state, SlotState::Final | SlotState::Missed)
    };
    SlotState::ALL
        .iter()
        .zip(counts)
        .filter(is_shown)
        .map(|(state, _)| (Mark::Area(palette::slot(*state)), words(*state).to_owned()))
        .collect()
}

/// Per cent of the known slots of a bar.
fn share_met(bar: &Bar) -> Option<f64> {
    let (met, known) = bar.met();
    (known > 0).then(|| f64::from(met) * 100.0 / f64::from(known))
}

/// Left and right edge of a bar: a pixel of paper stays between two.
fn edges(panel: &Panel<'_>, bar: &Bar) -> (i32, i32) {
    let (left, right) = (panel.x(bar.from), panel.x(bar.to));
    (left, (right - 1).max(left + 1))
}

fn stack(sheet: &Sheet<'_>, panel: &Panel<'_>, bar: &Bar) -> Drawn {
    let (left, right) = edges(panel, bar);
    let mut below = 0;
    for (state, count) in SlotState::ALL.into_iter().zip(bar.counts) {
        let (low, high) = (panel.y(f64::from(below)), panel.y(f64::from(below + count)));
        let rect = Rect { x: left, y: high, w: right - left, h: low - high };
        sheet.rect(rect, palette::slot(state))?;
        below += count;
    }
    Ok(())
}

/// A flat line at the share; red below all of them.
fn met_in(sheet: &Sheet<'_>, panel: &Panel<'_>, bar: &Bar, share: f64) -> Drawn {
    let (left, right) = edges(panel, bar);
    let thick = i32::try_from(sheet.pen()).unwrap_or(2) * 3 / 2;
    let y = (panel.y(share) - thick / 2).min(panel.rect.bottom() - thick);
    let colour = if share < 100.0 { palette::LIMIT } else { palette::slot(SlotState::Final) };
    sheet.rect(Rect { x: left, y, w: right - left, h: thick }, colour)
}
