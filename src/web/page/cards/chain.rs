//! The chain as this node sees it.

use maud::{Markup, html};

use super::{Card, plain};
use crate::core::rules::{Rule, State};
use crate::core::status::{ChainStatus, Status};
use crate::web::page::escape::{clean, short};
use crate::web::page::mark::Mark;
use crate::web::page::words;

pub(super) fn card(status: &Status) -> Card {
    let chain = &status.chain;
    let (mark, headline) = headline(status);
    let mut rows = vec![("Head", head(chain)), ("Irreversible", irreversible(chain))];
    rows.push(("References", plain(references(status))));
    if let (Some(producers), Some(round)) = (chain.producers, chain.round_ms) {
        let text = format!(
            "{}, a round is {}",
            words::count(producers as u64, "producer"),
            words::span(round)
        );
        rows.push(("Schedule", plain(text)));
    }
    rows.push((
        "Watched",
        match chain.watched_since {
            Some(since) => html! { "without a gap for " (words::since(since, status.at)) },
            None => plain("not yet without a gap"),
        },
    ));
    if let Some(id) = &chain.chain_id {
        rows.push(("Chain id", html! { code title=(clean(id)) { (short(id, 12)) } }));
    }
    Card { id: "chain", title: "Chain", mark, headline, rows, below: html! {} }
}

/// Rules that say that the chain does not go on here, or is another.
const BAD: [Rule; 4] =
    [Rule::ForkedFromReferences, Rule::HeadStalled, Rule::LibStalled, Rule::BehindReferences];

fn headline(status: &Status) -> (Mark, String) {
    let fires =
        |rule: &Rule| status.findings.iter().any(|f| f.rule == *rule && f.state == State::Firing);
    if let Some(rule) = BAD.iter().find(|rule| fires(rule)) {
        let said = match rule {
            Rule::ForkedFromReferences => "On its own fork",
            Rule::HeadStalled => "Stands still",
            Rule::LibStalled => "Becomes final no more",
            _ => "Behind the others",
        };
        return (Mark::Bad, said.to_owned());
    }
    match (status.chain.head, status.chain.watched_since) {
        (Some(_), Some(_)) => (Mark::Good, "Moves".to_owned()),
        (Some(_), None) => (Mark::Unknown, "Cannot be seen now".to_owned()),
        (None, _) => (Mark::Unknown, "Not seen yet".to_owned()),
    }
}

fn head(chain: &ChainStatus) -> Markup {
    let Some(number) = chain.head else { return plain("not known") };
    html! {
        "#" (number)
        @if let Some(producer) = chain.head_producer { " by " (producer) }
        @match chain.head_age_ms {
            Some(ms) if ms < 0 => {
                ", " (words::span(ms.unsigned_abs())) " ahead of this host's clock"
            }
            Some(ms) => { ", " (words::span(ms.unsigned_abs())) " old" }
            None => {}
        }
    }
}

fn irreversible(chain: &ChainStatus) -> Markup {
    let Some(lib) = chain.lib else { return plain("not known") };
    let behind = chain.head.map(|head| u64::from(head.saturating_sub(lib)));
    html! {
        "#" (lib)
        @if let Some(behind) = behind { ", " (words::count(behind, "block")) " behind the head" }
    }
}

fn references(status: &Status) -> String {
    let (chain, all) = (&status.chain, status.references.len());
    if all == 0 {
        return "none configured, see [references]".to_owned();
    }
    let lag = match chain.lag_blocks {
        None => "not comparable with their median".to_owned(),
        Some(0) => "level with their median".to_owned(),
        Some(blocks) if blocks > 0 => {
            format!("{} behind their median", words::count(blocks.unsigned_abs(), "block"))
        }
        Some(blocks) => format!("{} ahead of it", words::count(blocks.unsigned_abs(), "block")),
    };
    format!("{} of {all} agree; {lag}", chain.agree)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::sample;

    #[test]
    fn the_headline_is_the_worst_that_is_known() {
        let well = sample::signing();
        let fires = |rule: Rule| {
            let mut status = sample::signing();
            for finding in status.findings.iter_mut().filter(|finding| finding.rule == rule) {
                finding.state = State::Firing;
            }
            status
        };
        let mut torn = well.clone();
        torn.chain.watched_since = None;
        let mut new = torn.clone();
        new.chain.head = None;
        for (status, mark, said) in [
            (well, Mark::Good, "Moves"),
            (torn, Mark::Unknown, "Cannot be seen now"),
            (new, Mark::Unknown, "Not seen yet"),
            (fires(Rule::HeadStalled), Mark::Bad, "Stands still"),
            (fires(Rule::ForkedFromReferences), Mark::Bad, "On its own fork"),
        ] {
            assert_eq!(headline(&status), (mark, said.to_owned()));
        }
    }
}
