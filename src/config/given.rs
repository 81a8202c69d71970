//! What the file gives: every line held against the table of keys.

mod node;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keys::{self, DefaultValue, Key, SECTIONS, Section};
use super::lines::{Content, Fault, Line};
use super::problem::{Place, Problems};
use super::suggest::nearest;
pub(super) use node::NodeSection;

/// All that a file gives: what is common, and the sections of single nodes in their order.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) common: Given,
    pub(super) nodes: Vec<NodeSection>,
}

/// The values of a file and the lines they stand on.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    /// Values by section and field, as the typed tree takes them.
    values: BTreeMap<&'static str, Map<String, Value>>,
    /// Lines of the sections, by name.
    sections: BTreeMap<&'static str, usize>,
    /// Keys by section and name, whether their value is right or wrong.
    keys: BTreeMap<(&'static str, &'static str), Mention>,
    /// The node this is about, where the file has sections of nodes: its name and its line.
    node: Option<(String, usize)>,
}

/// That a key stands in the file.
#[derive(Clone, Copy, Debug)]
struct Mention {
    line: usize,
    /// Whether its value could be read.
    is_right: bool,
    /// Whether it is there without a value, where that means that it isn't given.
    is_empty: bool,
    /// Whether it stands in the section of the node, not in one that is common.
    is_of_node: bool,
}

/// Where the lines being read belong.
enum Current {
    /// Before the first section.
    Outside,
    /// In a section nobody knows or can read; it was reported, its keys are not.
    Unknown,
    /// In this section.
    In(&'static Section),
    /// In the section of a node: the place of it among them.
    Node(usize),
}

/// Sorts the lines into sections and keys; what doesn't fit becomes problems.
pub(super) fn sort(lines: Vec<Line>, problems: &mut Problems) -> Sorted {
    let mut sorted = Sorted::default();
    let mut current = Current::Outside;
    for Line { number, content } in lines {
        match content {
            Content::Section(name) => current = sorted.enter(number, &name, problems),
            Content::BrokenSection(fault) => {
                problems.add(
                    Place { line: number, section: None, key: None },
                    fault.what,
                    fault.allowed,
                );
                current = Current::Unknown;
            }
            Content::Entry { key, value } => {
                sorted.entry(&current, number, &key, Ok(&value), problems);
            }
            Content::BrokenEntry { key, fault } => {
                sorted.entry(&current, number, &key, Err(fault), problems);
            }
            Content::Neither(fault) => {
                let section = sorted.name(&current);
                let place = Place { line: number, section: section.as_deref(), key: None };
                problems.add(place, fault.what, fault.allowed);
            }
        }
    }
    sorted
}

impl Sorted {
    /// The section's name as the file has it.
    fn name(&self, current: &Current) -> Option<String> {
        match current {
            Current::In(section) => Some(section.name.to_owned()),
            Current::Node(index) => self.nodes.get(*index).map(NodeSection::shown),
            Current::Outside | Current::Unknown => None,
        }
    }

    fn enter(&mut self, line: usize, name: &str, problems: &mut Problems) -> Current {
        match name.strip_prefix(node::PREFIX) {
            Some(node) => self.enter_node(line, node.trim(), problems),
            None => self.common.enter(line, name, problems),
        }
    }

    fn entry(
        &mut self,
        current: &Current,
        line: usize,
        name: &str,
        text: Result<&str, Fault>,
        problems: &mut Problems,
    ) {
        match current {
            Current::Node(index) => {
                if let Some(node) = self.nodes.get_mut(*index) {
                    node.take(line, name, text, problems);
                }
            }
            _ => self.common.entry(current, line, name, text, problems),
        }
    }
}

impl Given {
    fn enter(&mut self, line: usize, name: &str, problems: &mut Problems) -> Current {
        let place = Place { line, section: Some(name), key: None };
        let Some(section) = keys::section(name) else {
            problems.add(place, "unknown section", suggest_section(name));
            return Current::Unknown;
        };
        if let Some(first) = self.sections.get(section.name) {
            problems.add(
                place,
                format!("the section is there twice, first on line {first}"),
                "put all its keys under one",
            );
        } else {
            self.sections.insert(section.name, line);
        }
        Current::In(section)
    }

    fn entry(
        &mut self,
        current: &Current,
        line: usize,
        name: &str,
        text: Result<&str, Fault>,
        problems: &mut Problems,
    ) {
        match (current, text) {
            (Current::In(section), text) => self.take(section, line, name, text, problems),
            (Current::Outside, _) => outside(line, name, problems),
            (Current::Unknown | Current::Node(_), Ok(_)) => {}
            (Current::Unknown | Current::Node(_), Err(fault)) => {
                let place = Place { line, section: None, key: Some(name) };
                problems.add(place, fault.what, fault.allowed);
            }
        }
    }

