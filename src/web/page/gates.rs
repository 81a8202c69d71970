//! The gates before a promotion as a row of lights, with the time until it would act.

use maud::{Markup, html};

use super::escape::clean;
use super::view::View;
use super::words;
use crate::core::entitlement::Position;
use crate::core::gates::{Gate, HoldReason};
use crate::core::settings::Role;
use crate::core::status::Status;

/// The gates.
pub(super) fn part(view: &View<'_>) -> Markup {
    let status = view.status;
    let closed: Vec<&Gate> = status.gates.iter().filter(|gate| gate.closed.is_some()).collect();
    html! {
        section id="gates" class="gates" aria-labelledby="gates-title" {
            h2 id="gates-title" { "Gates" }
            p class="lead" { (summary(status)) }
            @if !status.gates.is_empty() {
                ol class="lights" {
                    @for gate in &status.gates { (light(gate)) }
                }
                @if !closed.is_empty() {
                    dl class="closed" {
                        @for gate in closed { (closed_row(gate)) }
                    }
                }
                details id="open-gates" {
                    summary { "What the open gates saw" }
                    dl class="closed" {
                        @for gate in status.gates.iter().filter(|gate| gate.closed.is_none()) {
                            div { dt { (words::spaced(gate.name)) } dd { (clean(&gate.sentence)) } }
                        }
                    }
                }
            }
        }
    }
}

fn light(gate: &Gate) -> Markup {
    let (class, word) = match gate.closed {
        None => ("open", "open"),
        Some(_) => ("shut", "closed"),
    };
    html! {
        li class=(class) {
            svg class="light" viewBox="0 0 24 24" aria-hidden="true" {
                @match gate.closed {
                    None => {
                        circle class="fill" cx="12" cy="12" r="9" {}
                        path class="line" d="M7.6 12.4l3 3L16.4 9" {}
                    }
                    Some(_) => {
                        rect class="frame" x="3.5" y="3.5" width="17" height="17" rx="3" {}
                        path class="ink" d="M7.5 12h9" {}
                    }
                }
            }
            span class="name" { (words::spaced(gate.name)) }
            span class="state" { (word) }
        }
    }
}

fn closed_row(gate: &Gate) -> Markup {
    html! {
        div {
            dt { (words::spaced(gate.name)) }
            dd {
                (clean(&gate.sentence))
                @if let Some(why) = gate.closed { " " code { (words::word(&why)) } }
                @if let Some(ms) = gate.opens_in_ms {
                    " " span class="quiet" {
                        "Opens in " (words::span(ms)) " if nothing else changes."
                    }
                }
            }
        }
    }
}

/// When it would act, or what keeps it from it, in one sentence.
fn summary(status: &Status) -> Markup {
    if status.role == Role::Observer {
        return html! { "An observer acts on nothing, so it has no gates." };
    }
    let gives = status.role == Role::Active && status.promotion.position == Position::Active;
    let act = if gives { "give the producer to a standby" } else { "make this node sign" };
    let shut: Vec<&Gate> = status.gates.iter().filter(|gate| gate.closed.is_some()).collect();
    let (all, open) = (status.gates.len(), status.gates.len() - shut.len());
    let barred = shut.iter().find(|gate| gate.opens_in_ms.is_none());
    let wait = shut.iter().filter_map(|gate| gate.opens_in_ms).max();
    html! {
        (open) " of " (all) " are open. "
        @match (barred, wait) {
            _ if all == 0 => {},
            (Some(gate), _) if gate.closed == Some(HoldReason::DryRun) => {
                "It would " (act) " only in words: this is a dry run."
            }
            (Some(gate), _) => {
                "Time alone does not suffice to " (act) ": "
                strong { (words::spaced(gate.name)) } " is closed until something changes."
            }
            (None, Some(ms)) => {
                "If nothing changed it would " (act) " in " strong { (words::span(ms)) } "."
            }
            (None, None) => { "It is about to " (act) "." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::sample;
    use crate::web::page::view::Past;

    fn gate(name: &'static str, closed: Option<HoldReason>, opens_in_ms: Option<u64>) -> Gate {
        Gate { name, closed, sentence: format!("<b>{name}</b>").into(), opens_in_ms }
    }

    #[test]
    fn the_summary_says_when_it_acts_or_what_keeps_it_from_it() {
        use HoldReason::{DryRun, NotConfirmed, PeersLow, StillWaiting};
        let mut status = sample::at_rest();
        let waits = gate("producer", Some(StillWaiting), Some(70_000));
        let looks = gate("confirmed", Some(NotConfirmed), Some(3_000));
        for (gates, said) in [
            (
                vec![gate("node", None, None), waits.clone(), looks.clone()],
                "1 of 3 are open. If nothing changed it would make this node sign in \
                 <strong>1 min 10 s</strong>.",
            ),
            (
                vec![gate("peers low", Some(PeersLow), None), waits],
                "0 of 2 are open. Time alone does not suffice to make this node sign: \
                 <strong>peers low</strong> is closed until something changes.",
            ),
            (
                vec![gate("acting", Some(DryRun), None)],
                "0 of 1 are open. It would make this node sign only in words: this is a dry run.",
            ),
            (
                vec![gate("node", None, None)],
                "1 of 1 are open. It is about to make this node sign.",
            ),
        ] {
            status.gates = gates;
            assert_eq!(summary(&status).into_string(), said);
        }
    }

    #[test]
    fn every_gate_is_a_light_with_its_word_and_its_sentence() {
        let mut status = sample::at_rest();
        status.gates =
            vec![gate("node", None, None), gate("chain", Some(HoldReason::CutOff), None)];
        let past = Past::default();
        let page = part(&View { status: &status, past: &past, judged_ago_ms: 0 }).into_string();
        for expected in ["class=\"open\"", "class=\"shut\"", "cut_off", "&lt;b&gt;chain&lt;/b&gt;"]
        {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
        assert!(!page.contains("<b>"), "{page}");
    }
}
