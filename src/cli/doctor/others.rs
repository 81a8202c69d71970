//! This node and others of the producer, as far as keys and versions go.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::cases::{Advice, Case};
use super::facts::Facts;
use super::keys;
use crate::cli::check::deadline;
use crate::config::Config;

/// Bound on what is read of a file given by `--with`.
const FILE_BYTES: u64 = 1024 * 1024;
/// Bound on a safety.dat: some hundred bytes a key.
const SAFETY_BYTES: u64 = 1024 * 1024;

/// What is told of a node to compare it with others; nothing secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Other {
    /// Its name.
    pub(super) name: String,
    /// Its producer.
    pub(super) producer: String,
    /// nodeos's version.
    #[serde(default)]
    pub(super) version: Option<String>,
    /// Public keys it signs blocks with.
    #[serde(default)]
    pub(super) signing_keys: Vec<String>,
    /// Public keys it votes with.
    #[serde(default)]
    pub(super) finalizer_keys: Vec<String>,
    /// SHA-256 of its safety.dat, hex.
    #[serde(default)]
    pub(super) safety_dat_sha256: Option<String>,
}

impl Other {
    /// This node.
    pub(super) async fn of(config: &Config, facts: &Facts) -> Self {
        let node = facts.node.as_ref();
        let options = node.map(|node| &node.options);
        let safety = node.and_then(|node| {
            let below = node.data.as_ref().map(|data| data.join("finalizers"));
            let dir = match &node.options.finalizers_dir {
                Some(dir) if dir.is_absolute() && node.config == node.config_here => {
                    Some(dir.clone())
                }
                Some(dir) => node.data.as_ref().map(|data| data.join(dir)),
                None => below,
            };
            dir.map(|dir| dir.join("safety.dat"))
        });
        let safety = match safety {
            Some(path) => deadline("safety.dat", move || sum(&path)).await.ok().flatten(),
            None => None,
        };
        Self {
            name: config.settings.node.clone(),
            producer: config.settings.producer.to_string(),
            version: facts.info.as_ref().ok().and_then(|info| info.version.clone()),
            signing_keys: options.map(keys::own).unwrap_or_default(),
            finalizer_keys: options
                .map(|options| options.finalizers.iter().map(|key| key.public.clone()).collect())
                .unwrap_or_default(),
            safety_dat_sha256: safety,
        }
    }

    /// What `eoskeeper doctor --json` printed on another host.
    ///
    /// # Errors
    /// One sentence: the file cannot be read, or is something else.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let mut text = String::new();
        File::open(path).and_then(|file| file.take(FILE_BYTES).read_to_string(&mut text)).map_err(
            |error| format!("{name}: {error}; give what `eoskeeper doctor --json` printed"),
        )?;
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
            format!("{name} is no JSON: {error}; give what `eoskeeper doctor --json` printed")
        })?;
        serde_json::from_value(value["node"].clone()).map_err(|error| {
            format!("{name} has no node: {error}; give what `eoskeeper doctor --json` printed")
        })
    }
}

fn sum(path: &Path) -> Option<String> {
    fs::metadata(path).ok().filter(|metadata| metadata.is_file())?;
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(SAFETY_BYTES).read_to_end(&mut bytes).ok()?;
    let sum = digest(&SHA256, &bytes);
    Some(sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether our nodes run one version.
pub(super) fn versions(own: &Other, facts: &Facts, others: &[Other]) -> Vec<Advice> {
    let Some(version) = &own.version else {
        return vec![Case::VersionsUnknown.because("nodeos did not tell its version.")];
    };
    let peers =
        facts.peers.iter().filter_map(|peer| Some((peer.name.as_str(), peer.version.as_ref()?)));
    let given =
        others.iter().filter_map(|other| Some((other.name.as_str(), other.version.as_ref()?)));
    let ours: Vec<(&str, &String)> = peers.chain(given).collect();
    let references: Vec<&String> =
        facts.references.iter().filter_map(|one| one.version.as_ref()).collect();
    vec![compare(version, &ours, &references)]
}

fn compare(version: &str, ours: &[(&str, &String)], references: &[&String]) -> Advice {
    let differ: Vec<String> = ours
        .iter()
        .filter(|(_, other)| *other != version)
        .map(|(name, other)| format!("{name} runs {other}"))
        .collect();
    if !differ.is_empty() {
        return Case::VersionsDiffer
            .because(format!("This node runs {version}, {}.", differ.join(", ")));
    }
    if references.len() > 1 && references.iter().all(|other| **other != *version) {
        let each: Vec<&str> = references.iter().map(|other| other.as_str()).collect();
        return Case::VersionOld
            .because(format!("This node runs {version}, the references run {}.", each.join(", ")));
    }
    if ours.is_empty() && references.is_empty() {
        return Case::VersionsUnknown
            .because(format!("This node runs {version}; no other told its version."));
    }
    let count = ours.len();
    if count == 0 {
        return Case::VersionsEqual.because(format!(
            "This node runs {version}, and so does a reference, or there is but one."
        ));
    }
    Case::VersionsEqual.because(format!("This node and {count} others of ours run {version}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_among_our_own_and_with_the_references() {
        let (old, new) = ("v5.0.2".to_owned(), "v5.0.3".to_owned());
        for (case, ours, references, expected) in [
            ("alone", vec![], vec![], Case::VersionsUnknown),
            ("equal", vec![("b", &old)], vec![], Case::VersionsEqual),
            ("a standby differs", vec![("b", &new)], vec![&old], Case::VersionsDiffer),
            ("all references are newer", vec![], vec![&new, &new], Case::VersionOld),
            ("one reference is newer", vec![], vec![&new], Case::VersionsEqual),
            ("some are", vec![("b", &old)], vec![&new, &old], Case::VersionsEqual),
        ] {
            let advice = compare(&old, &ours, &references);
            assert_eq!(advice.verdict, expected.verdict(), "{case}: {advice:?}");
        }
    }

    #[test]
    fn what_another_host_printed_is_read_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.json");
        let other = Other {
            name: "b".to_owned(),
            finalizer_keys: vec!["PUB_BLS_x".to_owned()],
            ..Other::default()
        };
        fs::write(&path, serde_json::json!({ "advice": [], "node": other }).to_string()).unwrap();
        assert_eq!(Other::read(&path).unwrap(), other);
        for text in ["", "{}", "[]", "{\"node\": 1}"] {
            fs::write(&path, text).unwrap();
            assert!(Other::read(&path).unwrap_err().contains("doctor --json"), "{text}");
        }
        assert!(Other::read(&dir.path().join("none")).is_err());
    }
}
