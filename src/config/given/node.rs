//! Sections of single nodes, `[node:NAME]`: the keys of `[global]`, and `SECTION.KEY` of the sections
//! that are about one node.

use super::{Current, Given, Sorted};
use crate::config::keys::{self, Key, SECTIONS, Section};
use crate::config::lines::Fault;
use crate::config::problem::{Place, Problems};
use crate::config::suggest::nearest;
use crate::config::{NODE_NAME_CHARS, NODES_MAX, is_node_name};

/// What such a section's name begins with.
pub(super) const PREFIX: &str = "node:";
/// The section whose keys stand in it as they are.
pub(super) const OWN: &str = "global";

/// Keys of which the node's takes the place of the common ones that say the same in another way.
const INSTEAD: [(&str, &str, &[&str]); 7] = [
    (OWN, "http_port", &["http_url"]),
    (OWN, "http_url", &["http_port"]),
    (OWN, "log_file", &["log_source", "is_docker", "c_name", "docker_host"]),
    (OWN, "log_source", &["log_file", "is_docker", "c_name", "docker_host"]),
    (OWN, "c_name", &["log_file", "log_source"]),
    ("promotion", "wait_rounds", &["wait_seconds"]),
    ("promotion", "wait_seconds", &["wait_rounds"]),
];

/// What the section of a node gives.
#[derive(Debug)]
pub(in crate::config) struct NodeSection {
    /// Its name, without `node:`.
    pub(in crate::config) name: String,
    /// Its line.
    pub(in crate::config) line: usize,
    given: Given,
}

impl Sorted {
    pub(super) fn enter_node(
        &mut self,
        line: usize,
        name: &str,
        problems: &mut Problems,
    ) -> Current {
        let shown = format!("{PREFIX}{name}");
        let place = Place { line, section: Some(&shown), key: None };
        if !is_node_name(name) {
            let allowed =
                format!("1 to {NODE_NAME_CHARS} letters, digits, - and _, for example [node:eos]");
            problems.add(place, "that is no name of a node", allowed);
            return Current::Unknown;
        }
        // As names of directories they must differ on every file system.
        if let Some(first) = self.nodes.iter().find(|node| node.name.eq_ignore_ascii_case(name)) {
            let what = match first.name == name {
                true => format!("the section is there twice, first on line {}", first.line),
                false => format!("[{}] on line {} has the same name", first.shown(), first.line),
            };
            problems.add(place, what, "give each node a name of its own");
            return Current::Unknown;
        }
        if self.nodes.len() >= NODES_MAX {
            let what = format!("more than {NODES_MAX} nodes");
            problems.add(place, what, "watch the others with another eoskeeper");
            return Current::Unknown;
        }
        self.nodes.push(NodeSection { name: name.to_owned(), line, given: Given::default() });
        Current::Node(self.nodes.len() - 1)
    }
}

