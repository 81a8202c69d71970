//! The archive: files, what is missing, and the manifest that names both.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::{Value, json};

use super::scrub::Scrub;
use super::subject::Subject;
use crate::core::time::Timestamp;

/// An archive that is being written.
pub(super) struct Archive {
    tar: tar::Builder<GzEncoder<File>>,
    scrub: Scrub,
    made: Timestamp,
    files: Vec<Listed>,
    missing: Vec<Missing>,
}

#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    bytes: usize,
    sha256: String,
}

/// An archive that is whole.
pub(super) struct Written {
    /// What is in it, for a person, several lines.
    pub(super) summary: String,
    /// The same for a program: its manifest.
    pub(super) manifest: Value,
}

/// Something that could not be had, whole or in part.
#[derive(Debug, Serialize)]
struct Missing {
    what: String,
    why: String,
}

impl Archive {
    /// Makes the file, for its owner alone; one that is there is not replaced.
    pub(super) fn create(path: &Path, scrub: Scrub, made: Timestamp) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot make {}; name another with -o", path.display()))?;
        let tar = tar::Builder::new(GzEncoder::new(file, Compression::default()));
        Ok(Self { tar, scrub, made, files: Vec::new(), missing: Vec::new() })
    }

    /// Adds a file, without what looks like a secret.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let text = self.scrub.text(&String::from_utf8_lossy(content));
        self.put(name, text.as_bytes())
    }

    /// Adds a file of one JSON object a line.
    pub(super) fn add_lines<T: Serialize>(&mut self, name: &str, rows: &[T]) -> anyhow::Result<()> {
        let mut text = String::new();
        for row in rows {
            text.push_str(&serde_json::to_string(row)?);
            text.push('\n');
        }
        self.add(name, text.as_bytes())
    }

    /// Adds a file of one JSON object.
    pub(super) fn add_json(&mut self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.add(name, text.as_bytes())
    }

    /// Notes what could not be had.
    pub(super) fn miss(&mut self, what: &str, why: impl std::fmt::Display) {
        let why = self.scrub.text(&why.to_string());
        self.missing.push(Missing { what: what.to_owned(), why });
    }

    /// Writes the manifest and closes the archive.
    pub(super) fn finish(
        mut self,
        subject: &Subject,
        removed: &[String],
    ) -> anyhow::Result<Written> {
        let manifest = self.manifest(subject, removed);
        let text = format!("{}\n", serde_json::to_string_pretty(&manifest)?);
        // Its own hash cannot be in it.
        self.put("MANIFEST.json", text.as_bytes())?;
        let mut summary: String = self
            .files
            .iter()
            .map(|file| format!("  {:<22}{:>11}\n", file.name, file.bytes))
            .collect();
        for missing in &self.missing {
            summary.push_str(&format!("  not all of {}: {}\n", missing.what, missing.why));
        }
        let taken: u64 = self.scrub.taken().values().sum();
        summary.push_str(&format!(
            "{} values of the configuration and {taken} texts that look secret are left out.\n",
            removed.len()
        ));
        self.tar.into_inner()?.finish()?.sync_all()?;
        let summary = super::super::style::printable_lines(&summary);
        Ok(Written { summary, manifest })
    }

    fn manifest(&mut self, subject: &Subject, removed: &[String]) -> Value {
        let manifest = json!({
            "incident": subject,
            "made": self.made,
            "eoskeeper": env!("CARGO_PKG_VERSION"),
            "complete": self.missing.is_empty(),
            "files": self.files,
            "missing": self.missing,
            "removed": {
                "configuration": removed,
                "texts_that_look_secret": self.scrub.taken(),
            },
        });
        // An incident's words come from logs.
        let text = self.scrub.text(&manifest.to_string());
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    fn put(&mut self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.made.ms() / 1000).unwrap_or(0));
        self.tar.append_data(&mut header, name, content)?;
        let sha256: String =
            digest(&SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.files.push(Listed { name: name.to_owned(), bytes: content.len(), sha256 });
        Ok(())
    }
}
