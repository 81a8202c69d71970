//! Links between documents, the index of them, and what none of them may name.

use std::fs;
use std::path::{Path, PathBuf};

use super::{read, root};

/// Every document of the project, relative to its root.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![root()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                dirs.push(path);
            } else if name.ends_with(".md") {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    assert!(found.contains(&PathBuf::from("doc/README.md")), "{found:?}");
    found
}

/// The text without blocks of code: what looks like a link there is none.
fn prose(text: &str) -> String {
    let outside = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    outside.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// The targets of all links that stay within the project.
fn links(text: &str) -> Vec<String> {
    prose(text)
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchors of a document's headings, as a forge makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let text: String = heading.trim_start_matches('#').trim().chars().filter(kept).collect();
        text.to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut checked = 0;
    for document in documents() {
        for link in links(&read(&document)) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => document.clone(),
                file => document.parent().unwrap_or(Path::new("")).join(file),
            };
            let what = format!("{} links to {link}", document.display());
            assert!(root().join(&target).exists(), "{what}: there is no such file");
            let found = anchor.is_empty() || anchors(&read(&target)).iter().any(|a| a == anchor);
            assert!(found, "{what}: there is no such heading");
            checked += 1;
        }
    }
    assert!(checked >= 5, "only {checked} links were found");
}

#[test]
fn the_index_names_every_document() {
    let index = links(&read("doc/README.md"));
    for document in documents() {
        let Ok(name) = document.strip_prefix("doc") else { continue };
        let name = name.to_string_lossy().into_owned();
        let is_index = name == "README.md";
        assert!(is_index || index.contains(&name), "doc/README.md does not link {name}");
    }
}

#[test]
fn no_document_names_a_path_of_the_machine_it_was_written_on() {
    for document in documents() {
        let text = read(&document);
        for place in [["/wo", "rk"], ["/tmp", "/wt"]].map(|parts| parts.concat()) {
            let named =
                text.split(&place).skip(1).any(|rest| !rest.starts_with(char::is_alphabetic));
            assert!(!named, "{} names {place}", document.display());
        }
    }
}

#[test]
fn reads_links_and_anchors_as_a_forge_does() {
    let text = "See [a](b.md#c), `[no](code.md)`, [web](https://x.y).\n```\n[no](block.md)\n```\n";
    assert_eq!(links(text), ["b.md#c"]);
    assert_eq!(anchors("## The `x_y` (page)\n### `[rules]`"), ["the-x_y-page", "rules"]);
}
