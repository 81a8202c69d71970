//! What is wrong with a configuration, in words an operator can act on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Most problems that are kept; more are counted. A file of garbage has one on every line.
pub const PROBLEMS_MAX: usize = 1_000;

/// One thing that is wrong in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The section it is in, where there is one.
    pub section: Option<String>,
    /// The key it is about, where there is one.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What is allowed, or what to do.
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file.display(), self.line)?;
        match (&self.section, &self.key) {
            (Some(section), Some(key)) => write!(f, "[{section}] {key}: ")?,
            (Some(section), None) => write!(f, "[{section}]: ")?,
            (None, Some(key)) => write!(f, "{key}: ")?,
            (None, None) => {}
        }
        write!(f, "{}; {}", self.what, self.allowed)
    }
}

/// Everything that is wrong in one file, sorted by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigErrors {
    /// The problems, at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub omitted: usize,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more problems, not shown", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Why there is no configuration. Every case ends the program before anything is started.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file was named, and none is at the places that are looked at.
    #[error(
        "no configuration found; looked for {}; `eoskeeper init` finds nodeos and writes one, \
         or name a file with -c FILE",
        list(tried)
    )]
    NotFound {
        /// The places, in the order they were looked at.
        tried: Vec<PathBuf>,
    },
    /// The named file does not exist.
    #[error(
        "{}: there is no such file; `eoskeeper init` finds nodeos and writes one",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is a directory, a device, a pipe or a socket.
    #[error("{}: is {what}, not a file; name the configuration file itself", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
    },
    /// It cannot be read.
    #[error(
        "{}: cannot be read: {source}; see that the user eoskeeper runs as may read it",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than [`super::lookup::FILE_BYTES_MAX`].
    #[error(
        "{}: is larger than {max} bytes, which no configuration is; name the right file",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, bytes.
        max: u64,
    },
    /// It is not UTF-8.
    #[error(
        "{}:{line}: is not UTF-8: byte {byte} of the file, counted from 0, is {value:#04x}; save \
         the file as UTF-8",
        path.display()
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first such byte, from 1.
        line: usize,
        /// Its position in the file, from 0.
        byte: usize,
        /// The byte.
        value: u8,
    },
    /// Its content is wrong.
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
    /// It has several nodes, and which is meant is not said.
    #[error(transparent)]
    Node(#[from] super::UnknownNode),
}

fn list(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    shown.join(", ")
}

/// Where a problem is; collects what [`Problems::add`] is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) line: usize,
    pub(super) section: Option<&'a str>,
    pub(super) key: Option<&'a str>,
}

/// Collects problems while a file is read.
#[derive(Debug)]
pub(super) struct Problems {
    file: PathBuf,
    found: Vec<Problem>,
    omitted: usize,
    /// Whether the same may be found more than once.
    pub(super) has_nodes: bool,
}

impl Problems {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.to_path_buf(), found: Vec::new(), omitted: 0, has_nodes: false }
    }

    pub(super) fn add(
        &mut self,
        place: Place<'_>,
        what: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let problem = Problem {
            file: self.file.clone(),
            line: place.line,
            section: place.section.map(str::to_owned),
            key: place.key.map(str::to_owned),
            what: what.into(),
            allowed: allowed.into(),
        };
        // What is common to several nodes is looked at for each of them, and told once.
        if self.has_nodes && self.found.contains(&problem) {
            return;
        }
        if self.found.len() >= PROBLEMS_MAX {
            self.omitted += 1;
            return;
        }
        self.found.push(problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The problems, sorted by line.
    pub(super) fn into_errors(mut self) -> ConfigErrors {
        // Stable: problems of one line stay in the order they were found.
        self.found.sort_by_key(|problem| problem.line);
        ConfigErrors { problems: self.found, omitted: self.omitted }
    }
}
