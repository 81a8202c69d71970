//! What stands around a plot: title, facts, legend and axes. All of it is measured before it is
//! drawn, and what has no room is shortened or left out, so that no two texts touch.

use super::font::{self, Weight};
use super::palette::{self, Colour};
use super::panel::Panel;
use super::scale::Scale;
use super::series::{Hole, Stretch};
use super::sheet::{Align, Drawn, Rect, Sheet};
use super::zone::{STEPS_MS, Zone};
use super::{ChartError, Data, Period, Subject, slots};
use crate::core::alarm::message::PictureKind;
use crate::core::slots::SlotState;
use crate::core::time::Timestamp;

/// How an entry of the legend looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Line(Colour),
    Dashes(Colour),
    Area(Colour),
    Slot(SlotState),
}

/// An entry of the legend.
pub(super) type Key = (Mark, String);

/// What the picture is called.
pub(super) const fn title(kind: PictureKind) -> &'static str {
    match kind {
        PictureKind::Lag => "Lag behind the references",
        PictureKind::Host => "Resources of the host",
        PictureKind::Slots => "Slots of our turns",
        PictureKind::Production => "Blocks produced and missed",
        PictureKind::Pool => "Mining pool",
    }
}

/// Node, producer and chain.
pub(super) fn who(subject: &Subject) -> String {
    who_within(subject, usize::MAX)
}

/// The same with names of at most so many letters.
fn who_within(subject: &Subject, letters_max: usize) -> String {
    let chain = subject.chain.as_deref().map(chain_name);
    let names = [Some(subject.node.clone()), Some(subject.producer.clone()), chain];
    let names = names.into_iter().flatten().map(|name| font::clean(&name));
    let names = names.filter(|name| !name.trim().is_empty());
    let cut = |name: String| match name.chars().count() {
        count if count > letters_max => {
            let letters: Vec<char> = name.chars().collect();
            let (head, tail) = (letters_max - letters_max / 2, letters_max / 2);
            let ends = letters[..head].iter().chain(&['…']).chain(&letters[count - tail..]);
            ends.collect()
        }
        _ => name,
    };
    names.map(cut).collect::<Vec<_>>().join(" · ")
}

/// A chain's id by its first digits, as block explorers show it; a name as it is.
fn chain_name(chain: &str) -> String {
    let is_id = chain.len() == 64 && chain.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id { format!("chain {}…", &chain[..8]) } else { chain.to_owned() }
}

/// The names in one line: the longest are cut before all of them are.
fn who_that_fits(sheet: &Sheet<'_>, subject: &Subject, room: i32) -> String {
    let lengths = [usize::MAX, 40, 30, 24, 20, 16, 13, 10];
    let all = lengths.into_iter().map(|letters_max| who_within(subject, letters_max));
    let mut last = String::new();
    for text in all {
        last = sheet.shortened(&text, room);
        if last == text {
            return text;
        }
    }
    last
}

/// Title, whose, when, and what there is to say.
pub(super) fn header(
    sheet: &mut Sheet<'_>,
    kind: PictureKind,
    data: &Data<'_>,
    facts: &str,
) -> Drawn {
    let (x, room) = (sheet.margin(), sheet.w - 2 * sheet.margin());
    let large = sheet.em * 5 / 4;
    let title = font::shortened(title(kind), large as f32, Weight::Bold, room as f32);
    sheet.letters((x, sheet.y), Align::Left, palette::INK, Weight::Bold, large, &title)?;
    sheet.y += large * 13 / 10;
    let who = who_that_fits(sheet, &data.subject, room);
    let named = data.zone.period(data.period);
    // The zone stands at the axis as well; the end does not.
    let when = if sheet.wide(&named) <= room { named } else { data.zone.span(data.period) };
    // On one line where they fit side by side.
    let together = format!("{who} · {when}");
    let lines = if !who.is_empty() && sheet.wide(&together) <= room {
        vec![together]
    } else {
        vec![who, sheet.shortened(&when, room)]
    };
    for line in lines.iter().filter(|line| !line.is_empty()) {
        sheet.text((x, sheet.y), Align::Left, palette::QUIET, line)?;
        sheet.y += sheet.line_height();
    }
    let lines_max = match sheet.h / sheet.em {
        0..=22 => 1,
        23..=32 => 2,
        _ => 3,
    };
    for line in facts_that_fit(sheet, facts, room, lines_max) {
        sheet.text((x, sheet.y), Align::Left, palette::INK, &line)?;
        sheet.y += sheet.line_height();
    }
    Ok(())
}

