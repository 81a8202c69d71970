//! What is shown of an incident in the chat: what the outbox keeps for us.

use serde::{Deserialize, Serialize};

use crate::core::action::Severity;

/// Most further messages of an incident that are remembered; the rest stays in the chat.
pub(super) const OTHERS_MAX: usize = 24;

/// The messages of an incident. As JSON with short names: the outbox keeps 1,000 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    /// The chat's number: a group that becomes a supergroup gets another.
    #[serde(rename = "c")]
    pub(super) chat: i64,
    /// The message that is edited.
    #[serde(rename = "m")]
    pub(super) main: i32,
    /// Whether that is a picture, whose caption is edited.
    #[serde(rename = "p", default, skip_serializing_if = "is_false")]
    pub(super) is_picture: bool,
    /// Messages of pictures, and of what happened meanwhile; at most [`OTHERS_MAX`].
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<i32>,
    /// The last message that rang again.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(super) reminder: Option<i32>,
    /// The severity that was told.
    #[serde(rename = "s")]
    pub(super) severity: Severity,
    /// When the main message was sent, by Telegram's clock, seconds since 1970.
    #[serde(rename = "t")]
    pub(super) sent: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Shown {
    /// As the outbox keeps it.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What an earlier delivery answered; `None` for what is not ours.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Every message, the main one first.
    pub(super) fn all(&self) -> Vec<i32> {
        let others = self.others.iter().copied().chain(self.reminder);
        std::iter::once(self.main).chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_what_the_outbox_keeps_and_comes_back() {
        let most = Shown {
            chat: i64::MIN,
            main: i32::MIN,
            is_picture: true,
            others: vec![i32::MIN; OTHERS_MAX],
            reminder: Some(i32::MIN),
            severity: Severity::Page,
            sent: u64::MAX,
        };
        assert!(most.text().len() < 500, "{}", most.text());
        let least = Shown { is_picture: false, others: Vec::new(), reminder: None, ..most.clone() };
        for shown in [most, least] {
            assert_eq!(Shown::read(&shown.text()), Some(shown));
        }
        for bad in ["", "{}", "55", r#"{"c":1,"m":"x","s":"page","t":0}"#] {
            assert_eq!(Shown::read(bad), None, "{bad}");
        }
    }
}
