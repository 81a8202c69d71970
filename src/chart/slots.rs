//! Our turns as a grid: a row for each turn, a cell for each of its slots.

use super::frame::{self, Key, Mark};
use super::palette::{self, Colour};
use super::production::{self, words};
use super::sheet::{Align, Drawn, Rect, Sheet};
use super::{Data, font};
use crate::core::alarm::message::PictureKind;
use crate::core::schedule::TURN_SLOTS;
use crate::core::slots::{SlotState, TurnSlots};
use crate::core::time::{Human, Timestamp};

/// Slots of a turn, for pixels.
const SLOTS: i32 = TURN_SLOTS as i32;
/// Cells are no smaller than this, pixels.
const CELL_MIN: i32 = 4;
/// How many turns a row may take together when there are too many.
const FOLDS: [usize; 15] =
    [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000];

type Cells = [SlotState; TURN_SLOTS as usize];

/// A row of the grid.
enum Row {
    /// One turn, or some that follow each other: the worst of each slot.
    Turns { start: Timestamp, cells: Cells, cause: Option<String> },
    /// So long no turn of ours is known, milliseconds.
    Gap(u64),
}

/// How bad a state is, for rows that hold several turns.
const fn badness(state: SlotState) -> u8 {
    match state {
        SlotState::Final => 0,
        SlotState::Produced => 1,
        SlotState::Unknown => 2,
        SlotState::Late => 3,
        SlotState::ForkedOff => 4,
        SlotState::Missed => 5,
    }
}

fn folded(turns: &[&TurnSlots]) -> Row {
    let mut cells = [SlotState::Final; TURN_SLOTS as usize];
    for (cell, slot) in turns.iter().flat_map(|turn| (0..).zip(turn.slots)) {
        if badness(slot) > badness(cells[cell]) {
            cells[cell] = slot;
        }
    }
    let start = turns.first().map_or_else(Timestamp::default, |turn| turn.start);
    let cause = turns.iter().find_map(|turn| turn.cause.as_deref()).map(font::clean);
    Row::Turns { start, cells, cause }
}

/// The rows, with a gap wherever a turn of ours was due and none is known.
fn rows(turns: &[&TurnSlots], fold: usize, round_ms: i64) -> Vec<Row> {
    let mut rows = Vec::new();
    let follows = |a: &&TurnSlots, b: &&TurnSlots| b.start.since_ms(a.start) * 2 <= round_ms * 3;
    let mut end_before: Option<Timestamp> = None;
    for part in turns.chunk_by(follows) {
        if let (Some(end), [first, ..]) = (end_before, part) {
            rows.push(Row::Gap(frame::span_ms(end, first.start)));
        }
        rows.extend(part.chunks(fold).map(folded));
        end_before = part.last().map(|turn| turn.start.plus_ms(round_ms));
    }
    rows
}

/// Where cells stand, pixels.
#[derive(Clone, Copy, Debug)]
struct Grid {
    rows: usize,
    cell: (i32, i32),
    label: i32,
    stride: i32,
}

impl Grid {
    /// The number of columns that makes cells largest, for so many rows in all.
    fn of(count: usize, room: Rect, label: i32, em: i32) -> Option<Self> {
        let gap = em * 4 / 5;
        let most = usize::try_from(room.w / (label + gap + SLOTS * CELL_MIN)).unwrap_or(0);
        let grid = |columns: usize| {
            let rows = count.div_ceil(columns).max(1);
            let stride = room.w / columns as i32;
            let wide = ((stride - label - gap) / SLOTS).min(em * 12 / 5);
            let high = (room.h / i32::try_from(rows).unwrap_or(i32::MAX)).min(em * 8 / 5);
            Self { rows, cell: (wide, high), label, stride }
        };
        let all = (1..=most.min(count.max(1))).map(grid);
        // Of equals the one with fewer columns: it is read in one go.
        all.rev().max_by_key(|grid| grid.side()).filter(|grid| grid.side() >= CELL_MIN)
    }

    fn side(&self) -> i32 {
        self.cell.0.min(self.cell.1)
    }
}