/// The facts in lines; what does not fit is left out from the end, clause by clause: the most
/// telling stand first.
fn facts_that_fit(sheet: &Sheet<'_>, facts: &str, room: i32, lines_max: usize) -> Vec<String> {
    let (em, room) = (sheet.em as f32, room as f32);
    let mut facts = sentence(facts);
    while font::wrapped(&facts, em, room, lines_max + 1).len() > lines_max {
        match facts.rfind(", ") {
            Some(end) => facts.truncate(end),
            None => break,
        }
    }
    font::wrapped(&facts, em, room, lines_max)
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The entries side by side, in as many lines as they take.
pub(super) fn legend(sheet: &mut Sheet<'_>, keys: &[Key]) -> Drawn {
    let (left, room) = (sheet.margin(), sheet.w - 2 * sheet.margin());
    let em = sheet.em;
    let swatch = em * 6 / 5;
    let mut x = left;
    sheet.y += em / 5;
    for (mark, label) in keys {
        let label = sheet.shortened(label, room - swatch - em / 2);
        let wide = swatch + em / 2 + sheet.wide(&label);
        if x > left && x + wide > left + room {
            x = left;
            sheet.y += sheet.line_height();
        }
        swatch_at(sheet, Rect { x, y: sheet.y, w: swatch, h: em }, *mark)?;
        sheet.text((x + swatch + em / 2, sheet.y), Align::Left, palette::INK, &label)?;
        x += wide + em;
    }
    if !keys.is_empty() {
        sheet.y += sheet.line_height();
    }
    Ok(())
}

fn swatch_at(sheet: &Sheet<'_>, rect: Rect, mark: Mark) -> Drawn {
    let (y, thick) = (rect.middle(), i32::try_from(sheet.pen()).unwrap_or(2));
    match mark {
        Mark::Line(colour) => {
            sheet.path(vec![(rect.x, y), (rect.right(), y)], colour, sheet.pen() * 3 / 2)
        }
        Mark::Dashes(colour) => {
            let dash = rect.w * 2 / 5;
            sheet.rect(Rect { w: dash, y, h: thick, ..rect }, colour)?;
            sheet.rect(Rect { x: rect.right() - dash, w: dash, y, h: thick }, colour)
        }
        Mark::Area(colour) => {
            let inner = Rect { y: rect.y + rect.h / 10, h: rect.h * 4 / 5, ..rect };
            sheet.rect(inner, palette::AXIS)?;
            let inner = Rect { x: inner.x + 1, y: inner.y + 1, w: inner.w - 2, h: inner.h - 2 };
            sheet.rect(inner, colour)
        }
        Mark::Slot(state) => slots::cell(
            sheet,
            Rect { w: rect.h, y: rect.y + rect.h / 10, h: rect.h * 4 / 5, ..rect },
            state,
        ),
    }
}

/// The legend's entries of the holes there are.
pub(super) fn hole_keys(stretches: &[Stretch]) -> Vec<Key> {
    [Hole::NoData, Hole::Silent, Hole::Alone]
        .into_iter()
        .filter(|hole| stretches.iter().any(|stretch| stretch.hole == Some(*hole)))
        .map(|hole| (Mark::Area(hole_colour(hole)), hole_words(hole).to_owned()))
        .collect()
}

pub(super) const fn hole_colour(hole: Hole) -> Colour {
    match hole {
        Hole::NoData => palette::NO_DATA,
        Hole::Silent => palette::SILENT,
        Hole::Alone => palette::ALONE,
    }
}

pub(super) const fn hole_words(hole: Hole) -> &'static str {
    match hole {
        Hole::NoData => "no data",
        Hole::Silent => "node silent",
        Hole::Alone => "no reference",
    }
}

