//! "Did you mean": the known name nearest to a mistyped one.

/// Longest text that is compared; nothing this long is a mistyped key.
const CHARS_MAX: usize = 64;

/// Endings that name a unit; people write the one they think in.
const UNITS: [&str; 9] =
    ["_milliseconds", "_seconds", "_minutes", "_hours", "_secs", "_sec", "_min", "_ms", "_s"];

/// The nearest of the known names, when it is near enough to be what was meant.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if typed.chars().count() > CHARS_MAX {
        return None;
    }
    let typed = typed.to_lowercase().replace(['-', ' '], "_");
    known
        .map(|name| (distance_by_any_unit(&typed, name), name))
        .filter(|&(distance, name)| distance <= allowance(name) || is_beginning(&typed, name))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// `producer` for `producer_name`: a name cut short at a word's end.
fn is_beginning(typed: &str, name: &str) -> bool {
    !typed.is_empty() && name.strip_prefix(typed).is_some_and(|rest| rest.starts_with('_'))
}

/// One slip in four characters, at most three.
fn allowance(name: &str) -> usize {
    (name.len() / 4).clamp(1, 3)
}

fn distance_by_any_unit(typed: &str, name: &str) -> usize {
    distance(typed, name).min(1 + distance(stem(typed), stem(name)))
}

fn stem(name: &str) -> &str {
    UNITS.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name)
}

/// Levenshtein's distance: insertions, deletions and replacements.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_slips() {
        for (a, b, slips) in
            [("", "abc", 3), ("abc", "abc", 0), ("roel", "role", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), slips, "{a} {b}");
        }
    }

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let known =
            ["producer_name", "role", "log_file", "head_stalled_seconds", "budget_window_hours"];
        for (typed, meant) in [
            ("rol", Some("role")),
            ("Role", Some("role")),
            ("log-file", Some("log_file")),
            ("head_stalled_ms", Some("head_stalled_seconds")),
            ("head_stalled", Some("head_stalled_seconds")),
            ("head_staled_s", Some("head_stalled_seconds")),
            ("budget_window_days", None),
            ("producer", Some("producer_name")),
            ("prod", None),
            ("colour", None),
            (&"x".repeat(1_000), None),
        ] {
            assert_eq!(nearest(typed, known.into_iter()), meant, "{typed}");
        }
    }
}
