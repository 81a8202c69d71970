//! The runbook's table of causes against whatever in the code can be one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use eoskeeper::core::alarm::texts;
use eoskeeper::core::rules::Rule;

use super::{code, entries, milestones, read, root, serde_name, table};

/// What bears the name of a cause and is none: nobody is alarmed by it.
const NO_ALARMS: [&str; 3] = ["late", "report", "test"];

/// Every source of the program.
fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// The names in the code that stand behind a text, up to their closing quote.
fn named<'s>(source: &'s str, before: &'s str) -> impl Iterator<Item = String> + 's {
    source.split(before).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned)
}

/// Every cause the code can tell of, with its severities: rules, notices of the machine and the keeper,
/// what the fleet, the pool and the keeper itself signal.
fn causes() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut causes = milestones::told();
    for rule in Rule::ALL {
        let severity = match serde_name(&rule.severity()).as_str() {
            "page" => "page",
            "warn" => "warn",
            _ => "info",
        };
        causes.entry(rule.as_str().to_owned()).or_default().insert(severity);
    }
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for source in &files {
        // Tests below the code make up causes.
        let source = source.split("#[cfg(test)]").next().unwrap();
        let signals = named(source, "cause: \"").chain(named(source, ".tell(now, \""));
        for cause in signals.filter(|cause| !NO_ALARMS.contains(&cause.as_str())) {
            causes.entry(cause).or_default();
        }
    }
    causes
}

#[test]
fn the_runbook_has_a_row_and_an_entry_for_every_cause_and_no_other() {
    let causes = causes();
    for known in ["api_down", "promoted", "member_offline", "pool_hashrate_low", "channel_failing"]
    {
        assert!(causes.contains_key(known), "the sources are not understood any more: {known}");
    }
    let text = read("doc/runbook.md");
    let rows = table(&text, &["cause", "severity", "means", "first"]);
    let in_table: Vec<String> = rows.iter().map(|row| code(&row[0]).remove(0)).collect();
    let unique: BTreeSet<&String> = in_table.iter().collect();
    assert_eq!(unique.len(), in_table.len(), "a cause has two rows");
    assert_eq!(unique, causes.keys().collect(), "left: the table, right: the code");

    let headings: Vec<String> = entries(&text).into_iter().map(|(heading, _)| heading).collect();
    for row in &rows {
        let cause = code(&row[0]).remove(0);
        let heading = headings.iter().find(|heading| code(heading).contains(&cause));
        let heading = heading.unwrap_or_else(|| panic!("no entry is about {cause}"));
        assert!(heading.ends_with(&format!("({})", row[1])), "{cause}: {} or {heading}", row[1]);
        let severities: Vec<&str> = causes[&cause].iter().copied().collect();
        if !severities.is_empty() {
            assert_eq!(row[1], severities.join(" or "), "{cause}");
        }
        assert!(row[2].len() > 10 && row[3].len() > 5, "{row:?}");
    }
    for rule in Rule::ALL {
        let row = &rows[in_table.iter().position(|cause| cause == rule.as_str()).unwrap()];
        assert!(row[2].starts_with(rule.meaning()), "{rule}: {}", row[2]);
        assert_eq!(row[3], rule.next_step(), "{rule}");
    }
}

#[test]
fn every_cause_is_told_in_every_language() {
    let told: BTreeSet<String> = texts::causes().map(str::to_owned).collect();
    let causes: BTreeSet<String> = causes().into_keys().collect();
    assert_eq!(told, causes, "left: the texts, right: the code");
}