    fn take(
        &mut self,
        section: &'static Section,
        line: usize,
        name: &str,
        text: Result<&str, Fault>,
        problems: &mut Problems,
    ) {
        let place = Place { line, section: Some(section.name), key: Some(name) };
        let Some(key) = section.key(name) else {
            problems.add(place, "unknown key", suggest_key(section, name));
            return;
        };
        self.put((section, key), line, place, text, problems);
    }

    /// Takes the value of a key that is known; `place` is where it stands.
    fn put(
        &mut self,
        (section, key): (&'static Section, &'static Key),
        line: usize,
        place: Place<'_>,
        text: Result<&str, Fault>,
        problems: &mut Problems,
    ) {
        if let Some(first) = self.keys.get(&(section.name, key.name)) {
            let what = format!("the key is there twice, first on line {}", first.line);
            problems.add(place, what, "give it once");
            return;
        }
        let is_empty = text == Ok("") && may_be_empty(key);
        let value = match text {
            Ok(_) if is_empty => Ok(Value::Null),
            Ok(text) => key
                .kind
                .read(text)
                .map_err(|what| (what, format!("allowed: {}", key.kind.allowed()))),
            Err(fault) => Err((fault.what.to_owned(), fault.allowed.to_owned())),
        };
        let mention = Mention { line, is_right: value.is_ok(), is_empty, is_of_node: false };
        self.keys.insert((section.name, key.name), mention);
        match value {
            Ok(value) => {
                let fields = self.values.entry(section.name).or_default();
                fields.insert(key.field.to_owned(), value);
            }
            Err((what, allowed)) => problems.add(place, what, allowed),
        }
    }

    /// The line of a key; of its section when it is not given; 1 when that isn't there either.
    pub(super) fn line(&self, section: &str, key: &str) -> usize {
        self.place(section, key).0
    }

    /// Whether the section is in the file; that of a node is its `[global]`.
    pub(super) fn has_section(&self, section: &str) -> bool {
        self.sections.contains_key(section) || (section == node::OWN && self.node.is_some())
    }

    /// Whether a value is given, be it right or wrong.
    pub(super) fn is_given(&self, section: &str, key: &str) -> bool {
        self.mention(section, key).is_some_and(|mention| !mention.is_empty)
    }

    /// Whether anything of a section is given that is not the built-in default: whoever sets that
    /// means to use it.
    pub(super) fn is_meant(&self, section: &str) -> bool {
        let Some(section) = keys::section(section) else { return false };
        section.keys.iter().any(|key| {
            let default = match key.default {
                DefaultValue::Text(text) => key.kind.read(text).ok(),
                _ => None,
            };
            let value = self.values.get(section.name).and_then(|values| values.get(key.field));
            self.is_given(section.name, key.name) && (value.is_none() || value != default.as_ref())
        })
    }

    /// Whether the value is wrong, so that nothing can be concluded from it.
    pub(super) fn is_wrong(&self, section: &str, key: &str) -> bool {
        self.mention(section, key).is_some_and(|mention| !mention.is_right)
    }

    fn mention(&self, section: &str, key: &str) -> Option<&Mention> {
        self.keys.iter().find(|((s, k), _)| *s == section && *k == key).map(|(_, mention)| mention)
    }

    /// The tree to make types of, with the table's own defaults filled in.
    pub(super) fn tree(&self) -> Value {
        let mut tree = Map::new();
        for section in SECTIONS {
            let mut fields = self.values.get(section.name).cloned().unwrap_or_default();
            for key in section.keys {
                if let DefaultValue::Text(text) = key.default
                    && !fields.contains_key(key.field)
                    // That each default can be read is tested.
                    && let Ok(value) = key.kind.read(text)
                {
                    fields.insert(key.field.to_owned(), value);
                }
            }
            tree.insert(section.name.to_owned(), Value::Object(fields));
        }
        Value::Object(tree)
    }
}

/// The original tool's file may name the log it doesn't read with an empty text.
fn may_be_empty(key: &Key) -> bool {
    matches!(key.name, "log_file" | "c_name")
}

fn outside(line: usize, name: &str, problems: &mut Problems) {
    let allowed = match SECTIONS.iter().find(|section| section.key(name).is_some()) {
        Some(section) => format!("it belongs under [{}]", section.name),
        None => "put it under the section it belongs to".to_owned(),
    };
    let place = Place { line, section: None, key: Some(name) };
    problems.add(place, "the key stands before the first section", allowed);
}

fn suggest_section(name: &str) -> String {
    let names: Vec<_> = SECTIONS.iter().map(|section| section.name).collect();
    match nearest(name, names.iter().copied()) {
        Some(meant) => format!("did you mean [{meant}]?"),
        None => format!("the sections are [{}]", names.join("], [")),
    }
}

fn suggest_key(section: &Section, name: &str) -> String {
    if let Some(meant) = nearest(name, section.keys.iter().map(|key| key.name)) {
        return format!("did you mean {meant}?");
    }
    if let Some(other) = SECTIONS.iter().find(|other| other.key(name).is_some()) {
        return format!("it belongs under [{}]", other.name);
    }
    let names: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
    format!("the keys of [{}] are {}", section.name, names.join(", "))
}
