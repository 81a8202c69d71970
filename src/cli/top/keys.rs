//! What a key means.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To leave.
    Quit,
    /// To leave the help, or all of it.
    Back,
    /// To see the keys, or no more.
    Help,
    /// To have it stand still, or go on.
    Pause,
    /// To move by so many lines, down where it is positive.
    Lines(i32),
    /// To move by so many screens.
    Screens(i32),
    /// To the top.
    Top,
    /// To the end.
    End,
}

/// The wish of a key; `None` for one that means nothing.
pub(super) fn wish(key: KeyEvent) -> Option<Wish> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Some(Wish::Quit),
            KeyCode::Char('f') => Some(Wish::Screens(1)),
            KeyCode::Char('b') => Some(Wish::Screens(-1)),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Char('q' | 'Q') => Wish::Quit,
        KeyCode::Esc => Wish::Back,
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Wish::Help,
        KeyCode::Char('p') => Wish::Pause,
        KeyCode::Char('j') | KeyCode::Down => Wish::Lines(1),
        KeyCode::Char('k') | KeyCode::Up => Wish::Lines(-1),
        KeyCode::Char(' ') | KeyCode::PageDown => Wish::Screens(1),
        KeyCode::Char('b') | KeyCode::PageUp => Wish::Screens(-1),
        KeyCode::Char('g') | KeyCode::Home => Wish::Top,
        KeyCode::Char('G') | KeyCode::End => Wish::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_help_says() {
        let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
        let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        let shifted = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        for (key, expected) in [
            (plain(KeyCode::Char('q')), Some(Wish::Quit)),
            (control('c'), Some(Wish::Quit)),
            (plain(KeyCode::Char('c')), None),
            (plain(KeyCode::Esc), Some(Wish::Back)),
            (plain(KeyCode::Char('?')), Some(Wish::Help)),
            (plain(KeyCode::Char('p')), Some(Wish::Pause)),
            (plain(KeyCode::Char('j')), Some(Wish::Lines(1))),
            (plain(KeyCode::Up), Some(Wish::Lines(-1))),
            (plain(KeyCode::PageDown), Some(Wish::Screens(1))),
            (shifted, Some(Wish::End)),
            (control('q'), None),
        ] {
            assert_eq!(wish(key), expected, "{key:?}");
        }
        let released =
            KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(wish(released), None);
    }
}
