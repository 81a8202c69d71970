//! Marks: a shape for each standing, so that nothing is told by colour alone.

use maud::{Markup, html};

use crate::core::action::Severity;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// As it should be: a disc with a tick.
    Good,
    /// Nothing to say: a ring.
    Quiet,
    /// Not known: a broken ring with a question mark.
    Unknown,
    /// To be looked at: a triangle.
    Warn,
    /// Blocks are lost or soon will be: an octagon with a cross.
    Bad,
}

impl Mark {
    /// The class that colours it.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Quiet => "quiet",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// The mark of a severity.
    pub(super) const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Quiet,
            Severity::Warn => Self::Warn,
            Severity::Page => Self::Bad,
        }
    }

    /// It as a picture; the words beside it say the same, so that readers that speak pass it over.
    pub(super) fn draw(self) -> Markup {
        html! {
            svg class=(format!("mark {}", self.class())) viewBox="0 0 24 24" aria-hidden="true" {
                (self.shape())
            }
        }
    }

    /// The shape on a field of 24 by 24.
    fn shape(self) -> Markup {
        html! {
            @match self {
                Self::Good => {
                    circle class="fill" cx="12" cy="12" r="10" {}
                    path class="line" d="M7 12.5l3.4 3.4L17.2 8.6" {}
                }
                Self::Quiet => circle class="ring" cx="12" cy="12" r="8.5" {},
                Self::Unknown => {
                    circle class="ring dashed" cx="12" cy="12" r="9.5" {}
                    path class="ink" d="M9.2 9.6a2.9 2.9 0 1 1 4.2 2.6c-1 .5-1.4 1-1.4 2M12 17.2v.3" {}
                }
                Self::Warn => {
                    path class="fill" d="M12 2.2 23 21.4H1z" {}
                    path class="line" d="M12 9v6M12 18.2v.3" {}
                }
                Self::Bad => {
                    path class="fill" d="M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9z" {}
                    path class="line" d="M8.3 8.3l7.4 7.4M15.7 8.3l-7.4 7.4" {}
                }
            }
        }
    }
}

/// The word of a severity.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warn => "warning",
        Severity::Page => "page",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_has_a_shape_of_its_own() {
        let all = [Mark::Good, Mark::Quiet, Mark::Unknown, Mark::Warn, Mark::Bad];
        let mut shapes: Vec<String> = all.iter().map(|mark| mark.shape().into_string()).collect();
        shapes.sort();
        shapes.dedup();
        assert_eq!(shapes.len(), all.len());
        assert!(Mark::Bad > Mark::Warn && Mark::Warn > Mark::Good);
    }
}
