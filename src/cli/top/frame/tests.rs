//! Whole frames on a terminal of a test, by name.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use serde_json::{Value, json};

use super::*;
use crate::cli::top::sample;

/// A frame: its lines, and the colour behind the first cell of the band.
struct Shown {
    lines: Vec<String>,
    band: Color,
    mode: Mode,
}

fn frame(status: Option<Value>, word: &Word, mode: Mode, paint: Paint, size: (u16, u16)) -> Shown {
    let facts = Facts { status, ..Facts::default() };
    let mut mode = mode;
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal
        .draw(|shown| {
            let area = shown.area();
            draw(&facts, word, &mut mode, paint, area, shown.buffer_mut());
        })
        .unwrap();
    let buffer = terminal.backend().buffer().clone();
    let lines = buffer
        .content()
        .chunks(usize::from(size.0).max(1))
        .map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned())
        .collect();
    Shown { lines, band: buffer.content()[0].bg, mode }
}

fn with(change: fn(&mut Value)) -> Option<Value> {
    let mut status = sample::signing();
    change(&mut status);
    Some(status)
}

fn silent() -> Word {
    let last = Some((sample::at(), 12_300));
    Word { last, failure: Some("no keeper answers at http://x".into()), unchanged_ms: 0 }
}

#[test]
fn the_top_says_the_whole_at_once() {
    let hangs = Word { unchanged_ms: 11_000, ..Word::default() };
    let new = Word { failure: Some("no keeper answers at http://x".into()), ..Word::default() };
    let cases = [
        (
            "well",
            with(|_| {}),
            Word::default(),
            Color::Green,
            "✓ All is well",
            "A, the active producer",
        ),
        (
            "alarm",
            with(|s| s["decision"] = json!({ "kind": "alarm", "sentence": "Nobody signs." })),
            Word::default(),
            Color::Red,
            "✗ Act now",
            "Nobody signs.",
        ),
        (
            "handed over",
            with(|s| s["decision"]["kind"] = json!("handed_over")),
            Word::default(),
            Color::Yellow,
            "▲ Handed over",
            "",
        ),
        (
            "maintenance",
            with(|s| {
                s["maintenance"] =
                    json!({ "until": "2026-11-21T04:48:37.098", "reason": "new disk" });
            }),
            Word::default(),
            Color::Yellow,
            "▲ Maintenance",
            "Maintenance until 04:48:37 UTC (2 h): new disk. Nothing is done by itself.",
        ),
        (
            "silent",
            with(|_| {}),
            silent(),
            Color::Gray,
            "? No word from the keeper since 02:48:37 UTC, 12 s",
            "no keeper answers at http://x.",
        ),
        ("hangs", with(|_| {}), hangs, Color::Gray, "? The keeper does not judge for 11 s", ""),
        (
            "new",
            None,
            new,
            Color::Gray,
            "? No word from the keeper yet",
            "It is asked again each second.",
        ),
        ("asking", None, Word::default(), Color::Gray, "· Asking the keeper", ""),
    ];
    for (name, status, word, colour, band, line) in cases {
        let shown = frame(status, &word, Mode::default(), Paint::of(true, true), (80, 24));
        assert_eq!(shown.band, colour, "{name}");
        assert!(shown.lines[0].contains(band), "{name}: {}", shown.lines[0]);
        assert!(shown.lines[1..6].iter().any(|it| it.contains(line)), "{name}: {:#?}", shown.lines);
    }
}

