//! The one table of sections and keys.
//!
//! The parser, `config.ini.example`, `doc/configuration.md` and their tests all read this table.
//! Defaults of the judgement are not in it: they are read from [`crate::core::settings`], so that
//! no text can differ from them.

mod alarm;
mod cloudwatch;
mod discord;
mod email;
mod fleet;
mod global;
mod host;
mod lease;
mod others;
mod pagerduty;
mod peers;
mod pool;
mod promotion;
mod report;
mod route;
mod rules;
mod script;
mod slack;
mod telegram;
mod webhook;
mod wecom;

use serde_json::Value;

use super::kind::Kind;
use crate::core::settings::{Lease, Promotion, Role, Rules};

/// A section of the file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name, without brackets.
    pub name: &'static str,
    /// What it holds, one sentence.
    pub help: &'static str,
    /// Its keys, in the order they are documented.
    pub keys: &'static [Key],
}

/// A key of a section.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// Its name in the typed tree: the same, but for the unit (`_seconds` becomes `_ms`).
    pub field: &'static str,
    /// What it can be.
    pub kind: Kind,
    /// What holds when it is not given.
    pub default: DefaultValue,
    /// What it does, one or two sentences.
    pub help: &'static str,
}

/// What holds when a key is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// It must be given: a value to start from. It may be left empty where `note` says so.
    Required {
        /// A value as the example shows it.
        example: &'static str,
        /// When it is required.
        note: &'static str,
    },
    /// Nothing: a value as the example shows it, and what that means.
    Nothing {
        /// A value as the example shows it.
        example: &'static str,
        /// What holds then.
        note: &'static str,
    },
    /// This text.
    Text(&'static str),
    /// The field of [`Rules`] of this key.
    Rules,
    /// The field of [`Promotion`] of this key.
    Promotion,
    /// The field of [`Lease`] of this key.
    Lease,
    /// [`Role::wait_rounds`] of the role.
    WaitRounds,
}

/// The sections, in the order they are documented.
pub const SECTIONS: &[Section] = &[
    global::SECTION,
    rules::SECTION,
    promotion::SECTION,
    lease::SECTION,
    others::REFERENCES,
    peers::SECTION,
    host::SECTION,
    fleet::SECTION,
    pool::SECTION,
    alarm::SECTION,
    cloudwatch::SECTION,
    telegram::SECTION,
    wecom::SECTION,
    email::SECTION,
    webhook::SECTION,
    slack::SECTION,
    discord::SECTION,
    pagerduty::SECTION,
    script::SECTION,
    report::SECTION,
    others::STATUS,
    others::STATE,
    others::LOG,
];

/// Sections whose keys a `[node:NAME]` may give for itself, as `SECTION.KEY`; those of `[global]` it
/// gives by their bare names. Everything else is common to all nodes of a file.
pub const OF_A_NODE: [&str; 6] = ["rules", "promotion", "lease", "references", "peers", "host"];

/// The section of a name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

impl Section {
    /// The key of a name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// What is wrong with a value for a key of the file; `None` where it is allowed, as far as it can be
/// told without the rest of the file.
#[must_use]
pub fn problem_with(section_name: &str, key: &str, value: &str) -> Option<String> {
    let Some(key) = section(section_name).and_then(|section| section.key(key)) else {
        return Some(format!("there is no key {key} in [{section_name}]"));
    };
    let why = key.kind.read(value).err()?;
    Some(format!("{why}; allowed: {}", key.kind.allowed()))
}

impl Key {
    /// The default, as it would be written in the file; for the first standby where it depends on
    /// the role.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        let role = Role::FirstStandby;
        match self.default {
            DefaultValue::Required { .. } | DefaultValue::Nothing { .. } => None,
            DefaultValue::Text(text) => Some(text.to_owned()),
            DefaultValue::Rules => Some(self.shown(serde_json::to_value(Rules::default()))),
            DefaultValue::Promotion => {
                Some(self.shown(serde_json::to_value(Promotion::for_role(role))))
            }
            DefaultValue::Lease => Some(self.shown(serde_json::to_value(Lease::DEFAULT))),
            DefaultValue::WaitRounds => Some(role.wait_rounds().to_string()),
        }
    }

    /// The default in words.
    #[must_use]
    pub fn default_words(&self) -> String {
        match self.default {
            DefaultValue::Required { note, .. } | DefaultValue::Nothing { note, .. } => {
                note.to_owned()
            }
            DefaultValue::WaitRounds => {
                let roles = [Role::Active, Role::FirstStandby, Role::SecondStandby, Role::Observer];
                let each =
                    roles.map(|role| format!("{} for {}", role.wait_rounds(), role.letter()));
                each.join(", ")
            }
            DefaultValue::Text(_)
            | DefaultValue::Rules
            | DefaultValue::Promotion
            | DefaultValue::Lease => self.default_text().unwrap_or_default(),
        }
    }

    /// A value to show in an example.
    #[must_use]
    pub fn example(&self) -> String {
        match self.default {
            DefaultValue::Required { example, .. } | DefaultValue::Nothing { example, .. } => {
                example.to_owned()
            }
            _ => self.default_text().unwrap_or_default(),
        }
    }

    /// This key's field of a struct that was turned into a tree. Turning plain numbers into a tree
    /// cannot fail; that every key has its field is tested.
    fn shown(&self, tree: serde_json::Result<Value>) -> String {
        tree.ok()
            .and_then(|tree| tree.get(self.field).map(|value| self.kind.show(value)))
            .unwrap_or_default()
    }
}
