//! From the status, once and again: what is new, and whether an order has come to its end.
//!
//! Pure: the status and the time come as arguments. What is not known is never guessed.

use serde_json::Value;

use crate::core::time::Timestamp;

/// An order that the keeper took must show in its status within this time, milliseconds.
const BEGIN_MS: u64 = 10_000;
/// How long a node that is taken for stopped, or for signing, may take to confirm it, milliseconds.
const SETTLE_MS: u64 = 15_000;
/// When an order is not followed any more, milliseconds: ten turns to prove a promotion, the most
/// that can be configured, and as much again to undo it, are less.
const FOLLOW_MS: u64 = 3_600_000;

/// What ends an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Goal {
    /// This node signs, and the chain has shown it.
    Promote,
    /// This node is known to be paused.
    Demote,
    /// The other node signs; the keeper itself says so.
    Switchover,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is done; the sentence says what.
    Done(String),
    /// It is not done; the sentence says why.
    Failed(String),
    /// Neither is known; the sentence says why.
    NotKnown(String),
    /// The person did not wait for the end.
    Left,
}

/// What one look at the status showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// When the keeper judged.
    pub(super) at: Option<Timestamp>,
    /// Sentences that were not said before.
    pub(super) news: Vec<String>,
    /// How long the step under way takes at most, milliseconds in whole seconds, and what it is.
    pub(super) countdown: Option<(u64, String)>,
    /// The end, if it is there.
    pub(super) end: Option<End>,
}

/// Follows one order.
#[derive(Clone, Debug)]
pub(super) struct Follower {
    goal: Goal,
    /// The sentences said last, of the decision and of the step, without their figures.
    said: [String; 2],
    /// Whether the order was seen under way.
    was_under_way: bool,
    /// Whether the chain was asked for a proof.
    was_verifying: bool,
    /// Since when the node rests without having confirmed it, milliseconds.
    resting_ms: Option<u64>,
}

impl Follower {
    /// From the moment the keeper took the order.
    pub(super) fn new(goal: Goal) -> Self {
        Self {
            goal,
            said: Default::default(),
            was_under_way: false,
            was_verifying: false,
            resting_ms: None,
        }
    }

    /// Looks at the status, so many milliseconds after the order was taken.
    pub(super) fn look(&mut self, elapsed_ms: u64, status: &Value) -> Look {
        let at = time(&status["at"]);
        let end = match self.goal {
            Goal::Promote => self.promoted(elapsed_ms, status),
            Goal::Demote => self.demoted(elapsed_ms, status),
            Goal::Switchover => self.switched(elapsed_ms, status),
        };
        let too_long = || {
            let why = "it has taken longer than an hour, and the keeper goes on";
            (elapsed_ms >= FOLLOW_MS).then(|| End::NotKnown(why.to_owned()))
        };
        let end = end.or_else(too_long);
        let countdown = if end.is_none() { countdown(at, &status["switchover"]) } else { None };
        Look { at, news: self.news(status), countdown, end }
    }

    /// What is said anew; a figure that runs is no news.
    fn news(&mut self, status: &Value) -> Vec<String> {
        let sentences = [&status["decision"]["sentence"], &status["switchover"]["step_sentence"]];
        let mut news: Vec<String> = Vec::new();
        for (sentence, said) in sentences.into_iter().zip(&mut self.said) {
            let Some(sentence) = sentence.as_str() else { continue };
            let shape = without_figures(sentence);
            if *said == shape {
                continue;
            }
            *said = shape;
            if !news.iter().any(|other| other == sentence) {
                news.push(sentence.to_owned());
            }
        }
        news
    }

    fn promoted(&mut self, elapsed_ms: u64, status: &Value) -> Option<End> {
        match status["promotion"]["stage"].as_str() {
            Some("producing") => Some(End::Done(sentence(status))),
            Some("demoting") => Some(End::Failed(sentence(status))),
            Some("resting") if self.was_verifying && status["role"] == "A" => {
                self.settled(elapsed_ms, status, false)
            }
            Some("resting" | "arming" | "handed_over") if self.was_under_way => {
                Some(End::Failed(sentence(status)))
            }
            Some("resting" | "arming" | "handed_over") | None => not_begun(elapsed_ms, status),
            Some(stage) => {
                self.was_under_way = true;
                self.was_verifying |= stage == "verifying";
                None
            }
        }
    }