pub(super) fn draw(sheet: &mut Sheet<'_>, data: &Data<'_>) -> Drawn {
    let turns = production::turns(data);
    frame::header(sheet, PictureKind::Slots, data, &production::facts(data))?;
    let round_ms = production::round_ms(&turns);
    let has_gap = rows(&turns, 1, round_ms).iter().any(|row| matches!(row, Row::Gap(_)));
    frame::legend(sheet, &keys(has_gap))?;
    let has_seconds = round_ms < 60_000;
    let sample = if has_seconds { "00:00:00" } else { "00:00" };
    let label = sheet.wide(sample).max(sheet.wide("28 May")) + sheet.em / 2;
    // The longest explanation and a line for the days above the columns.
    let lines = explanation(sheet, data, FOLDS[FOLDS.len() - 1]).len();
    let lines = i32::try_from(lines).unwrap_or(2) + 1;
    let below = frame::room(sheet, 0);
    // A label stands half above a low row.
    let above = lines * sheet.line_height() + sheet.em * 3 / 4;
    let room = Rect { y: below.y + above, h: (below.h - above).max(sheet.em), ..below };
    if turns.is_empty() {
        explain(sheet, data, 1)?;
        return frame::nothing(sheet, room, "No turn of ours is known in this period.");
    }
    let found = FOLDS.into_iter().find_map(|fold| {
        let rows = rows(&turns, fold, round_ms);
        let grid = Grid::of(rows.len(), room, label, sheet.em)?;
        Some((fold, rows, grid))
    });
    let Some((fold, rows, grid)) = found else {
        explain(sheet, data, 1)?;
        return frame::nothing(sheet, room, "Too many gaps for a picture of this size.");
    };
    explain(sheet, data, fold)?;
    for (column, part) in rows.chunks(grid.rows).enumerate() {
        let x = room.x + grid.stride * i32::try_from(column).unwrap_or(0);
        let place = Rect { x, w: grid.stride, ..room };
        column_of(sheet, data, &grid, place, part, has_seconds)?;
    }
    Ok(())
}

/// What a row and a cell are, and the time zone, in lines.
fn explanation(sheet: &Sheet<'_>, data: &Data<'_>, fold: usize) -> Vec<String> {
    let rows = match fold {
        1 => "a row is a turn, a cell one of its 12 slots".to_owned(),
        _ => format!("a row is {fold} turns, a cell their worst slot"),
    };
    let words = format!("{rows}; time in {}", data.zone.title(data.period));
    let room = (sheet.w - 2 * sheet.margin()) as f32;
    font::wrapped(&words, sheet.em as f32, room, 2)
}

fn explain(sheet: &Sheet<'_>, data: &Data<'_>, fold: usize) -> Drawn {
    let mut y = sheet.y + sheet.em / 4;
    for line in explanation(sheet, data, fold) {
        sheet.text((sheet.margin(), y), Align::Left, palette::QUIET, &line)?;
        y += sheet.line_height();
    }
    Ok(())
}

fn keys(has_gap: bool) -> Vec<Key> {
    let states = SlotState::ALL.iter();
    let keys = states.map(|state| (Mark::Slot(*state), words(*state).to_owned()));
    let gap = has_gap.then(|| (Mark::Area(palette::NO_DATA), "no data".to_owned()));
    keys.chain(gap).collect()
}

