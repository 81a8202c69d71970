//! Producer, node, chain and standbys: one card each, with a mark, a headline and the facts.

mod chain;
mod node;
mod producer;
mod standbys;

pub(super) use standbys::standing;

use maud::{Markup, html};

use super::mark::Mark;
use super::view::View;

/// One card.
struct Card {
    id: &'static str,
    title: &'static str,
    mark: Mark,
    headline: String,
    /// What each is called, and what it is.
    rows: Vec<(&'static str, Markup)>,
    /// What stands below them.
    below: Markup,
}

/// The four cards.
pub(super) fn part(view: &View<'_>) -> Markup {
    let status = view.status;
    let cards =
        [producer::card(status), node::card(status), chain::card(status), standbys::card(status)];
    html! {
        section id="cards" class="cards" aria-label="Producer, node, chain and standbys" {
            @for card in &cards { (card.draw()) }
        }
    }
}

impl Card {
    fn draw(&self) -> Markup {
        let title_id = format!("{}-title", self.id);
        html! {
            article id=(self.id) class="card" aria-labelledby=(title_id) {
                h2 id=(title_id) { (self.title) }
                p class="headline" { (self.mark.draw()) span { (self.headline) } }
                dl {
                    @for (name, value) in &self.rows {
                        div { dt { (name) } dd { (value) } }
                    }
                }
                (self.below)
            }
        }
    }
}

/// A text as a row's value.
fn plain(text: impl AsRef<str>) -> Markup {
    let text = text.as_ref();
    html! { (text) }
}
