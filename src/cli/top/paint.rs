//! Colours and marks. Nothing is told by colour alone: each mark has a shape of its own.

use ratatui::style::{Color, Modifier, Style};

use crate::cli::own_log::no_color;

/// How something stands; the greater the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// As it should be.
    Good,
    /// Nothing to say.
    Quiet,
    /// Not known.
    Unknown,
    /// To be looked at.
    Warn,
    /// Blocks are lost or soon will be.
    Bad,
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paint {
    has_colour: bool,
    has_unicode: bool,
}

impl Paint {
    /// Neither colour nor weight; signs as the locale allows.
    pub(super) fn plain() -> Self {
        Self { has_colour: false, ..Self::of_environment() }
    }

    /// Colours unless `NO_COLOR` is set, and signs beyond ASCII where the locale is UTF-8.
    pub(super) fn of_environment() -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        Self { has_colour: !no_color(), has_unicode: is_utf8(locale.as_deref()) }
    }

    #[cfg(test)]
    pub(super) const fn of(has_colour: bool, has_unicode: bool) -> Self {
        Self { has_colour, has_unicode }
    }

    /// Whether signs beyond ASCII can be shown.
    pub(super) const fn has_unicode(self) -> bool {
        self.has_unicode
    }

    /// The sign of a mark, one column.
    pub(super) const fn sign(self, mark: Mark) -> &'static str {
        match (mark, self.has_unicode) {
            (Mark::Good, true) => "✓",
            (Mark::Quiet, true) => "·",
            (Mark::Warn, true) => "▲",
            (Mark::Bad, true) => "✗",
            (Mark::Good, false) => "+",
            (Mark::Quiet, false) => ".",
            (Mark::Warn, false) => "!",
            (Mark::Bad, false) => "X",
            (Mark::Unknown, _) => "?",
        }
    }

    /// How a mark and what belongs to it is set.
    pub(super) fn style(self, mark: Mark) -> Style {
        let style = Style::new();
        match mark {
            Mark::Good => self.coloured(style, Color::Green),
            Mark::Quiet => self.dim(),
            Mark::Unknown => self.coloured(style, Color::Cyan),
            Mark::Warn => self.coloured(style, Color::Yellow),
            Mark::Bad => self.coloured(style, Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    /// A band over the whole width.
    pub(super) fn band(self, mark: Mark) -> Style {
        let colour = match mark {
            Mark::Good => Color::Green,
            Mark::Warn => Color::Yellow,
            Mark::Bad => Color::Red,
            Mark::Quiet | Mark::Unknown => Color::Gray,
        };
        let style = Style::new().add_modifier(Modifier::BOLD);
        match (self.has_colour, mark) {
            (false, _) => style.add_modifier(Modifier::REVERSED),
            (true, Mark::Bad) => style.bg(colour).fg(Color::White),
            (true, _) => style.bg(colour).fg(Color::Black),
        }
    }

    /// Less important.
    pub(super) fn dim(self) -> Style {
        self.coloured(Style::new(), Color::DarkGray)
    }

    /// A heading.
    pub(super) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn coloured(self, style: Style, colour: Color) -> Style {
        if self.has_colour { style.fg(colour) } else { style }
    }
}

/// Whether a locale's name, for example `en_GB.UTF-8`, stands for UTF-8.
fn is_utf8(locale: Option<&str>) -> bool {
    let locale = locale.unwrap_or("C").to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Mark; 5] = [Mark::Good, Mark::Quiet, Mark::Unknown, Mark::Warn, Mark::Bad];

    #[test]
    fn every_mark_has_a_sign_of_its_own() {
        for paint in [Paint::of(true, true), Paint::of(false, false)] {
            let mut signs = ALL.map(|mark| paint.sign(mark)).to_vec();
            signs.sort_unstable();
            signs.dedup();
            assert_eq!(signs.len(), ALL.len());
        }
        assert!(ALL.iter().all(|mark| Paint::of(true, false).sign(*mark).is_ascii()));
    }

    #[test]
    fn without_colours_there_are_none() {
        let paint = Paint::of(false, true);
        for mark in ALL {
            for style in [paint.style(mark), paint.band(mark), paint.dim()] {
                assert_eq!((style.fg, style.bg), (None, None), "{mark:?}");
            }
        }
    }

    #[test]
    fn the_locale_says_whether_signs_can_be_shown() {
        for (locale, expected) in [
            (None, false),
            (Some("C"), false),
            (Some("de_DE@euro"), false),
            (Some("en_GB.UTF-8"), true),
            (Some("C.utf8"), true),
        ] {
            assert_eq!(is_utf8(locale), expected, "{locale:?}");
        }
    }
}
