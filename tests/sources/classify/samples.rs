//! Real lines, and lines made from the formats of each version, against expectations read by eye.

use super::expect::{alone, expected, fields};

const SAMPLES: &str = include_str!("../../fixtures/log/samples.tsv");
const FORMATS: &str = include_str!("../../fixtures/log/formats.tsv");

/// Each line of a table: version, source, `event/reason`, fields, the line of the log.
fn check(table: &str) -> usize {
    let mut failures = Vec::new();
    let rows = table.lines().filter(|row| !row.starts_with('#') && !row.is_empty());
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.splitn(5, '\t').collect();
        let [version, source, event, words, line] = cells[..] else { panic!("five cells: {row}") };
        let line = line.replace("<CR>", "\r").replace("<ESC>", "\x1b");
        let got = fields(line.as_bytes(), &alone(line.as_bytes()));
        let want = expected(event, words);
        if got != want {
            failures.push(format!("{version} {source}\n  {line}\n  got  {got:?}\n  want {want:?}"));
        }
        count += 1;
    }
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
    count
}

#[test]
fn published_lines_give_the_event_and_every_field() {
    assert_eq!(check(SAMPLES), 92);
}

#[test]
fn the_formats_of_every_version_give_the_event_and_every_field() {
    assert!(check(FORMATS) > 100);
}
