//! The top of the page: the decision in one sentence, its colour, and what to do about it.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::command::{command, command_with};
use super::escape::clean;
use super::level::{Level, judge};
use super::mark::Mark;
use super::view::View;
use super::words;
use crate::core::action::Severity;
use crate::core::alarm::incident::Incident;
use crate::core::decision::DecisionKind;
use crate::core::rules::{Finding, State};
use crate::core::settings::Role;
use crate::core::status::Status;

/// A judgement older than this means that the loop hangs: it ticks once a second.
const FRESH_MS: u64 = 10_000;
/// A sentence of more letters is set in smaller ones, so that a phone shows it as a whole.
const LONG_CHARS: usize = 80;

/// The part at the top.
pub(super) fn part(view: &View<'_>) -> Markup {
    let status = view.status;
    let verdict = judge(status);
    let is_long = status.decision.sentence.chars().count() > LONG_CHARS;
    let is_stale = view.judged_ago_ms > FRESH_MS;
    let (class, mark, word) = match (is_stale, verdict.level) {
        (true, _) => ("stale", Mark::Unknown, "The keeper does not judge"),
        (_, Level::Well) => ("well", Mark::Good, verdict.word),
        (_, Level::Look) => ("look", Mark::Warn, verdict.word),
        (_, Level::Act) => ("act", Mark::Bad, verdict.word),
    };
    html! {
        section id="now" class=(format!("now {class}")) aria-labelledby="sentence" {
            div class="now-in" {
                p class="word" { (mark.draw()) span { (word) } }
                h1 id="sentence" class=[is_long.then_some("long")] {
                    (clean(&status.decision.sentence))
                }
                @if is_stale {
                    p class="todo" {
                        "This is what it said " (words::span(view.judged_ago_ms)) " ago. See whether "
                        "eoskeeper hangs: " (command("systemctl status eoskeeper"))
                    }
                } @else {
                    (advice(status, verdict.level))
                }
                div class="beside" {
                    p class="who" { (who(status)) }
                    p class="next" { (next_turn(status)) }
                }
            }
        }
    }
}

/// What is said aloud, when it changes: not each figure of the sentence, only another decision.
pub(super) fn spoken_key(status: &Status) -> String {
    let decision = &status.decision;
    let hold = decision.hold.map_or_else(String::new, |hold| words::word(&hold));
    format!("{}/{hold}/{}", words::word(&decision.kind), judge(status).level.class())
}

/// The title of the window: readable in a row of many.
pub(super) fn title(status: &Status) -> String {
    let sign = match judge(status).level {
        Level::Well => "✓",
        Level::Look => "▲",
        Level::Act => "✕",
    };
    let word = judge(status).word;
    format!("{sign} {word} · {} · {}", clean(&status.node_name), status.producer.name)
}

fn who(status: &Status) -> Markup {
    html! {
        strong { (clean(&status.node_name)) }
        " is " (status.role.letter()) ", the " (status.role_meaning) " of "
        strong { (status.producer.name) }
        ". It " (position(status)) "."
    }
}

/// What this node is at the moment, in words.
pub(super) fn position(status: &Status) -> String {
    use crate::core::entitlement::Position;
    if status.role == Role::Observer {
        return "observes".to_owned();
    }
    let promotion = &status.promotion;
    let position = match promotion.position {
        Position::Active => return "signs, or is meant to".to_owned(),
        Position::Standby => "is at rest",
        Position::Arming => "is stopped and waits until it may sign",
        Position::HandedOver => "is stopped: the producer was given to another node",
    };
    let ready =
        if promotion.ready { "would take a handover" } else { "would take no handover now" };
    format!("{position}, and {ready}")
}

fn next_turn(status: &Status) -> Markup {
    html! {
        @match status.producer.next_turn {
            None => "When our next turn is, is not known.",
            Some(at) if at <= status.at => { "Our turn began at " (words::time(at)) "." },
            Some(at) => {
                "Our next turn is in "
                (words::span(at.since_ms(status.at).max(0).cast_unsigned()))
                ", at " (words::time(at)) "."
            }
        }
    }
}

