//! The keepers of our other nodes, the lease, and a switchover.

use maud::{Markup, html};

use super::{Card, plain};
use crate::core::entitlement::Position;
use crate::core::handover::{PeerStatus, Signing};
use crate::core::promotion::SwitchStep;
use crate::core::settings::Role;
use crate::core::status::{LeaseStatus, PeerView, Status};
use crate::web::page::command::{command, command_with};
use crate::web::page::escape::clean;
use crate::web::page::level::is_fresh;
use crate::web::page::mark::Mark;
use crate::web::page::words;

pub(super) fn card(status: &Status) -> Card {
    let (mark, headline) = headline(status);
    let mut rows = Vec::new();
    if let Some(lease) = &status.lease {
        rows.push(("Lease", holder(lease)));
        if let Some(why) = &lease.failure {
            rows.push(("etcd", html! { "gives no answer: " (clean(why)) }));
        }
    }
    if let Some(switch) = &status.switchover {
        let step = match switch.step {
            SwitchStep::Done => Mark::Good,
            SwitchStep::Failed | SwitchStep::Unknown => Mark::Bad,
            SwitchStep::Asked | SwitchStep::Waiting | SwitchStep::Giving => Mark::Warn,
        };
        let said = html! {
            (step.draw()) " to " (clean(&switch.to)) ", " (words::word(&switch.step)) ": "
            (clean(&switch.step_sentence))
        };
        rows.push(("Switchover", said));
    }
    rows.push(("Does itself", plain(acts(status))));
    let title = if status.role == Role::Active { "Standbys" } else { "Our other nodes" };
    Card { id: "standbys", title, mark, headline, rows, below: below(status) }
}

fn headline(status: &Status) -> (Mark, String) {
    let peers = &status.peers;
    if peers.is_empty() {
        return (Mark::Quiet, "None that we talk to".to_owned());
    }
    let said = |peer: &&PeerView| peer.status.as_ref().filter(|_| is_fresh(peer)).cloned();
    let heard: Vec<PeerStatus> = peers.iter().filter_map(|peer| said(&peer)).collect();
    let signer = heard.iter().find(|peer| peer.signing == Signing::Yes);
    let ready = heard.iter().filter(|peer| peer.ready).count();
    let silent = peers.len() - heard.len();
    let is_ours = status.promotion.position == Position::Active && status.role != Role::Observer;
    match (signer, silent) {
        (_, 1..) => (Mark::Warn, format!("{silent} of {} silent", peers.len())),
        (Some(signer), 0) => (Mark::Good, format!("{} signs", clean(&signer.node))),
        (None, 0) if is_ours && ready == 0 => (Mark::Warn, "None is ready".to_owned()),
        (None, 0) if is_ours => (Mark::Good, format!("{ready} of {} ready", peers.len())),
        (None, 0) => (Mark::Warn, "None of them signs".to_owned()),
    }
}

fn holder(lease: &LeaseStatus) -> Markup {
    html! {
        @match (&lease.holder, lease.ours_for_ms) {
            (_, Some(ms)) => { "ours for " (words::span(ms)) },
            (Some(holder), None) => { "held by " (clean(holder)) },
            (None, None) => "held by nobody, or not known",
        }
        @if let Some(token) = lease.token { ", token " (token) }
    }
}

fn acts(status: &Status) -> String {
    let promotion = &status.promotion;
    let acts = match (promotion.configured, promotion.dry_run) {
        (false, _) => "nothing: no act is configured",
        (true, true) => "nothing but words: a dry run",
        (true, false) => "what the gates let through",
    };
    match promotion.stage {
        "resting" => acts.to_owned(),
        stage => format!("{acts}; now {}", words::spaced(stage)),
    }
}

/// A line for each, and how the producer is moved.
fn below(status: &Status) -> Markup {
    if status.peers.is_empty() {
        return html! { p class="quiet" { "Name them in " code { "[peers] nodes" } "." } };
    }
    let signs_here = status.promotion.position == Position::Active;
    let ready = status
        .peers
        .iter()
        .find(|peer| is_fresh(peer) && peer.status.as_ref().is_some_and(|said| said.ready));
    html! {
        ul class="peers" {
            @for peer in &status.peers { (peer_item(peer)) }
        }
        @if let Some(ready) = ready.filter(|_| signs_here && status.role != Role::Observer) {
            @if let Some(shown) = command_with("switchover --to", &ready.name) {
                p class="quiet" { "To move the producer: " (shown) }
            }
        } @else if status.role == Role::Observer {
            p class="quiet" { "To see them: " (command("eoskeeper fleet")) }
        }
    }
}

fn peer_item(peer: &PeerView) -> Markup {
    let (mark, said) = standing(peer);
    html! {
        li {
            (mark.draw())
            div {
                strong { (clean(&peer.name)) }
                @if let Some(said) = &peer.status { " (" (said.role.letter()) ")" }
                " " (said)
            }
        }
    }
}

/// What a peer's keeper says of its node, in a few words.
pub(in crate::web::page) fn standing(peer: &PeerView) -> (Mark, String) {
    let Some(said) = peer.status.as_ref().filter(|_| is_fresh(peer)) else {
        let why = peer.failure.as_deref().map_or("says nothing".to_owned(), clean);
        let last = peer
            .said_ago_ms
            .map_or("never heard".to_owned(), |ms| format!("last heard {} ago", words::span(ms)));
        return (Mark::Bad, format!("is silent: {why}; {last}"));
    };
    let moves = if said.head_moves { "" } else { ", its head stands still" };
    let maintenance = if said.maintenance_until.is_some() { ", under maintenance" } else { "" };
    let (mark, signs) = match (said.signing, said.ready) {
        (Signing::Yes, _) => (Mark::Good, "signs"),
        (Signing::Beginning, _) => (Mark::Warn, "begins to sign"),
        (Signing::No, true) => (Mark::Good, "at rest, ready"),
        (Signing::No, false) => (Mark::Quiet, "at rest, not ready"),
        (Signing::Unknown, _) => (Mark::Warn, "cannot say whether it signs"),
    };
    let mark = if said.head_moves { mark } else { mark.max(Mark::Warn) };
    (mark, format!("{signs}{moves}{maintenance}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::sample;

    #[test]
    fn a_peer_is_believed_only_while_it_speaks() {
        let status = sample::signing();
        let peer = &status.peers[0];
        assert_eq!(standing(peer), (Mark::Good, "at rest, ready".to_owned()));
        let old = PeerView { said_ago_ms: Some(5_001), ..peer.clone() };
        let (mark, said) = standing(&old);
        assert_eq!(mark, Mark::Bad);
        assert_eq!(said, "is silent: says nothing; last heard 5 s ago");
        let never = PeerView {
            status: None,
            said_ago_ms: None,
            failure: Some("refused\u{1b}[2J".into()),
            ..peer.clone()
        };
        assert_eq!(standing(&never).1, "is silent: refused\u{fffd}[2J; never heard");
    }

    #[test]
    fn the_headline_counts_who_could_take_over() {
        let mut status = sample::signing();
        assert_eq!(headline(&status), (Mark::Good, "2 of 2 ready".to_owned()));
        status.peers[1].said_ago_ms = Some(60_000);
        assert_eq!(headline(&status), (Mark::Warn, "1 of 2 silent".to_owned()));
        status.peers.clear();
        assert_eq!(headline(&status), (Mark::Quiet, "None that we talk to".to_owned()));
    }
}
