//! The notices of a promotion, read from the machine and the keeper in `src/core/`, where they are
//! told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{code, entries, read, root};

/// The sources that tell: the machine, the keeper, and their folders.
fn sources() -> Vec<String> {
    let mut files = vec!["src/core/promotion.rs".to_owned(), "src/core/keeper.rs".to_owned()];
    for folder in ["src/core/promotion", "src/core/keeper"] {
        for file in fs::read_dir(root().join(folder)).unwrap() {
            files.push(format!("{folder}/{}", file.unwrap().file_name().to_string_lossy()));
        }
    }
    files.iter().map(read).collect()
}

/// Each key with its severities: of `tell("key", text, is_trouble)`, of `note("key", text)`, and of
/// `("key", format!(…))`, which is handed to `note`. Only a budget that is spent is trouble there.
pub(super) fn told() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut told: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for source in sources() {
        for call in source.split(".tell(").skip(1) {
            let call = call.trim_start();
            // What `note` hands on has no key of its own.
            let Some(key) = call.strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            let words = call.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let mut verdicts = words.filter(|word| matches!(*word, "true" | "false"));
            let severity = if verdicts.next().unwrap() == "true" { "page" } else { "warn" };
            told.entry(key.to_owned()).or_default().insert(severity);
        }
        for before in [".note(\"", "(\"budget"] {
            for call in source.split(before).skip(1) {
                let rest = call.split('"').next().unwrap();
                let key = format!("{}{rest}", before.trim_start_matches(['.', '(', '"']));
                let key = key.trim_start_matches("note(\"").to_owned();
                let severity = if key == "budget_spent" { "page" } else { "warn" };
                told.entry(key).or_default().insert(severity);
            }
        }
    }
    told
}

#[test]
fn the_runbook_has_every_notice_of_a_promotion_with_its_severity() {
    let told = told();
    assert!(told.len() >= 27, "the source is not understood any more: {told:?}");
    for key in ["budget_spent", "budget_rearmed", "handover_asked", "lease_refused", "restarting"] {
        assert!(told.contains_key(key), "{key} is not among {told:?}");
    }
    let found = entries(&read("doc/runbook.md"));
    for (key, severities) in told {
        let severities: Vec<&str> = severities.into_iter().collect();
        let heading = format!("`{key}` ({})", severities.join(" or "));
        assert!(found.iter().any(|(h, _)| *h == heading), "doc/runbook.md lacks ### {heading}");
    }
}

#[test]
fn the_runbook_has_no_notice_that_is_never_told() {
    let text = read("doc/runbook.md");
    let from = text.find("\n## Notices of a promotion").expect("the section of notices");
    let section = text[from + 1..].split("\n## ").next().unwrap();
    let told = told();
    for (heading, _) in entries(section) {
        let key = code(&heading).remove(0);
        assert!(told.contains_key(&key), "nobody tells {key}");
    }
}

#[test]
fn the_tables_of_transitions_name_every_notice() {
    let text = read("doc/decisions.md");
    let from = text.find("\n## The life of a promotion").expect("the section of transitions");
    let section = text[from + 1..].split("\n## ").next().unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).collect();
    let named = code(&rows.join("\n"));
    for key in told().keys() {
        assert!(named.contains(key), "no transition tells {key}");
    }
}