#[test]
fn every_part_is_there_and_nothing_is_wider_than_the_terminal() {
    let facts = Facts { status: with(|_| {}), ..Facts::default() };
    for columns in [40, 80, 200] {
        let text = text(&facts, &Word::default(), Paint::of(false, true), columns);
        for part in ["Now", "Gates", "Our turns", "Last hour", "Incidents", "Keepers", "References"]
        {
            assert!(text.lines().any(|line| line.starts_with(part)), "{columns}: {part}\n{text}");
        }
        for line in text.lines() {
            assert!(line.chars().count() <= columns.into(), "{columns}: {line}");
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so_whatever_its_size() {
    for size in [(39, 24), (80, 9), (20, 4), (5, 2), (1, 1)] {
        let shown =
            frame(with(|_| {}), &Word::default(), Mode::default(), Paint::of(true, true), size);
        let first = format!("{}×{} is too small", size.0, size.1);
        let text = shown.lines.join(" ");
        assert!(text.starts_with(&first) || size.0 < 20, "{size:?}: {text}");
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    for status in [with(|_| {}), with(|s| s["decision"]["kind"] = json!("alarm")), None] {
        let facts = Facts { status, ..Facts::default() };
        let area = Rect::new(0, 0, 80, 60);
        let mut buffer = Buffer::empty(area);
        let mut mode = Mode::default();
        draw(&facts, &silent(), &mut mode, Paint::of(false, false), area, &mut buffer);
        let plain =
            |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
        assert!(buffer.content().iter().all(plain));
    }
}

#[test]
fn it_scrolls_to_its_ends_and_no_further() {
    type Step = (&'static str, Wish, fn(&Mode) -> usize);
    let at = |mode| frame(with(|_| {}), &Word::default(), mode, Paint::of(true, true), (60, 14));
    let first = at(Mode::default());
    assert!(first.mode.scroll_max > 5, "{}", first.mode.scroll_max);
    let steps: [Step; 6] = [
        ("down", Wish::Lines(1), |_| 1),
        ("up", Wish::Lines(-1), |_| 0),
        ("above the top", Wish::Lines(-1), |_| 0),
        ("end", Wish::End, |mode| mode.scroll_max),
        ("below the end", Wish::Screens(1), |mode| mode.scroll_max),
        ("top", Wish::Top, |_| 0),
    ];
    let mut mode = first.mode;
    for (name, wish, expected) in steps {
        assert!(!mode.obey(wish), "{name}");
        mode = at(mode).mode;
        assert_eq!(mode.scroll, expected(&mode), "{name}");
    }
    mode.obey(Wish::End);
    let end = at(mode.clone());
    let foot = end.lines.last().unwrap();
    assert!(foot.contains("q quit  ? help") && foot.contains(" of "), "{foot}");
    assert!(end.lines[end.lines.len() - 2].contains("http://reference1"), "{:#?}", end.lines);
    // A terminal that grew has no place to be scrolled to.
    let grown =
        frame(with(|_| {}), &Word::default(), end.mode, Paint::of(true, true), (60, 200)).mode;
    assert_eq!((grown.scroll, grown.scroll_max), (0, 0));
}

#[test]
fn help_and_pause_are_seen_and_left_again() {
    let mut mode = Mode { is_paused: true, paused_at: sample::at(), ..Mode::default() };
    assert!(!mode.obey(Wish::Help));
    let shown = frame(with(|_| {}), &Word::default(), mode, Paint::of(true, true), (100, 30));
    let text = shown.lines.join("\n");
    for part in [
        "Keys",
        "stand still, or go on",
        "a slot of ours: forked off",
        "stands still since 02:48:37 UTC",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let mut mode = shown.mode;
    assert!(!mode.obey(Wish::Back) && !mode.is_helping, "Esc leaves the help first");
    assert!(mode.obey(Wish::Back), "then all of it");
}

#[test]
fn what_others_wrote_moves_no_cursor() {
    const HOSTILE: &str = "\u{1b}[2J\u{202e}\u{7}x";
    let mut status = sample::signing();
    for place in [
        "/decision/sentence",
        "/node_name",
        "/node/log",
        "/node/process",
        "/peers/0/name",
        "/references/0/name",
        "/fleet/members/0/name",
    ] {
        *status.pointer_mut(place).expect(place) = json!(HOSTILE);
    }
    let facts = Facts { status: Some(status), ..Facts::default() };
    let text = text(&facts, &Word::default(), Paint::of(false, true), 100);
    assert!(text.matches("[2J").count() >= 7, "{text}");
    for bad in ['\u{1b}', '\u{202e}', '\u{7}'] {
        assert!(!text.contains(bad), "{bad:?}");
    }
}
