//! The page as a whole, and its parts by name.

use maud::{DOCTYPE, Markup, html};

use super::assets::{BUILD, SCRIPT_PATH, STYLE_PATH};
use super::charts::{self, Length};
use super::escape::clean;
use super::level::judge;
use super::view::View;
use super::{cards, fleet, gates, past, sentence, turns, words};
use crate::core::time::Human;

/// The parts that are sent live, by the id of their element, in their order on the page. The charts
/// are not among them.
pub(super) fn parts(view: &View<'_>) -> [(&'static str, Markup); 9] {
    [
        ("now", sentence::part(view)),
        ("standing", sentence::standing(view)),
        ("cards", cards::part(view)),
        ("gates", gates::part(view)),
        ("turns", turns::part(view)),
        ("incidents", past::incidents(view)),
        ("decisions", past::decisions(view)),
        ("fleet", fleet::part(view)),
        ("foot", foot(view)),
    ]
}

/// The whole page. Its addresses are relative: it stands at `/`, or, where a file has several nodes,
/// at `/node/NAME/`.
pub(super) fn page(view: &View<'_>, length: Length, is_of_several: bool) -> Markup {
    let status = view.status;
    let [now, standing, cards, gates, turns, incidents, decisions, fleet, foot] =
        parts(view).map(|(_, markup)| markup);
    html! {
        (DOCTYPE)
        html lang="en" data-build=(*BUILD) data-key=(sentence::spoken_key(status))
            data-age=(view.judged_ago_ms) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (sentence::title(status)) }
                link id="icon" rel="icon" type="image/svg+xml"
                    href=(format!("icon/{}.svg", judge(status).level.class()));
                link rel="stylesheet" href=(&STYLE_PATH[1..]);
                script src=(&SCRIPT_PATH[1..]) defer {}
            }
            body {
                a class="skip" href="#main" { "Skip to the status" }
                (bar(view, is_of_several))
                main id="main" tabindex="-1" {
                    (now) (standing) (cards) (gates) (turns)
                    (charts::part(length, status.at))
                    (incidents) (decisions) (fleet)
                }
                (foot)
                p id="spoken" class="unseen" role="status" aria-live="polite" {}
            }
        }
    }
}

/// Who speaks, where one may go, and how old all of it is.
fn bar(view: &View<'_>, is_of_several: bool) -> Markup {
    html! {
        header class="bar" {
            span {
                strong { "eoskeeper" } " on " (clean(&view.status.node_name))
                @if is_of_several { ", " a href="../../" { "all nodes" } }
            }
            nav aria-label="Parts of the page" {
                @for (id, name) in [
                    ("gates", "Gates"),
                    ("turns", "Turns"),
                    ("charts", "Charts"),
                    ("incidents", "Incidents"),
                    ("decisions", "Decisions"),
                    ("fleet", "Who else"),
                ] {
                    a href=(format!("#{id}")) { (name) }
                }
            }
            p class="asof" {
                span class="pulse" aria-hidden="true" {}
                span id="age" { "Judged " (words::span(view.judged_ago_ms)) " before it was loaded" }
            }
        }
        p id="notlive" class="notlive" hidden {
            "The connection to the keeper is lost. What you see is " span id="notlive-age" {}
            " old. It is tried again by itself."
        }
        noscript {
            p class="notlive" {
                "Without JavaScript the page does not change by itself. It shows "
                (words::moment(view.status.at)) ". " a href="." { "Look again" }
            }
        }
    }
}

fn foot(view: &View<'_>) -> Markup {
    let status = view.status;
    html! {
        footer id="foot" {
            p {
                "eoskeeper " (status.eoskeeper) ", started " (words::moment(status.started))
                ", evidence " (status.memory.evidence_bytes / 1024) " KiB of at most "
                (status.memory.evidence_bytes_max / 1024) " KiB."
            }
            p { "Judged " (words::moment(status.at)) "." }
            p {
                "Nothing here acts. What can be done is typed: "
                (super::command::command("eoskeeper --help")) ". The same for programs: "
                a href="api/status" { "/api/status" } ", " a href="metrics" { "/metrics" } ", "
                a href="healthz" { "/healthz" } "."
            }
            @if let Some(host) = &status.host {
                p {
                    "Host: processors " (words::or_dash(host.cpu_permille.map(words::percent)))
                    ", memory " (words::or_dash(host.memory_permille.map(words::percent)))
                    @for disk in &host.disks {
                        ", " (clean(&disk.name)) " " (words::percent(disk.used_permille))
                    }
                    @if let Some(ms) = host.clock_offset_ms {
                        ", clock " (Human(ms.unsigned_abs()))
                        @if ms < 0 { " behind" } @else { " ahead" }
                    }
                    "."
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::sample;
    use crate::web::page::view::Past;

    const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&\u{202e}\u{1b}[2J";

    #[test]
    fn each_part_is_an_element_of_its_name_and_stands_on_the_page_once() {
        let (status, past) = (sample::signing(), Past::default());
        let view = View { status: &status, past: &past, judged_ago_ms: 900 };
        let page = page(&view, Length::Hour, false).into_string();
        for (id, markup) in parts(&view) {
            let part = markup.into_string();
            let head = part.split('>').next().unwrap();
            assert!(head.contains(&format!("id=\"{id}\"")), "{id}: {head}");
            assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
            assert!(page.contains(&part), "{id}");
        }
    }

    #[test]
    fn nothing_that_others_say_becomes_markup_anywhere() {
        let mut status = sample::signing();
        status.decision.sentence = HOSTILE.into();
        status.node_name = HOSTILE.into();
        status.node.log = HOSTILE.into();
        status.node.version = Some(HOSTILE.into());
        status.node.api_failure = Some(HOSTILE.into());
        status.node.process = Some(HOSTILE.into());
        status.chain.chain_id = Some(HOSTILE.into());
        for finding in &mut status.findings {
            finding.saw = HOSTILE.into();
            finding.threshold = HOSTILE.into();
            finding.state = crate::core::rules::State::Firing;
        }
        for gate in &mut status.gates {
            gate.sentence = HOSTILE.into();
        }
        for peer in &mut status.peers {
            peer.name = HOSTILE.into();
            peer.failure = Some(HOSTILE.into());
        }
        for reference in &mut status.references {
            reference.name = HOSTILE.into();
            reference.failure = Some(HOSTILE.into());
        }
        let past = Past { failure: Some(HOSTILE.into()), ..Past::default() };
        let view = View { status: &status, past: &past, judged_ago_ms: 0 };
        let page = page(&view, Length::Day, true).into_string();
        assert!(page.matches("&lt;img src=x onerror=alert(1)&gt;&quot;'&amp;").count() > 20);
        for bad in ["<img src=x", "\u{202e}", "\u{1b}", " style=", " onclick", "javascript:"] {
            assert!(!page.contains(bad), "{bad}");
        }
    }
}