/// What to do, where something is to be done.
fn advice(status: &Status, level: Level) -> Markup {
    let step = next_step(status);
    html! {
        @if let Some(maintenance) = &status.maintenance {
            p class="todo" {
                "Maintenance until " (words::moment(maintenance.until)) ": "
                (clean(&maintenance.reason)) ". Nothing is done by itself. To end it: "
                (command("eoskeeper maintenance --end"))
            }
        }
        @if level != Level::Well {
            p class="todo" {
                @if let Some(step) = step { (clean(&step)) " " }
                "All of it: " (command("eoskeeper status --why"))
                @if status.decision.kind == DecisionKind::Produce {
                    " To give it back: " (command("eoskeeper failback"))
                }
            }
        }
    }
}

/// What to do about the worst that stands or fires.
fn next_step(status: &Status) -> Option<String> {
    let standing = status.alarms.incidents.iter().filter(|incident| incident.ended.is_none());
    let worst = standing.max_by_key(|incident| incident.severity);
    let told = worst.map(|incident| incident.lead().next_step.clone());
    told.or_else(|| {
        let firing = status.findings.iter().filter(|finding| is_shown(finding));
        firing.max_by_key(|f| f.severity).map(|f| f.rule.next_step().to_owned())
    })
}

fn is_shown(finding: &Finding) -> bool {
    finding.state == State::Firing && finding.severity > Severity::Info
}

/// What stands now: incidents, and what fires without one. Nothing where all is well.
pub(super) fn standing(view: &View<'_>) -> Markup {
    let status = view.status;
    let mut incidents: Vec<&Incident> =
        status.alarms.incidents.iter().filter(|incident| incident.ended.is_none()).collect();
    // The worst first, of equals the newest.
    incidents.sort_by_key(|incident| (Reverse(incident.severity), Reverse(incident.began)));
    let is_told = |finding: &Finding| {
        let name = finding.rule.as_str();
        incidents.iter().any(|incident| incident.findings.iter().any(|f| f.cause == name))
    };
    let others: Vec<&Finding> =
        status.findings.iter().filter(|f| is_shown(f) && !is_told(f)).collect();
    let is_quiet = incidents.is_empty() && others.is_empty();
    html! {
        section id="standing" class="standing" aria-labelledby="standing-title" hidden[is_quiet] {
            h2 id="standing-title" { "What stands" }
            ul class="incidents" {
                @for incident in &incidents { (incident_item(incident, status)) }
                @for finding in others { (finding_item(finding, status)) }
            }
        }
    }
}

fn incident_item(incident: &Incident, status: &Status) -> Markup {
    let lead = incident.lead();
    html! {
        li {
            (Mark::of(incident.severity).draw())
            div {
                h3 {
                    (clean(&lead.meaning)) " "
                    span class="quiet" {
                        (super::mark::severity(incident.severity)) ", "
                        code { (clean(&lead.key())) }
                    }
                }
                p { (clean(&lead.saw)) }
                p { (clean(&lead.next_step)) }
                @if incident.findings.len() > 1 {
                    ul class="also" {
                        @for finding in incident.findings.iter().skip(1) {
                            li {
                                code { (clean(&finding.key())) } ": " (clean(&finding.saw))
                                @if !finding.fires { " (over)" }
                            }
                        }
                        @if incident.more > 0 { li { "and " (incident.more) " more" } }
                    }
                }
                p class="quiet" {
                    "For " (words::since(incident.began, status.at)) ", since "
                    (words::moment(incident.began)) ". "
                    @match (incident.told, &incident.quiet) {
                        (_, Some(why)) => { "Nobody was told: " (clean(why)) ". " }
                        (Some(at), None) => { "People were told at " (words::time(at)) ". " }
                        (None, None) => "Nobody was told yet. ",
                    }
                    @if let Some(shown) = command_with("evidence", &incident.id) {
                        "All that is known of it: " (shown) ". "
                    }
                    @if let Some(shown) = command_with("silence 30m --cause", &lead.key()) {
                        "To hear no more of it for a while: " (shown) "."
                    }
                }
            }
        }
    }
}

fn finding_item(finding: &Finding, status: &Status) -> Markup {
    html! {
        li {
            (Mark::of(finding.severity).draw())
            div {
                h3 {
                    (finding.rule.meaning()) " "
                    span class="quiet" {
                        (super::mark::severity(finding.severity)) ", "
                        code { (finding.rule.as_str()) }
                    }
                }
                p { (clean(&finding.saw)) }
                p { (finding.rule.next_step()) }
                p class="quiet" {
                    "For " (words::since(finding.since, status.at)) "; fires at: "
                    (clean(&finding.threshold)) "."
                }
            }
        }
    }
}