/// Shades the holes, and names them where there is room.
pub(super) fn holes(sheet: &Sheet<'_>, panel: &Panel<'_>, stretches: &[Stretch]) -> Drawn {
    let mut drawn_to = i32::MIN;
    for stretch in stretches {
        let Some(hole) = stretch.hole else { continue };
        // Of many holes within one pixel one is drawn.
        if panel.x(stretch.to) <= drawn_to {
            continue;
        }
        let rect = panel.stretch(sheet, stretch.from, stretch.to, hole_colour(hole))?;
        drawn_to = rect.right();
        let words = hole_words(hole);
        if sheet.wide(words) + sheet.em <= rect.w && sheet.em * 2 <= rect.h {
            let middle = (rect.x + rect.w / 2, rect.middle() - sheet.em / 2);
            sheet.text(middle, Align::Center, palette::QUIET, words)?;
        }
    }
    Ok(())
}

/// Pixels the axis of time takes below a plot.
pub(super) fn time_axis_height(sheet: &Sheet<'_>) -> i32 {
    // The lowest label of values stands half below the plot.
    sheet.em * 3 / 5 + 2 * sheet.line_height()
}

/// What is left below the legend for plots and what stands left of them.
pub(super) fn room(sheet: &Sheet<'_>, below: i32) -> Rect {
    let margin = sheet.margin();
    let y = sheet.y + sheet.em / 3;
    let h = (sheet.h - margin / 2 - below - y).max(sheet.em);
    Rect { x: margin, y, w: sheet.w - 2 * margin, h }
}

/// How many labels fit one above the other.
pub(super) fn rows(sheet: &Sheet<'_>, height: i32) -> usize {
    usize::try_from(height / (sheet.em * 2)).unwrap_or(1).max(1)
}

/// Pixels the labels of values take left of a plot.
pub(super) fn gutter(sheet: &Sheet<'_>, scale: &Scale) -> i32 {
    let widest = scale.ticks.iter().map(|(_, label)| sheet.wide(label)).max();
    widest.unwrap_or(0) + sheet.em / 2
}

/// What is measured, above a plot.
pub(super) fn unit(sheet: &Sheet<'_>, at: (i32, i32), room: i32, words: &str) -> Drawn {
    let words = sheet.shortened(words, room);
    sheet.text(at, Align::Left, palette::QUIET, &words)
}

/// Lines of the grid, and the labels of values.
pub(super) fn value_axis(sheet: &Sheet<'_>, panel: &Panel<'_>, scale: &Scale) -> Drawn {
    let rect = panel.rect;
    let mut lowest_free = i32::MAX;
    for (value, label) in &scale.ticks {
        let y = panel.y(*value);
        sheet.rect(Rect { y, h: 1, ..rect }, palette::GRID)?;
        let top = (y - sheet.em / 2).min(sheet.h - sheet.em);
        if top + sheet.em <= lowest_free {
            let at = (rect.x - sheet.em * 2 / 5, top);
            sheet.text(at, Align::Right, palette::QUIET, label)?;
            lowest_free = top;
        }
    }
    Ok(())
}

/// The lower edge of a plot, with the times below it and the zone they are in.
pub(super) fn time_axis(
    sheet: &Sheet<'_>,
    panel: &Panel<'_>,
    period: Period,
    zone: &Zone,
) -> Drawn {
    let (rect, em) = (panel.rect, sheet.em);
    let step_ms = step_that_fits(sheet, rect.w, period);
    let (tick, top) = (em / 4, rect.bottom() + em * 3 / 5);
    sheet.rect(Rect { y: rect.bottom(), h: 2, ..rect }, palette::AXIS)?;
    let mut free_from = 0;
    for at in zone.marks(period, step_ms) {
        let x = panel.x(at);
        sheet.rect(Rect { x, y: rect.bottom(), w: 2, h: tick }, palette::AXIS)?;
        let label = zone.mark(at, step_ms);
        let half = sheet.wide(&label) / 2 + 1;
        let edge = em / 4;
        let middle = x.clamp(half + edge, (sheet.w - half - edge).max(half + edge));
        if middle - half >= free_from {
            sheet.text((middle, top), Align::Center, palette::QUIET, &label)?;
            free_from = middle + half + em / 2;
        }
    }
    let words = sheet.shortened(&format!("time in {}", zone.title(period)), sheet.w - em);
    let half = sheet.wide(&words) / 2 + em / 4;
    let middle = (rect.x + rect.w / 2).min(sheet.w - half).max(half);
    sheet.text((middle, top + sheet.line_height()), Align::Center, palette::QUIET, &words)
}

