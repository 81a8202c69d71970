//! Small words and figures of the page: ages, times, counts.

use maud::{Markup, html};

use crate::core::time::{Human, Timestamp};

/// A time of the page: UTC, to the second. The script adds the reader's own time beside it.
pub(super) fn time(at: Timestamp) -> Markup {
    let text = at.to_string();
    let (day, rest) = text.split_at(text.find('T').unwrap_or(0));
    let clock = rest.trim_start_matches('T').split('.').next().unwrap_or_default();
    html! {
        time datetime=(format!("{day}T{clock}Z")) data-form="clock" { (clock) " UTC" }
    }
}

/// The same with its day.
pub(super) fn moment(at: Timestamp) -> Markup {
    let text = at.to_string();
    let (day, rest) = text.split_at(text.find('T').unwrap_or(0));
    let clock = rest.trim_start_matches('T').split('.').next().unwrap_or_default();
    html! {
        time datetime=(format!("{day}T{clock}Z")) data-form="moment" { (day) " " (clock) " UTC" }
    }
}

/// A duration, to the second from ten seconds on: it changes once a second at most.
pub(super) fn span(ms: u64) -> String {
    let ms = if ms < 10_000 { ms / 100 * 100 } else { ms / 1000 * 1000 };
    Human(ms).to_string()
}

/// How long ago, for a difference of two times; a time to come is `now`.
pub(super) fn since(at: Timestamp, now: Timestamp) -> String {
    span(now.since_ms(at).max(0).cast_unsigned())
}

/// A figure that may be missing.
pub(super) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

/// `1 block`, `3 blocks`.
pub(super) fn count(number: u64, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {word}{ending}")
}

/// Thousandths as percent.
pub(super) fn percent(permille: u32) -> String {
    format!("{} %", permille / 10)
}

/// A name of the code as words: `head_stalled` is `head stalled`.
pub(super) fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// The word by which JSON and the documents know a value: `still_waiting`.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_by_people_and_by_programs() {
        let at: Timestamp = "2026-11-21T02:48:37.098".parse().unwrap();
        assert_eq!(
            time(at).into_string(),
            "<time datetime=\"2026-11-21T02:48:37Z\" data-form=\"clock\">02:48:37 UTC</time>"
        );
        assert!(moment(at).into_string().contains(">2026-11-21 02:48:37 UTC<"));
    }

    #[test]
    fn figures_do_not_flicker() {
        for (ms, text) in [(0, "0 ms"), (940, "900 ms"), (9_970, "9.9 s"), (38_900, "38 s")] {
            assert_eq!(span(ms), text);
        }
        assert_eq!(count(1, "block"), "1 block");
        assert_eq!(count(0, "turn"), "0 turns");
        assert_eq!(percent(805), "80 %");
        assert_eq!(or_dash(None::<u32>), "–");
    }
}
