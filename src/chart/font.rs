//! The letters: DejaVu Sans, compiled in, so that a host without fonts draws the same picture.
//!
//! Two cuts of the font (Latin, Greek, Cyrillic and some signs) stand in `font/` with their licence;
//! `doc/charts.md` says how they were made.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

static REGULAR: &[u8] = include_bytes!("font/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("font/DejaVuSans-Bold.ttf");

/// How an SVG asks for it; the others are as wide or narrower.
pub const FAMILY: &str = "DejaVu Sans, Verdana, Arial, sans-serif";
/// From the top of a line of text to its base line, in ems: what plotters writes as `dy`.
pub const BASE_LINE: f32 = 0.76;
/// What a text is shortened with.
const ELLIPSIS: char = '…';

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Everything but titles.
    Regular,
    /// Titles.
    Bold,
}

/// The faces, read once. A font of ours that cannot be read measures and draws nothing; a test
/// reads both.
fn face(weight: Weight) -> Option<&'static Face<'static>> {
    static FACES: OnceLock<[Option<Face<'static>>; 2]> = OnceLock::new();
    let [regular, bold] =
        FACES.get_or_init(|| [REGULAR, BOLD].map(|bytes| Face::parse(bytes, 0).ok()));
    match weight {
        Weight::Regular => regular.as_ref(),
        Weight::Bold => bold.as_ref(),
    }
}

/// Width of a text in pixels, when the letters are `em` pixels high.
#[must_use]
pub fn width(text: &str, em: f32, weight: Weight) -> f32 {
    let Some(face) = face(weight) else { return 0.0 };
    let units: u32 = text.chars().map(|c| u32::from(advance(face, c).1)).sum();
    units as f32 * em / f32::from(face.units_per_em())
}

/// The glyph of a letter, the replacement box where the font has none, and how far it moves on.
fn advance(face: &Face<'_>, c: char) -> (GlyphId, u16) {
    let glyph = face.glyph_index(c).unwrap_or(GlyphId(0));
    (glyph, face.glyph_hor_advance(glyph).unwrap_or(0))
}

/// Outlines a text: `start` is given the scale and the place of each glyph, and what it returns
/// draws it.
pub(super) fn outline<B: OutlineBuilder>(
    text: &str,
    em: f32,
    weight: Weight,
    builder: &mut B,
    mut place: impl FnMut(&mut B, f32, f32),
) {
    let Some(face) = face(weight) else { return };
    let scale = em / f32::from(face.units_per_em());
    let mut x = 0.0;
    for c in text.chars() {
        let (glyph, units) = advance(face, c);
        place(builder, x, scale);
        face.outline_glyph(glyph, builder);
        x += f32::from(units) * scale;
    }
}

/// The text without what no line of text may hold: control characters become blanks, and those that
/// turn the direction of letters are dropped.
#[must_use]
pub fn clean(text: &str) -> String {
    let is_dropped = |c: &char| {
        matches!(*c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
    };
    text.chars()
        .filter(|c| !is_dropped(c))
        .map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c })
        .collect()
}

/// The text, cut in its middle where it is wider than `room` pixels: both ends of a name tell
/// names apart.
#[must_use]
pub fn shortened(text: &str, em: f32, weight: Weight, room: f32) -> String {
    // Nothing longer is drawn; this bounds the work for a name of megabytes.
    const LETTERS_MAX: usize = 400;
    let letters: Vec<char> = text.chars().take(LETTERS_MAX + 1).collect();
    if letters.len() <= LETTERS_MAX && width(text, em, weight) <= room {
        return text.to_owned();
    }
    let cut = |kept: usize| -> String {
        let head = &letters[..kept - kept / 2];
        let tail = &letters[letters.len() - kept / 2..];
        head.iter().chain([&ELLIPSIS]).chain(tail).collect()
    };
    let (mut fits, mut too_wide) = (0, letters.len());
    while fits + 1 < too_wide {
        let kept = fits.midpoint(too_wide);
        if width(&cut(kept), em, weight) <= room { fits = kept } else { too_wide = kept }
    }
    cut(fits)
}

/// The text in lines of at most `room` pixels, at most `lines_max` of them; the last is shortened.
#[must_use]
pub fn wrapped(text: &str, em: f32, room: f32, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let is_full = lines.len() == lines_max;
        match lines.last_mut() {
            Some(line)
                if is_full || width(&format!("{line} {word}"), em, Weight::Regular) <= room =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| shortened(line, em, Weight::Regular, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_are_read_and_have_the_letters_we_write() {
        for weight in [Weight::Regular, Weight::Bold] {
            let face = face(weight).unwrap();
            for c in ('!'..='~').chain("…·–×≥µéжΩ".chars()) {
                assert!(face.glyph_index(c).is_some(), "{weight:?} {c}");
            }
        }
        let wide = width("Lag behind", 20.0, Weight::Bold);
        assert!((100.0..150.0).contains(&wide), "{wide}");
    }

    #[test]
    fn a_text_is_cut_in_its_middle() {
        let cut = |text: &str, room| shortened(text, 10.0, Weight::Regular, room);
        assert_eq!(cut("tokyo-1", 100.0), "tokyo-1");
        let short = cut(&"tokyo-".repeat(40_000), 100.0);
        assert!(short.starts_with("tokyo") && short.contains('…'), "{short}");
        assert!(width(&short, 10.0, Weight::Regular) <= 100.0);
        assert_eq!(cut("tokyo", 0.0), "…");
    }

    #[test]
    fn a_text_is_wrapped_at_blanks_and_ends_in_its_last_line() {
        let lines = wrapped("one two three four five six", 10.0, 60.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("one two") && lines[1].contains('…'), "{lines:?}");
        assert!(lines.iter().all(|line| width(line, 10.0, Weight::Regular) <= 60.0));
        assert_eq!(wrapped("", 10.0, 60.0, 2), Vec::<String>::new());
    }

    #[test]
    fn what_no_line_may_hold_is_taken_out() {
        assert_eq!(clean("a\u{0}b\nc\u{202E}d\u{FEFF}"), "a b cd");
    }
}