    fn demoted(&mut self, elapsed_ms: u64, status: &Value) -> Option<End> {
        match status["promotion"]["stage"].as_str() {
            Some("resting" | "arming" | "handed_over") => self.settled(elapsed_ms, status, true),
            Some("demoting") => {
                (self.was_under_way, self.resting_ms) = (true, None);
                None
            }
            Some("producing" | "verifying") if self.was_under_way => {
                Some(End::Failed(sentence(status)))
            }
            Some("producing" | "verifying") | None => not_begun(elapsed_ms, status),
            Some(_) => None,
        }
    }

    /// At rest, the node itself must confirm what it is taken for.
    fn settled(&mut self, elapsed_ms: u64, status: &Value, to_be_paused: bool) -> Option<End> {
        let since = *self.resting_ms.get_or_insert(elapsed_ms);
        let node = &status["node"];
        let paused = node["paused"].as_bool();
        // A process that has ended signs nothing, and says nothing more.
        let has_ended = words(&node["process"]).filter(|what| what.starts_with("ended"));
        if let Some(how) = has_ended.filter(|_| to_be_paused) {
            return Some(End::Done(format!("nodeos is not running ({how}). {}", sentence(status))));
        }
        if paused == Some(to_be_paused) {
            return Some(End::Done(sentence(status)));
        }
        if elapsed_ms.saturating_sub(since) < SETTLE_MS {
            return None;
        }
        Some(match paused {
            Some(true) => End::Failed(format!("The node is paused. {}", sentence(status))),
            Some(false) => End::Failed(format!("The node is not paused. {}", sentence(status))),
            // The keeper rests only after the pause was confirmed or the fence was done.
            None if to_be_paused && self.was_under_way && node["api_answers"] == false => {
                End::Done(format!(
                    "The keeper has stopped the node, and its RPC does not answer. {}",
                    sentence(status)
                ))
            }
            None => End::NotKnown("the node does not say whether it is paused".to_owned()),
        })
    }

    fn switched(&mut self, elapsed_ms: u64, status: &Value) -> Option<End> {
        let switchover = &status["switchover"];
        let said = || words(&switchover["step_sentence"]).unwrap_or_else(|| sentence(status));
        match switchover["step"].as_str() {
            Some("done") => Some(End::Done(said())),
            Some("failed") => Some(End::Failed(said())),
            Some("unknown") => Some(End::NotKnown(said())),
            Some(_) => {
                self.was_under_way = true;
                None
            }
            None if self.was_under_way => {
                let why = "the keeper says nothing more about the switchover; it may have been \
                           started anew";
                Some(End::NotKnown(why.to_owned()))
            }
            None if elapsed_ms >= BEGIN_MS => {
                let seconds = BEGIN_MS / 1000;
                let why =
                    format!("the keeper took the order {seconds} s ago and shows no switchover");
                Some(End::NotKnown(why))
            }
            None => None,
        }
    }
}

/// An order that was taken and does not show has either failed at once or was not begun.
fn not_begun(elapsed_ms: u64, status: &Value) -> Option<End> {
    (elapsed_ms >= BEGIN_MS).then(|| {
        let seconds = BEGIN_MS / 1000;
        End::Failed(format!("Nothing is under way after {seconds} s. {}", sentence(status)))
    })
}

fn countdown(at: Option<Timestamp>, switchover: &Value) -> Option<(u64, String)> {
    let left_ms = time(&switchover["until"])?.since_ms(at?);
    let what = words(&switchover["step"])?;
    let left_ms = u64::try_from(left_ms).ok().filter(|ms| *ms > 0)?;
    // Whole seconds: it is drawn twice a second.
    Some((left_ms.div_ceil(1000) * 1000, what.replace('_', " ")))
}

fn sentence(status: &Value) -> String {
    words(&status["decision"]["sentence"])
        .unwrap_or_else(|| "The keeper does not say what it decided.".to_owned())
}

fn words(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// `12.5 s left` and `1 min 3 s left` differ only by their figures and units of time.
fn without_figures(sentence: &str) -> String {
    let is_unit = |word: &str| {
        matches!(
            word.trim_end_matches(|c: char| !c.is_alphabetic()),
            "ms" | "s" | "min" | "h" | "d"
        )
    };
    let is_figure = |word: &str| word.contains(|c: char| c.is_ascii_digit());
    let kept = sentence.split_whitespace().filter(|word| !is_figure(word) && !is_unit(word));
    kept.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
