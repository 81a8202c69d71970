//! Values of the status as words.

use serde_json::Value;

use crate::cli::style::printable;
use crate::core::time::{Human, Timestamp};

/// Longest text of the keeper that is shown, characters; its own sentences are much shorter.
const CHARS_MAX: usize = 600;

/// Text of a field, or a dash; nothing in it moves the cursor.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => clean(text),
        other => other.to_string(),
    }
}

/// A text of others within bounds, on one line.
pub(super) fn clean(text: &str) -> String {
    let line: String = text.chars().take(CHARS_MAX).collect();
    printable(&line.replace(['\n', '\r', '\t'], " "))
}

/// Elements of a list; none where it is none.
pub(super) fn list(value: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// A duration, to the second from ten seconds on: it changes once a second at most.
pub(super) fn span(ms: u64) -> String {
    let ms = if ms < 10_000 { ms / 100 * 100 } else { ms / 1000 * 1000 };
    Human(ms).to_string()
}

/// The same of a field.
pub(super) fn span_of(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), span)
}

/// A time of the status.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// From one time to another, `None` where one is not known; never negative.
pub(super) fn between(from: &Value, to: &Value) -> Option<u64> {
    Some(time(to)?.since_ms(time(from)?).max(0).cast_unsigned())
}

/// `02:48:37` of a time.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_string().chars().skip(11).take(8).collect()
}

/// `11-21 02:48` of a time.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_string().replace('T', " ").chars().skip(5).take(11).collect()
}

/// `1 block`, `3 blocks`.
pub(super) fn count(number: u64, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {word}{ending}")
}

/// A name of the code as words: `head_stalled` is `head stalled`.
pub(super) fn spaced(name: &str) -> String {
    clean(name).replace('_', " ")
}

/// Thousandths as percent.
pub(super) fn percent(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |permille| format!("{} %", permille / 10))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_words() {
        let at: Timestamp = "2026-11-21T02:48:37.098".parse().unwrap();
        for (shown, expected) in [
            (text(&Value::Null), "-"),
            (text(&json!("a\u{1b}[2J\u{202e}b\nc")), "a\u{fffd}[2J\u{fffd}b c"),
            (text(&json!(7)), "7"),
            (span(940), "900 ms"),
            (span(38_900), "38 s"),
            (span_of(&Value::Null), "-"),
            (clock(at), "02:48:37"),
            (moment(at), "11-21 02:48"),
            (count(1, "slot"), "1 slot"),
            (count(0, "turn"), "0 turns"),
            (spaced("head_stalled"), "head stalled"),
            (percent(&json!(805)), "80 %"),
        ] {
            assert_eq!(shown, expected);
        }
        let (early, late) = (json!("2026-11-21T02:48:37"), json!("2026-11-21T02:48:39"));
        assert_eq!(between(&early, &late), Some(2_000));
        assert_eq!(between(&late, &early), Some(0));
        assert_eq!(between(&Value::Null, &late), None);
        assert_eq!(text(&json!("é".repeat(100_000))).chars().count(), CHARS_MAX);
    }
}
