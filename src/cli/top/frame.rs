//! The whole view as a pure function: what was read, and where the person has scrolled to, become
//! cells of a terminal.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Text};
use ratatui::widgets::Widget;

use super::facts::{Facts, Word};
use super::keys::Wish;
use super::page::Page;
use super::paint::Paint;
use super::parts;
use super::words::clock;
use crate::core::time::Timestamp;

/// Less than this many columns and lines cannot be read.
const LEAST: (u16, u16) = (40, 10);

/// What the person did to the view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mode {
    /// Whether the keys are shown instead.
    pub(super) is_helping: bool,
    /// Whether it stands still, and since when.
    pub(super) is_paused: bool,
    pub(super) paused_at: Timestamp,
    /// Lines above the first that is shown.
    scroll: usize,
    /// Lines that were shown at once the last time, and the most that can be above them.
    shown: usize,
    scroll_max: usize,
}

impl Mode {
    /// Carries out a wish about the view; whether the person leaves.
    pub(super) fn obey(&mut self, wish: Wish) -> bool {
        let screen = i32::try_from(self.shown.saturating_sub(1).max(1)).unwrap_or(1);
        let lines = match wish {
            Wish::Quit => return true,
            Wish::Back if !self.is_helping => return true,
            Wish::Back => {
                self.is_helping = false;
                0
            }
            Wish::Help => {
                self.is_helping = !self.is_helping;
                0
            }
            Wish::Pause => 0,
            Wish::Lines(lines) => lines,
            Wish::Screens(screens) => screens.saturating_mul(screen),
            Wish::Top => i32::MIN,
            Wish::End => i32::MAX,
        };
        let moved = i64::try_from(self.scroll).unwrap_or(i64::MAX).saturating_add(lines.into());
        let scroll = usize::try_from(moved.max(0)).unwrap_or(usize::MAX);
        self.scroll = scroll.min(self.scroll_max);
        false
    }
}

/// Draws into `area`; takes note of how far can be scrolled.
pub(super) fn draw(
    facts: &Facts,
    word: &Word,
    mode: &mut Mode,
    paint: Paint,
    area: Rect,
    buffer: &mut Buffer,
) {
    buffer.set_style(area, Style::reset());
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let mut page = Page::new(area.width.into(), paint);
        let (columns, lines) = LEAST;
        let text = format!(
            "{}×{} is too small: top needs {columns}×{lines}. q leaves; `eoskeeper status` says \
             the same.",
            area.width, area.height
        );
        page.text(&text, Style::new());
        put(page.into_lines(), area, buffer);
        return;
    }
    let mut head = Page::new(area.width.into(), paint);
    parts::now(&mut head, facts, word);
    let mut head = head.into_lines();
    // However long the sentence is, most of the screen is for the facts.
    head.truncate(usize::from(area.height) / 2);
    let (above, below) = split(area, head.len());
    put(head, above, buffer);
    let room = Rect { height: below.height - 1, ..below };
    let body =
        if mode.is_helping { help(area.width, paint) } else { body(facts, area.width, paint) };
    mode.shown = room.height.into();
    mode.scroll_max = body.len().saturating_sub(mode.shown);
    mode.scroll = mode.scroll.min(mode.scroll_max);
    let all = body.len();
    put(body.into_iter().skip(mode.scroll).collect(), room, buffer);
    let foot = Rect { y: below.bottom() - 1, height: 1, ..below };
    put(vec![footer(mode, all, area.width, paint)], foot, buffer);
}

/// Everything one below the other, plain.
pub(super) fn text(facts: &Facts, word: &Word, paint: Paint, columns: u16) -> String {
    let mut head = Page::new(columns.max(LEAST.0).into(), paint);
    parts::now(&mut head, facts, word);
    let lines = head.into_lines().into_iter().chain(body(facts, columns.max(LEAST.0), paint));
    lines.map(|line| format!("{}\n", line.to_string().trim_end())).collect()
}

fn body(facts: &Facts, width: u16, paint: Paint) -> Vec<Line<'static>> {
    let mut page = Page::new(width.into(), paint);
    if let Some(status) = &facts.status {
        parts::standing(&mut page, status);
        parts::cards(&mut page, status);
        parts::gates(&mut page, status);
        parts::turns(&mut page, status, &facts.past);
        parts::lag(&mut page, status, &facts.past);
        parts::host(&mut page, status);
        parts::incidents(&mut page, status, &facts.past);
        parts::others(&mut page, status);
    }
    page.into_lines()
}

/// The line at the foot: keys, and how much is above and below.
fn footer(mode: &Mode, all: usize, width: u16, paint: Paint) -> Line<'static> {
    let arrows = if paint.has_unicode() { "↑↓" } else { "j/k" };
    let pause = if mode.is_paused { "p go on" } else { "p pause" };
    let keys = format!(" q quit  ? help  {pause}  {arrows} scroll");
    let mut state = String::new();
    if mode.is_paused {
        state = format!("stands still since {} UTC  ", clock(mode.paused_at));
    }
    if mode.scroll_max > 0 {
        let last = (mode.scroll + mode.shown).min(all);
        state += &format!("{}-{last} of {all} ", mode.scroll + 1);
    }
    let used = keys.chars().count() + state.chars().count();
    let gap = usize::from(width).saturating_sub(used).max(1);
    let line = Line::from(format!("{keys}{}{state}", " ".repeat(gap)));
    if mode.is_paused { line.style(paint.bold()) } else { line.style(paint.dim()) }
}

fn help(width: u16, paint: Paint) -> Vec<Line<'static>> {
    let mut page = Page::new(width.into(), paint);
    page.title("Keys", "");
    for (key, meaning) in [
        ("q Ctrl-C", "leave; Esc leaves this help first"),
        ("j k ↑ ↓", "a line down or up"),
        ("Space b", "a screen down or up; PgDn and PgUp too"),
        ("g G", "to the top, to the end; Home and End too"),
        ("p", "stand still, or go on; the keeper itself goes on"),
        ("?", "this help, or back"),
    ] {
        page.pair(key, meaning);
    }
    page.title("Signs", "");
    parts::legend(&mut page);
    page.title("More", "");
    page.text(
        "Times are UTC. Nothing here acts: orders are commands, see `eoskeeper --help`. The whole \
         truth: `eoskeeper status --why`.",
        Style::new(),
    );
    page.into_lines()
}

fn split(area: Rect, lines: usize) -> (Rect, Rect) {
    let lines = u16::try_from(lines).unwrap_or(u16::MAX).min(area.height - 1);
    let above = Rect { height: lines, ..area };
    (above, Rect { y: area.y + lines, height: area.height - lines, ..area })
}

fn put(lines: Vec<Line<'static>>, area: Rect, buffer: &mut Buffer) {
    Text::from(lines).render(area, buffer);
}

#[cfg(test)]
mod tests;
