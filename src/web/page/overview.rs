//! All nodes of a file at one glance: a band for each, which leads to its own page.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::HEADERS;
use super::assets::{OVERVIEW_PATH, STYLE_PATH};
use super::escape::clean;
use super::level::{Level, judge};
use super::mark::Mark;
use super::{turns, words};
use crate::core::slots::TurnSlots;
use crate::core::status::Status;
use crate::web::nodes::Node;

/// A judgement older than this means that the loop hangs: it ticks once a second.
const FRESH_MS: u128 = 10_000;
/// Turns shown of each node.
const TURNS: usize = 3;

/// `GET /` where a file has sections of nodes.
pub(in crate::web) fn overview(nodes: &[Node]) -> Response {
    (HEADERS, Html(page(nodes).into_string())).into_response()
}

/// The class of the colour of a node's page.
pub(in crate::web) fn level(status: &Status) -> &'static str {
    judge(status).level.class()
}

fn page(nodes: &[Node]) -> Markup {
    let worst = nodes.iter().map(|node| standing(node).level).max().unwrap_or(Level::Well);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title(nodes, worst)) }
                link id="icon" rel="icon" type="image/svg+xml"
                    href=(format!("icon/{}.svg", worst.class()));
                link rel="stylesheet" href=(&STYLE_PATH[1..]);
                script src=(&OVERVIEW_PATH[1..]) defer {}
            }
            body {
                a class="skip" href="#main" { "Skip to the nodes" }
                header class="bar" {
                    span { strong { "eoskeeper" } ", " (words::count(nodes.len() as u64, "node")) }
                    nav aria-label="Nodes" {
                        @for node in nodes {
                            a href=(format!("node/{}/", node.name)) { (node.name) }
                        }
                    }
                }
                p id="notlive" class="notlive" hidden {
                    "The connection to the keeper is lost. What you see is "
                    span id="notlive-age" {} " old."
                }
                noscript {
                    p class="notlive" {
                        "Without JavaScript the page does not change by itself. "
                        a href="." { "Look again" }
                    }
                }
                p id="spoken" class="unseen" role="status" aria-live="polite" {}
                main id="main" class="nodes" tabindex="-1" {
                    h1 class="unseen" { "Nodes of this eoskeeper" }
                    @for node in nodes { (band(node)) }
                }
                footer id="foot" {
                    p { "Nothing here acts. The page asks anew every 5 seconds." }
                    p {
                        "The same for programs: " a href="api/nodes" { "/api/nodes" } ", "
                        a href="metrics" { "/metrics" } ", " a href="healthz" { "/healthz" } "."
                    }
                }
            }
        }
    }
}

/// How a node stands, in the words of its own page.
struct Standing {
    level: Level,
    class: &'static str,
    mark: Mark,
    word: String,
    sentence: String,
}

fn standing(node: &Node) -> Standing {
    let status = node.facts.status();
    let verdict = judge(&status);
    let of = |level, class, mark, word: &str, sentence: String| Standing {
        level,
        class,
        mark,
        word: word.to_owned(),
        sentence,
    };
    if let Some(why) = node.fault() {
        let sentence = format!("The keeper of this node is started anew: {why}.");
        return of(Level::Act, "stale", Mark::Unknown, "The keeper does not run", sentence);
    }
    let sentence = status.decision.sentence.clone();
    if node.facts.judged_ago().as_millis() > FRESH_MS {
        return of(Level::Act, "stale", Mark::Unknown, "The keeper does not judge", sentence);
    }
    let mark = match verdict.level {
        Level::Well => Mark::Good,
        Level::Look => Mark::Warn,
        Level::Act => Mark::Bad,
    };
    of(verdict.level, verdict.level.class(), mark, verdict.word, sentence)
}

fn band(node: &Node) -> Markup {
    let (status, standing) = (node.facts.status(), standing(node));
    let id = format!("node-{}", node.name);
    html! {
        section id=(id) class=(format!("now node {}", standing.class))
            aria-labelledby=(format!("{id}-name"))
        {
            div class="now-in" {
                p class="word" { (standing.mark.draw()) span { (standing.word) } }
                h2 id=(format!("{id}-name")) {
                    a href=(format!("node/{}/", node.name)) { (node.name) }
                    ": " (clean(&standing.sentence))
                }
                div class="beside" {
                    p class="who" {
                        strong { (clean(&status.node_name)) } " is " (status.role.letter())
                        ", the " (status.role_meaning) " of " strong { (status.producer.name) } "."
                    }
                    p class="next" {
                        @match status.chain.head {
                            Some(head) => { "Head " (head) "." }
                            None => "No head is known yet.",
                        }
                    }
                }
                @let rows = latest(&status);
                @if !rows.is_empty() {
                    div class="turns" { table class="grid" {
                        caption class="unseen" { "The last turns of " (status.producer.name) }
                        thead class="unseen" {
                            tr {
                                th scope="col" { "Began, UTC" }
                                th scope="col" { "Slots" }
                                th scope="col" { "Met" }
                            }
                        }
                        tbody { @for turn in rows.iter().rev() { (turns::row(turn)) } }
                    } }
                }
            }
        }
    }
}

/// The last turns, as they were seen.
fn latest(status: &Status) -> Vec<TurnSlots> {
    let seen = &status.producer.turns;
    let from = seen.len().saturating_sub(TURNS);
    seen[from..].iter().map(turns::as_seen).collect()
}

fn title(nodes: &[Node], worst: Level) -> String {
    let sign = match worst {
        Level::Well => "✓",
        Level::Look => "▲",
        Level::Act => "✕",
    };
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    format!("{sign} {}", names.join(" · "))
}
