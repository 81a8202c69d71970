//! Colours: on white, with contrast, and apart for eyes that see red and green alike.
//!
//! The marks are those of Okabe and Ito ("Color Universal Design", 2008), some of them darker or
//! lighter; no two that mean opposite things differ by hue alone.

use plotters::style::RGBColor;

use crate::core::slots::SlotState;

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// What is drawn on.
pub const PAPER: Colour = Colour(0xFF, 0xFF, 0xFF);
/// Titles and values.
pub const INK: Colour = Colour(0x1A, 0x1A, 0x1A);
/// Labels of axes.
pub const QUIET: Colour = Colour(0x55, 0x55, 0x55);
/// Lines of the grid.
pub const GRID: Colour = Colour(0xE2, 0xE2, 0xE2);
/// The frame of a plot.
pub const AXIS: Colour = Colour(0x8A, 0x8A, 0x8A);
/// Nothing was measured.
pub const NO_DATA: Colour = Colour(0xEB, 0xEB, 0xEB);
/// Measured, but the node did not answer.
pub const SILENT: Colour = Colour(0xF9, 0xDC, 0xCC);
/// Measured, but no reference answered.
pub const ALONE: Colour = Colour(0xE6, 0xE3, 0xF4);
/// Within the limits.
pub const CORRIDOR: Colour = Colour(0xE4, 0xF3, 0xEC);
/// A limit, and what is beyond it.
pub const LIMIT: Colour = Colour(0xC2, 0x4A, 0x00);
/// The main line.
pub const FIRST: Colour = Colour(0x00, 0x5A, 0x9C);
/// The line beside it.
pub const SECOND: Colour = Colour(0xB8, 0x7A, 0x00);

/// A resource that is fine.
pub const FINE: Colour = Colour(0x4F, 0x9B, 0xD0);
/// A resource over its warning level.
pub const WARN: Colour = Colour(0xE6, 0x9F, 0x00);
/// A resource over its critical level.
pub const CRITICAL: Colour = Colour(0xB5, 0x30, 0x00);

/// The colour of a slot.
#[must_use]
pub const fn slot(state: SlotState) -> Colour {
    match state {
        SlotState::Final => Colour(0x00, 0x7F, 0x5F),
        SlotState::Produced => Colour(0x7C, 0xC8, 0xEE),
        SlotState::ForkedOff => Colour(0xB0, 0x5A, 0x92),
        SlotState::Late => Colour(0xF0, 0xC0, 0x30),
        SlotState::Missed => Colour(0xC2, 0x3B, 0x00),
        SlotState::Unknown => Colour(0xCF, 0xCF, 0xCF),
    }
}

/// On which page a picture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The status page by day: warm white.
    Light,
    /// The status page by night.
    Dark,
}

/// The paper of the status page by day.
const PAGE_LIGHT: Colour = Colour(0xFC, 0xFB, 0xF8);

/// Each colour of a picture, and the one in its place on the dark page.
const DARK: [(Colour, Colour); 22] = [
    (PAPER, Colour(0x10, 0x13, 0x16)),
    (INK, Colour(0xE9, 0xE7, 0xE2)),
    (QUIET, Colour(0xA6, 0xAC, 0xB3)),
    (GRID, Colour(0x26, 0x2B, 0x30)),
    (AXIS, Colour(0x5C, 0x64, 0x6C)),
    (NO_DATA, Colour(0x1C, 0x20, 0x24)),
    (SILENT, Colour(0x46, 0x24, 0x16)),
    (ALONE, Colour(0x2B, 0x27, 0x45)),
    (CORRIDOR, Colour(0x10, 0x26, 0x1F)),
    (LIMIT, Colour(0xFF, 0x8A, 0x4C)),
    (FIRST, Colour(0x7A, 0xBE, 0xF5)),
    (SECOND, Colour(0xE6, 0xB0, 0x4A)),
    (FINE, Colour(0x4F, 0x9B, 0xD1)),
    (WARN, Colour(0xE7, 0xA0, 0x01)),
    (CRITICAL, Colour(0xFF, 0x6B, 0x3D)),
    (slot(SlotState::Final), Colour(0x3F, 0xAE, 0x98)),
    (slot(SlotState::Produced), Colour(0x6D, 0xB9, 0xE8)),
    (slot(SlotState::ForkedOff), Colour(0xD4, 0x89, 0xB8)),
    (slot(SlotState::Late), Colour(0xF0, 0xC2, 0x3C)),
    (slot(SlotState::Missed), Colour(0xFF, 0x7A, 0x45)),
    (slot(SlotState::Unknown), Colour(0x6D, 0x74, 0x7C)),
    (PAGE_LIGHT, Colour(0x10, 0x13, 0x16)),
];