impl NodeSection {
    /// As the file has it, without brackets.
    pub(in crate::config) fn shown(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    pub(super) fn take(
        &mut self,
        line: usize,
        name: &str,
        text: Result<&str, Fault>,
        problems: &mut Problems,
    ) {
        let shown = self.shown();
        let place = Place { line, section: Some(&shown), key: Some(name) };
        match find(name) {
            Ok(known) => self.given.put(known, line, place, text, problems),
            Err((what, allowed)) => problems.add(place, what, allowed),
        }
    }
}

/// The key that a name in a node's section means; else what is wrong, and what is allowed.
fn find(name: &str) -> Result<(&'static Section, &'static Key), (String, String)> {
    let (section_name, key_name) = name.split_once('.').unwrap_or((OWN, name));
    let (section_name, key_name) = (section_name.trim(), key_name.trim());
    let is_ours = section_name == OWN && !name.contains('.');
    let Some(section) = keys::section(section_name) else {
        return Err(("unknown key".to_owned(), suggest(name)));
    };
    if !is_ours && !keys::OF_A_NODE.contains(&section.name) {
        let what = format!("[{section_name}] is common to all nodes");
        let allowed = match section_name == OWN {
            true => format!("write {key_name} = …, without the section"),
            false => format!("give {key_name} under [{section_name}]"),
        };
        return Err((what, allowed));
    }
    match section.key(key_name) {
        Some(key) => Ok((section, key)),
        None => Err(("unknown key".to_owned(), suggest(name))),
    }
}

fn suggest(name: &str) -> String {
    let own = keys::section(OWN).map_or(&[][..], |section| section.keys);
    let own = own.iter().map(|key| key.name.to_owned());
    let others = SECTIONS.iter().filter(|section| keys::OF_A_NODE.contains(&section.name));
    let others = others.flat_map(|section| {
        section.keys.iter().map(|key| format!("{}.{}", section.name, key.name))
    });
    let all: Vec<String> = own.chain(others).collect();
    if let Some(meant) = nearest(name, all.iter().map(String::as_str)) {
        return format!("did you mean {meant}?");
    }
    let holds = |section: &&&Section| section.key(name).is_some();
    match SECTIONS.iter().collect::<Vec<_>>().iter().find(holds) {
        Some(section) if keys::OF_A_NODE.contains(&section.name) => {
            format!("did you mean {}.{name}?", section.name)
        }
        Some(section) => format!("it belongs under [{}]", section.name),
        None => format!(
            "the keys are those of [{OWN}], and SECTION.KEY of [{}]",
            keys::OF_A_NODE.join("], [")
        ),
    }
}

impl Given {
    /// What holds for one node: its own keys, and what is common for the others.
    pub(in crate::config) fn of_node(&self, node: &NodeSection) -> Self {
        let mut all = self.clone();
        all.node = Some((node.name.clone(), node.line));
        for (section, key, others) in INSTEAD {
            if node.given.mention(section, key).is_some() {
                others.iter().for_each(|other| all.forget(section, other));
            }
        }
        for (at, mention) in &node.given.keys {
            all.keys.insert(*at, super::Mention { is_of_node: true, ..*mention });
            // A wrong value must not be read as the common one.
            if let Some(key) = keys::section(at.0).and_then(|section| section.key(at.1))
                && let Some(fields) = all.values.get_mut(at.0)
            {
                fields.remove(key.field);
            }
        }
        for (section, fields) in &node.given.values {
            let into = all.values.entry(section).or_default();
            into.extend(fields.iter().map(|(field, value)| (field.clone(), value.clone())));
        }
        all
    }

    fn forget(&mut self, section: &'static str, key: &str) {
        let Some(key) = keys::section(section).and_then(|section| section.key(key)) else { return };
        self.keys.remove(&(section, key.name));
        if let Some(fields) = self.values.get_mut(section) {
            fields.remove(key.field);
        }
    }

    /// The name of the node this is about, where the file has sections of nodes.
    pub(in crate::config) fn node(&self) -> Option<&str> {
        self.node.as_ref().map(|(name, _)| name.as_str())
    }

    /// Where a key stands, or should: the line, its section and its name there.
    pub(in crate::config) fn place(&self, section: &str, key: &str) -> (usize, String, String) {
        let mention = self.mention(section, key);
        if let Some((node, line)) = &self.node {
            let is_of_node = match mention {
                Some(mention) => mention.is_of_node,
                // What is missing of a node is missing in its own section.
                None => section == OWN || !self.sections.contains_key(section) && is_own(section),
            };
            if is_of_node {
                let line = mention.map_or(*line, |mention| mention.line);
                let key = if section == OWN { key.to_owned() } else { format!("{section}.{key}") };
                return (line, format!("{PREFIX}{node}"), key);
            }
        }
        let line = mention
            .map(|mention| mention.line)
            .or_else(|| self.sections.get(section).copied())
            .unwrap_or(1);
        (line, section.to_owned(), key.to_owned())
    }
}

fn is_own(section: &str) -> bool {
    keys::OF_A_NODE.contains(&section)
}
