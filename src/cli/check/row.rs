//! One thing that was tried, and how it went.

use serde::Serialize;

/// Longest detail that is shown, characters; a server's answer may be longer.
const DETAIL_CHARS: usize = 400;

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It works.
    Ok,
    /// It works, or may soon; a person should know.
    Warn,
    /// It cannot be told from here.
    Unknown,
    /// It does not work.
    Fail,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// How it went.
    pub state: State,
    /// What was tried: `get_info`, `log`, `promote`.
    pub what: &'static str,
    /// What was found, one line.
    pub detail: String,
    /// What to do about it, where it isn't ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl State {
    /// The word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Unknown => "?",
            Self::Fail => "fail",
        }
    }
}

impl Row {
    /// It works.
    pub(super) fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        Self { state: State::Ok, what, detail: one_line(&detail.into()), next: None }
    }

    /// A person should know.
    pub(super) fn warn(
        what: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        let next = Some(next.into());
        Self { state: State::Warn, what, detail: one_line(&detail.into()), next }
    }

    /// It cannot be told from here.
    pub(super) fn unknown(
        what: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { state: State::Unknown, ..Self::warn(what, detail, next) }
    }

    /// It does not work.
    pub(super) fn fail(
        what: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { state: State::Fail, ..Self::warn(what, detail, next) }
    }

    /// An error that names its own next step, after the first semicolon.
    pub(super) fn failed(what: &'static str, error: &str) -> Self {
        let (detail, next) = error.split_once("; ").unwrap_or((error, "see the cause"));
        Self::fail(what, detail, next)
    }
}

/// Text of others may hold what moves a terminal's cursor.
fn one_line(text: &str) -> String {
    text.chars().take(DETAIL_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
