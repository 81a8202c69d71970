//! What the bot asks the keeper, and what it gets: whoever answers knows nothing of Telegram.

use std::pin::Pin;
use std::time::Duration;

use super::super::channel::Picture;

/// An answer in plain text. The bot escapes it, cuts it and spreads it over messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The first line.
    pub title: String,
    /// The lines below it; one that ends with a colon is a heading.
    pub lines: Vec<String>,
    /// What goes with it.
    pub pictures: Vec<Picture>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// What it would come from does not run in this keeper.
    Unavailable,
    /// It was refused, or failed: one sentence for the person who asked.
    Failed(String),
}

/// How far a report reaches back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// The last hour.
    Hour,
    /// The last 24 hours.
    Day,
    /// The last 7 days.
    Week,
}

impl Period {
    /// Its length.
    #[must_use]
    pub const fn length(self) -> Duration {
        let hours = match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 7 * 24,
        };
        Duration::from_secs(hours * 3_600)
    }
}

/// What [`Answers`] returns: async, and callable behind `dyn`.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Answer, NoAnswer>> + Send + 'a>>;

/// Whoever answers for the keeper. The bot gives each question a deadline of
/// [`super::bot::ANSWER_DEADLINE`], after which it drops the future.
pub trait Answers: Send + Sync {
    /// How it stands.
    fn status(&self) -> Asking<'_>;

    /// Why it decides as it does: every gate, and every rule that fires.
    fn why(&self) -> Asking<'_>;

    /// What was, with pictures.
    fn report(&self, period: Period) -> Asking<'_>;

    /// The incidents that stand.
    fn incidents(&self) -> Asking<'_>;

    /// Keeps quiet about `cause`, or about everything, for a while; `by` names the person.
    fn silence(&self, length: Duration, cause: Option<String>, by: String) -> Asking<'_>;
}
