//! `[log]`: how the keeper writes its own log.

use serde::{Deserialize, Serialize};

/// How the keeper writes its own log, on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnLog {
    /// The least important line that is written (default: info).
    pub level: LogLevel,
    /// Its shape (default: text).
    pub format: LogFormat,
}

/// How important a line of the own log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// An operator must act.
    Error,
    /// Something is wrong that may pass.
    Warn,
    /// What the keeper decides and does.
    Info,
    /// Why, in detail.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// Its name in the file and in a `tracing` filter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Shape of a line of the own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