/// An SVG of ours in the colours of the page it stands on. Only the colours of shapes and letters
/// are changed, not what the letters say.
#[must_use]
pub fn on_page(svg: &str, ground: Ground) -> String {
    let mut shown = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find("=\"#") {
        // An attribute's value: texts have their quotation marks as they are, but stand in no tag.
        let (before, from) = rest.split_at(at + 2);
        let in_tag =
            shown.rfind(['<', '>']).max(before.rfind(['<', '>']).map(|at| shown.len() + at));
        shown.push_str(before);
        let is_tag = in_tag.is_some_and(|at| shown.as_bytes()[at] == b'<');
        match from.get(..7).filter(|_| is_tag).and_then(|hex| replaced(hex, ground)) {
            Some(other) => {
                shown.push_str(&other.hex());
                rest = &from[7..];
            }
            None => rest = from,
        }
    }
    shown.push_str(rest);
    shown
}

fn replaced(hex: &str, ground: Ground) -> Option<Colour> {
    match ground {
        Ground::Light => (hex == PAPER.hex()).then_some(PAGE_LIGHT),
        Ground::Dark => DARK.iter().find(|(light, _)| light.hex() == hex).map(|(_, dark)| *dark),
    }
}

impl Colour {
    /// As SVG writes it: `#0072B2`.
    #[must_use]
    pub fn hex(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }

    /// Contrast against another colour, 1 to 21 (WCAG 2.1, "contrast ratio").
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

impl From<Colour> for RGBColor {
    fn from(colour: Colour) -> Self {
        Self(colour.0, colour.1, colour.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_lines_stand_out_from_the_paper() {
        for letters in [INK, QUIET] {
            for ground in [PAPER, NO_DATA, SILENT, ALONE] {
                assert!(letters.contrast(ground) >= 4.5, "{letters:?} on {ground:?}");
            }
        }
        for line in [FIRST, SECOND, LIMIT, CRITICAL, slot(SlotState::Missed)] {
            for ground in [PAPER, CORRIDOR] {
                assert!(line.contrast(ground) >= 3.0, "{line:?} on {ground:?}");
            }
        }
    }

    #[test]
    fn on_the_dark_page_letters_and_lines_stand_out_as_well() {
        let dark = |colour: Colour| replaced(&colour.hex(), Ground::Dark).unwrap();
        for letters in [INK, QUIET] {
            for ground in [PAPER, NO_DATA, SILENT, ALONE] {
                let contrast = dark(letters).contrast(dark(ground));
                assert!(contrast >= 4.5, "{letters:?} on {ground:?}: {contrast}");
            }
        }
        for line in [FIRST, SECOND, LIMIT, CRITICAL, slot(SlotState::Missed)] {
            for ground in [PAPER, CORRIDOR] {
                assert!(dark(line).contrast(dark(ground)) >= 3.0, "{line:?} on {ground:?}");
            }
        }
        let met = dark(slot(SlotState::Final));
        assert!(i32::from(met.2).abs_diff(i32::from(dark(slot(SlotState::Missed)).2)) > 80);
    }

    #[test]
    fn only_the_colours_of_a_picture_change() {
        let svg = concat!(
            "<rect fill=\"#FFFFFF\" stroke=\"#1A1A1A\"/>",
            "<text fill=\"#1A1A1A\">a=\"#FFFFFF\" #1A1A1A é</text>",
            "<line stroke=\"#123456\"/><path fill=\"#\"/>"
        );
        let dark = on_page(svg, Ground::Dark);
        assert_eq!(
            dark,
            concat!(
                "<rect fill=\"#101316\" stroke=\"#E9E7E2\"/>",
                "<text fill=\"#E9E7E2\">a=\"#FFFFFF\" #1A1A1A é</text>",
                "<line stroke=\"#123456\"/><path fill=\"#\"/>"
            )
        );
        assert!(
            on_page(svg, Ground::Light).starts_with("<rect fill=\"#FCFBF8\" stroke=\"#1A1A1A\"")
        );
    }

    /// Lightness tells apart what hue does not: met from lost, also in a black and white print.
    #[test]
    fn a_lost_slot_differs_from_a_met_one_to_every_eye() {
        let missed = slot(SlotState::Missed);
        for met in [SlotState::Final, SlotState::Produced] {
            let met = slot(met);
            let blue_apart = i32::from(met.2).abs_diff(i32::from(missed.2));
            assert!(blue_apart > 90 || met.contrast(missed) > 2.0, "{met:?}");
        }
        assert!(FINE.contrast(CRITICAL) > 2.0);
    }
}
