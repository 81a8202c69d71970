//! One bad file for each rule. The messages it must give stand at its end, a `#!` line each,
//! without the file's name; `{sections}` stands for every section.

use std::path::{Path, PathBuf};
use std::{fs, iter};

use eoskeeper::config::keys::SECTIONS;
use eoskeeper::config::{ConfigError, PROBLEMS_MAX, load_file};
use proptest::prelude::*;

use super::{LEAST, parsed};

const FIXTURES: &str = "tests/fixtures/config";

#[test]
fn every_bad_file_gives_exactly_its_messages() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(FIXTURES).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 50, "{} files", files.len());
    let differences: Vec<String> = files.iter().filter_map(|file| difference(file)).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Every section, as a message lists them.
fn sections() -> String {
    let names: Vec<String> = SECTIONS.iter().map(|section| format!("[{}]", section.name)).collect();
    names.join(", ")
}

fn difference(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).unwrap();
    let expected: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#! "))
        .map(|message| format!("{}:{message}", file.display()).replace("{sections}", &sections()))
        .collect();
    let got: Vec<String> = match load_file(file) {
        Ok(_) => vec!["it loads".to_owned()],
        Err(ConfigError::Invalid(errors)) => {
            errors.problems.iter().map(ToString::to_string).collect()
        }
        Err(other) => vec![other.to_string()],
    };
    let name = file.display();
    (expected.is_empty() || got != expected)
        .then(|| format!("{name}: expected\n  {expected:#?}\n got\n  {got:#?}"))
}

#[test]
fn a_problem_has_its_parts_for_programs() {
    let errors = parsed(&format!("{LEAST}[rules]\npeers_low = many\n")).unwrap_err();
    let json = serde_json::to_value(&errors).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "problems": [{
                "file": "/etc/eoskeeper/config.ini",
                "line": 7,
                "section": "rules",
                "key": "peers_low",
                "what": "'many' is no whole number",
                "allowed": "allowed: 0 to 1000",
            }],
            "omitted": 0,
        })
    );
}

#[test]
fn a_file_of_garbage_is_bounded_in_what_it_says() {
    let text: String = iter::repeat_n("garbage\n", PROBLEMS_MAX + 7).collect();
    let errors = parsed(&text).unwrap_err();
    assert_eq!(errors.problems.len(), PROBLEMS_MAX);
    // Seven lines, and that [global] is missing.
    assert_eq!(errors.omitted, 8);
    assert!(errors.to_string().ends_with("\nand 8 more problems, not shown"));
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let errors = parsed(&format!("{LEAST}is_docker = {}\n", "ä".repeat(10_000))).unwrap_err();
    let what = &errors.problems[0].what;
    assert_eq!(*what, format!("'{}…' is no yes or no", "ä".repeat(60)));
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    let errors = load_file(Path::new(FIXTURES).join("url_with_password.ini").as_path());
    assert!(!errors.unwrap_err().to_string().contains("secret"));
}

proptest! {
    /// Whatever the text is: a configuration, or at least one problem; never a panic.
    #[test]
    fn any_text_loads_or_says_why(lines in prop::collection::vec(line(), 0..12)) {
        let text = lines.join("\n");
        if let Err(errors) = parsed(&text) {
            prop_assert!(!errors.problems.is_empty(), "{text}");
            prop_assert!(errors.problems.is_sorted_by_key(|problem| problem.line));
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    let known = [
        "[global]",
        "role = B",
        "producer_name = eosstorebest",
        "http_port = 8888",
        "http_port = x",
        "log_file = \"/a b\" ; c",
        "is_docker = yes",
        "c_name = 'nodeos'",
        "[promotion]",
        "promote = api",
        "demote = api",
        "[rules]",
        "poll_interval_seconds = 0.5",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[\\[\\]a-z =:;#\"'\\\\\\t\r.0-9]{0,30}",
        1 => any::<String>(),
    ]
}
