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
