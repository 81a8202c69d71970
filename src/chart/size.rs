//! How large a picture is.

use std::fmt;
use std::str::FromStr;

/// Width and height in pixels: [`Size::MIN`] to [`Size::MAX`] each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
}

/// Why a text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a size looks like 1080x720: width and height in pixels, {} to {} each",
    Size::MIN,
    Size::MAX
)]
pub struct SizeError;

impl Size {
    /// Least pixels each way: below it not even the title is readable.
    pub const MIN: u32 = 320;
    /// Most pixels each way; a bitmap of that size takes 64 MiB while it is drawn.
    pub const MAX: u32 = 4096;
    /// For a message: readable on a phone held either way.
    pub const MESSAGE: Self = Self { width: 1080, height: 720 };

    /// A size.
    ///
    /// # Errors
    /// `SizeError` when one of them is out of range.
    pub fn new(width: u32, height: u32) -> Result<Self, SizeError> {
        let is_fine = |pixels: u32| (Self::MIN..=Self::MAX).contains(&pixels);
        if is_fine(width) && is_fine(height) { Ok(Self { width, height }) } else { Err(SizeError) }
    }

    /// Pixels from left to right.
    #[must_use]
    pub const fn width(self) -> u32 {
        self.width
    }

    /// Pixels from top to bottom.
    #[must_use]
    pub const fn height(self) -> u32 {
        self.height
    }

    /// Half of it each way, unless that is too small.
    #[must_use]
    pub fn halved(self) -> Option<Self> {
        Self::new(self.width / 2, self.height / 2).ok()
    }

    /// Height of the letters: a 40th of the width, but what a 27th of the height leaves room for;
    /// never so small that nobody reads it.
    #[must_use]
    pub fn em(self) -> u32 {
        (self.width / 40).min(self.height / 27).clamp(12, 64)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let (width, height) = text.split_once(['x', 'X']).ok_or(SizeError)?;
        let pixels = |text: &str| text.parse().map_err(|_| SizeError);
        Self::new(pixels(width)?, pixels(height)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_or_refused_with_what_is_allowed() {
        assert_eq!("1080x720".parse(), Ok(Size::MESSAGE));
        assert_eq!(Size::MESSAGE.to_string(), "1080x720");
        for bad in ["", "1080", "1080x", "x720", "319x720", "1080x4097", "-1x5", "1080 x 720"] {
            assert_eq!(bad.parse::<Size>(), Err(SizeError), "{bad}");
        }
        assert!(SizeError.to_string().contains("320 to 4096"));
    }

    #[test]
    fn letters_grow_with_the_picture() {
        for (text, em) in [("1080x720", 26), ("360x640", 12), ("4096x4096", 64), ("320x320", 12)] {
            assert_eq!(text.parse::<Size>().map(Size::em), Ok(em), "{text}");
        }
        assert_eq!(Size::MESSAGE.halved().map(|half| half.to_string()).as_deref(), Some("540x360"));
        assert_eq!("400x900".parse::<Size>().ok().and_then(Size::halved), None);
    }
}