/// Vertical lines at the marks of the axis.
pub(super) fn time_grid(
    sheet: &Sheet<'_>,
    panel: &Panel<'_>,
    period: Period,
    zone: &Zone,
) -> Drawn {
    let step_ms = step_that_fits(sheet, panel.rect.w, period);
    for at in zone.marks(period, step_ms) {
        let x = panel.x(at).min(panel.rect.right() - 1);
        sheet.rect(Rect { x, w: 1, ..panel.rect }, palette::GRID)?;
    }
    Ok(())
}

/// The shortest step whose labels fit side by side.
fn step_that_fits(sheet: &Sheet<'_>, width: i32, period: Period) -> i64 {
    let fits = |step_ms: &i64| {
        let widest = if *step_ms < 60_000 { "00:00:00" } else { "00:00" };
        let label = i64::from(sheet.wide(widest) + sheet.em * 6 / 5);
        i64::from(width) * step_ms >= label * period.ms()
    };
    let last = STEPS_MS[STEPS_MS.len() - 1];
    STEPS_MS.into_iter().find(fits).unwrap_or(last)
}

/// A picture without anything to show says so in its middle.
pub(super) fn nothing(sheet: &Sheet<'_>, rect: Rect, words: &str) -> Drawn {
    sheet.rect(rect, palette::NO_DATA)?;
    let lines = font::wrapped(words, sheet.em as f32, (rect.w - sheet.em) as f32, 3);
    let height = sheet.line_height() * i32::try_from(lines.len()).unwrap_or(1);
    let mut y = rect.middle() - height / 2;
    for line in lines {
        sheet.text((rect.x + rect.w / 2, y), Align::Center, palette::QUIET, &line)?;
        y += sheet.line_height();
    }
    Ok(())
}

/// A plot with both axes, the whole of what is left of the sheet. What is in it is drawn by `fill`,
/// between the grid and the frame.
pub(super) fn plot<'a>(
    sheet: &mut Sheet<'a>,
    data: &Data<'_>,
    words: &str,
    scale: impl Fn(usize) -> Scale,
    fill: impl Fn(&Sheet<'a>, &Panel<'a>, &Scale) -> Drawn,
) -> Result<(), ChartError> {
    let all = room(sheet, time_axis_height(sheet));
    let rect = part(sheet, all, words)?;
    let scale = scale(rows(sheet, rect.h));
    let left = gutter(sheet, &scale);
    let rect = Rect { x: rect.x + left, w: rect.w - left, ..rect };
    let panel = Panel::new(sheet, rect, data.period, scale.low, scale.high);
    fill(sheet, &panel, &scale)?;
    time_axis(sheet, &panel, data.period, &data.zone)
}

/// Two parts, one above the other; the upper has so many hundredths of the height. Between them is
/// room for the half of a label each.
pub(super) fn halves(sheet: &Sheet<'_>, all: Rect, percent: i32) -> (Rect, Rect) {
    let gap = sheet.em * 2 / 3;
    let upper = ((all.h - gap) * percent / 100).max((sheet.em * 4).min((all.h - gap) / 2));
    let lower = Rect { y: all.y + upper + gap, h: all.h - upper - gap, ..all };
    (Rect { h: upper, ..all }, lower)
}

/// Writes what is measured at the top of a part of the sheet, and returns what is below.
pub(super) fn part(sheet: &Sheet<'_>, rect: Rect, words: &str) -> Result<Rect, ChartError> {
    unit(sheet, (rect.x, rect.y), rect.w, words)?;
    // Half a letter more: the highest label stands half above the plot.
    let top = sheet.line_height() + sheet.em / 2;
    Ok(Rect { y: rect.y + top, h: (rect.h - top).max(sheet.em), ..rect })
}

/// A part of a whole in per cent, rounded down.
pub(super) fn share(part: u64, all: u64) -> String {
    let permille = part.saturating_mul(1000).checked_div(all).unwrap_or(0);
    match permille {
        0 if part > 0 => "under 0.1 %".to_owned(),
        _ => format!("{}.{} %", permille / 10, permille % 10),
    }
}

/// Milliseconds of the period, for shares.
pub(super) fn span_ms(from: Timestamp, to: Timestamp) -> u64 {
    to.since_ms(from).max(0).unsigned_abs()
}