fn column_of(
    sheet: &Sheet<'_>,
    data: &Data<'_>,
    grid: &Grid,
    place: Rect,
    rows: &[Row],
    has_seconds: bool,
) -> Drawn {
    let (em, (wide, high)) = (sheet.em, grid.cell);
    let left = place.x + grid.label;
    let starts = rows.iter().find_map(|row| match row {
        Row::Turns { start, .. } => Some(*start),
        Row::Gap(_) => None,
    });
    let mut day = starts.map(|start| data.zone.day(start));
    if let Some(day) = &day {
        let top = place.y - sheet.line_height() - sheet.em * 2 / 5;
        sheet.letters((place.x, top), Align::Left, palette::INK, font::Weight::Bold, em, day)?;
    }
    let mut free_from = i32::MIN;
    let mut y = place.y;
    for row in rows {
        let top = y + high / 2 - em / 2;
        match row {
            Row::Turns { start, cells, cause } => {
                cells_of(sheet, (left, y), grid, cells)?;
                let today = Some(data.zone.day(*start));
                let is_new = today != day;
                if top >= free_from {
                    let words = match &today {
                        Some(today) if is_new => today.clone(),
                        _ => data.zone.time(*start, has_seconds),
                    };
                    let beside = (left - em / 3, top);
                    sheet.text(beside, Align::Right, palette::QUIET, &words)?;
                    free_from = top + em * 11 / 10;
                    day = today;
                }
                let beside = left + SLOTS * wide + em / 2;
                let room = place.right() - beside;
                if let Some(cause) = cause.as_deref().filter(|_| high >= em && room >= 4 * em) {
                    let words = sheet.shortened(cause, room);
                    sheet.text((beside, top), Align::Left, palette::INK, &words)?;
                }
            }
            Row::Gap(ms) => {
                let rect = Rect { x: left, y, w: SLOTS * wide, h: (high - 1).max(1) };
                sheet.rect(rect, palette::NO_DATA)?;
                let words = format!("no data for {}", Human(ms / 1000 * 1000));
                if high >= em && sheet.wide(&words) <= rect.w {
                    let middle = (rect.x + rect.w / 2, top);
                    sheet.text(middle, Align::Center, palette::QUIET, &words)?;
                }
            }
        }
        y += high;
    }
    Ok(())
}

/// Pixels of paper between two cells; none where that would be all there is to see.
fn between(side: i32) -> i32 {
    if side < 7 { 0 } else { (side / 8).clamp(1, 4) }
}

/// The cells of a row: equal neighbours are one rectangle, with lines of paper between.
fn cells_of(sheet: &Sheet<'_>, at: (i32, i32), grid: &Grid, cells: &Cells) -> Drawn {
    let ((x, y), (wide, high)) = (at, grid.cell);
    let inner = high - between(high);
    let mut begin = 0;
    for part in cells.chunk_by(|a, b| a == b) {
        let count = i32::try_from(part.len()).unwrap_or(SLOTS);
        let rect = Rect { x: x + begin * wide, y, w: count * wide, h: inner };
        sheet.rect(rect, palette::slot(part[0]))?;
        begin += count;
    }
    let line = between(wide);
    for cell in 1..=SLOTS {
        let rect = Rect { x: x + cell * wide - line, y, w: line, h: inner };
        sheet.rect(rect, palette::PAPER)?;
    }
    if grid.side() * 10 >= sheet.em * 6 {
        for (cell, state) in (0..).zip(cells) {
            sign(sheet, Rect { x: x + cell * wide, y, w: wide - line, h: inner }, *state)?;
        }
    }
    Ok(())
}

/// A cell with its sign, as the legend shows it.
pub(super) fn cell(sheet: &Sheet<'_>, rect: Rect, state: SlotState) -> Drawn {
    sheet.rect(rect, palette::slot(state))?;
    sign(sheet, rect, state)
}

/// A second way to tell lost slots apart, beside the colour.
fn sign(sheet: &Sheet<'_>, rect: Rect, state: SlotState) -> Drawn {
    let half = rect.w.min(rect.h) / 4;
    let (x, y) = (rect.x + rect.w / 2, rect.middle());
    let pen = (sheet.pen() * 2 / 3).max(1);
    let line = |points: Vec<(i32, i32)>, colour: Colour| sheet.path(points, colour, pen);
    match state {
        SlotState::Missed => {
            line(vec![(x - half, y - half), (x + half, y + half)], palette::PAPER)?;
            line(vec![(x - half, y + half), (x + half, y - half)], palette::PAPER)
        }
        SlotState::ForkedOff => {
            line(vec![(x - half, y + half), (x + half, y - half)], palette::PAPER)
        }
        SlotState::Late => sheet.dot((x, y), half.max(1), palette::INK),
        SlotState::Final | SlotState::Produced | SlotState::Unknown => Ok(()),
    }
}
