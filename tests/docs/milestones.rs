//! The notices of a promotion, read from `src/core/promotion.rs` and its folder, where they are told.

use std::collections::BTreeMap;

use crate::{code, entries, read};

/// Each key and whether it is bad news: `tell("key", text, true)`.
fn told() -> BTreeMap<String, bool> {
    let source = ["promotion.rs", "promotion/outcomes.rs", "promotion/watch.rs"]
        .map(|file| read(format!("src/core/{file}")))
        .concat();
    source
        .split(".tell(")
        .skip(1)
        .map(|call| {
            let key = call.split('"').nth(1).unwrap().to_owned();
            let words = call.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let mut verdicts = words.filter(|word| matches!(*word, "true" | "false"));
            (key, verdicts.next().unwrap() == "true")
        })
        .collect()
}

#[test]
fn the_runbook_has_every_notice_of_a_promotion_with_its_severity() {
    let told = told();
    assert!(told.len() >= 11, "the source is not understood any more: {told:?}");
    let found = entries(&read("doc/runbook.md"));
    for (key, is_trouble) in told {
        let severity = if is_trouble { "page" } else { "warn" };
        let heading = format!("`{key}` ({severity})");
        assert!(found.iter().any(|(h, _)| *h == heading), "doc/runbook.md lacks ### {heading}");
    }
}

#[test]
fn the_tables_of_transitions_name_every_notice() {
    let text = read("doc/decisions.md");
    let named: Vec<String> = ["latching | it is not, or", "latching | it is not |"]
        .iter()
        .flat_map(|row| {
            let at = text.find(row).unwrap_or_else(|| panic!("no transition {row:?}"));
            let from = text[..at].rfind("\n\n").unwrap();
            let to = text[at..].find("\n\n").unwrap();
            code(&text[from..at + to])
        })
        .collect();
    for key in told().keys() {
        assert!(named.contains(key), "no transition tells {key}");
    }
}
