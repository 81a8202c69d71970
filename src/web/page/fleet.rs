//! Who else is there and what they say: the keepers that are watched, and other nodes of the chain.

use maud::{Markup, html};

use super::command::command;
use super::escape::clean;
use super::mark::Mark;
use super::view::View;
use super::words;
use crate::core::evidence::references::Standing;
use crate::core::fleet::{MemberState, MemberView};
use crate::core::status::{ReferenceStatus, Status};
use crate::web::page::cards;

/// Most rows of each table.
const ROWS_MAX: usize = 200;

/// The keepers and the references.
pub(super) fn part(view: &View<'_>) -> Markup {
    let status = view.status;
    html! {
        section id="fleet" class="fleet" aria-labelledby="fleet-title" {
            h2 id="fleet-title" { "Who else" }
            (members(status))
            (references(status))
            (channels(status))
        }
    }
}

fn members(status: &Status) -> Markup {
    let fleet = &status.fleet;
    html! {
        @if fleet.members.is_empty() {
            p class="lead" { "No other keeper is watched: name them in " code { "[peers]" } " or " code { "[fleet]" } "." }
        } @else {
            table class="stack" {
                caption {
                    "Keepers: " (fleet.reporting) " report, " (fleet.late) " late, "
                    (fleet.offline) " offline, " (fleet.never) " never reported, "
                    (fleet.forgotten) " taken as gone."
                }
                thead {
                    tr { th scope="col" { "Keeper" } th scope="col" { "Stands" } th scope="col" { "Says" } th scope="col" { "Head" } }
                }
                tbody {
                    @for member in fleet.members.iter().take(ROWS_MAX) { (member_row(member, status)) }
                }
            }
            p class="quiet" { "More of them: " (command("eoskeeper fleet")) }
        }
    }
}

fn member_row(member: &MemberView, status: &Status) -> Markup {
    let (mark, stands) = state(member);
    let peer = status.peers.iter().find(|peer| member.is_peer && peer.name == member.name);
    let signing = peer.map(cards::standing);
    let said = peer.and_then(|peer| peer.status.as_ref());
    let report = member.report.as_ref();
    let sentence = said.map(|said| &said.sentence).or(report.map(|report| &report.sentence));
    let head = said.and_then(|said| said.head).or(report.and_then(|report| report.head));
    let why = member.failure.as_deref().filter(|_| member.state != MemberState::Reporting);
    let paging = report.map(|report| report.paging.as_slice()).unwrap_or_default();
    html! {
        tr {
            th scope="row" {
                (clean(&member.name))
                @if let Some(role) = member.role { " (" (role.letter()) ")" }
            }
            td {
                (mark.draw()) " " (stands)
                @if let Some((_, signs)) = signing.filter(|_| member.state == MemberState::Reporting) { ", " (signs) }
            }
            td {
                @match sentence {
                    Some(sentence) => (clean(sentence)),
                    None => "nothing yet",
                }
                @for rule in paging { " " code { (clean(rule)) } }
                @if let Some(why) = why { " " span class="quiet" { (clean(why)) } }
            }
            td { @if let Some(head) = head { "#" (head) } @else { "–" } }
        }
    }
}

fn state(member: &MemberView) -> (Mark, String) {
    let quiet = words::span(member.quiet_ms);
    match member.state {
        MemberState::Never => (Mark::Quiet, "never reported".to_owned()),
        MemberState::Reporting => (Mark::Good, "reports".to_owned()),
        MemberState::Late => (Mark::Warn, format!("late for {quiet}")),
        MemberState::Offline => (Mark::Bad, format!("offline for {quiet}")),
        MemberState::Forgotten => (Mark::Quiet, format!("taken as gone after {quiet}")),
    }
}

fn references(status: &Status) -> Markup {
    html! {
        @if !status.references.is_empty() {
            table class="stack" {
                caption { "Other nodes of the chain: " (status.chain.agree) " of " (status.references.len()) " agree with this node." }
                thead {
                    tr { th scope="col" { "Node" } th scope="col" { "Stands" } th scope="col" { "Head" } }
                }
                tbody {
                    @for reference in status.references.iter().take(ROWS_MAX) { (reference_row(reference)) }
                }
            }
        }
    }
}

fn reference_row(reference: &ReferenceStatus) -> Markup {
    let (mark, stands) = match reference.standing {
        Some(Standing::Agrees) => (Mark::Good, "agrees"),
        Some(Standing::Silent) => (Mark::Warn, "is silent"),
        Some(Standing::OtherChain) => (Mark::Bad, "is on another chain"),
        Some(Standing::Forked) => (Mark::Bad, "is on another fork"),
        Some(Standing::Ahead) => (Mark::Warn, "is ahead of this node"),
        Some(Standing::Behind) => (Mark::Quiet, "is behind this node"),
        None => (Mark::Unknown, "cannot be compared yet"),
    };
    html! {
        tr {
            th scope="row" { (clean(&reference.name)) }
            td {
                (mark.draw()) " " (stands)
                @if let Some(why) = &reference.failure { " " span class="quiet" { (clean(why)) } }
            }
            td {
                @if let Some(head) = reference.head { "#" (head) } @else { "–" }
            }
        }
    }
}

/// The ways by which people are told.
fn channels(status: &Status) -> Markup {
    let (channels, silences) = (&status.alarms.channels, &status.alarms.silences);
    html! {
        @if !channels.is_empty() {
            table class="stack" {
                caption { "Channels by which people are told." }
                thead {
                    tr { th scope="col" { "Channel" } th scope="col" { "Stands" } th scope="col" { "Told" } }
                }
                tbody {
                    @for channel in channels {
                        tr {
                            th scope="row" { (clean(&channel.name)) }
                            td {
                                @match &channel.failing {
                                    Some((since, why)) => {
                                        (Mark::Bad.draw()) " fails for "
                                        (words::since(*since, status.at)) ": " (clean(why))
                                    }
                                    None => { (Mark::Good.draw()) " delivers" },
                                }
                            }
                            td {
                                (channel.sent) " sent, " (channel.waiting) " waiting, "
                                (channel.given_up) " given up"
                                @if let Some(last) = channel.last { "; last " (words::moment(last)) }
                            }
                        }
                    }
                }
            }
        }
        @for silence in silences.iter().filter(|silence| silence.until > status.at) {
            p { (Mark::Quiet.draw()) " Silent: " (clean(&silence.sentence())) " UTC. To end it: " (command("eoskeeper silence --end")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::status::ChannelStatus;
    use crate::web::page::sample;
    use crate::web::page::view::Past;

    #[test]
    fn each_is_shown_with_its_standing_and_its_words() {
        let mut status = sample::signing();
        status.peers[0].status.as_mut().unwrap().sentence = "<b>I am fine</b>".into();
        status.references[0].name = "http://\u{202e}evil".into();
        status.alarms.channels = vec![ChannelStatus {
            name: "telegram".into(),
            failing: Some((status.at.plus_ms(-90_000), "timed out".into())),
            ..ChannelStatus::default()
        }];
        let past = Past::default();
        let page = part(&View { status: &status, past: &past, judged_ago_ms: 0 }).into_string();
        for expected in [
            "&lt;b&gt;I am fine&lt;/b&gt;",
            "reports, at rest, ready",
            "http://\u{fffd}evil",
            "fails for 1 min 30 s: timed out",
        ] {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
        assert_eq!(page.matches("<table").count(), page.matches("<caption>").count());
    }
}
