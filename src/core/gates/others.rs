//! Gates about the others: our other nodes' keepers, the lease, and what is final on the chain.

use super::{Gate, HoldReason};
use crate::core::entitlement::{Ground, Position, Right};
use crate::core::handover::{PeerStatus, Signing};
use crate::core::rules::{View, say};
use crate::core::schedule::TURN_SLOTS;
use crate::core::settings::OnLeaseOutage;
use crate::core::time::Human;

/// Whether a person has ordered that nothing is done by itself.
pub(super) fn maintenance(view: &View<'_>) -> Gate {
    let name = "maintenance";
    match view.maintenance_until {
        // What a person ordered and the other declined is put back all the same.
        Some(until) if until > view.now.wall && view.right != Some(Right::Declined) => {
            let left = until.since_ms(view.now.wall).cast_unsigned();
            let sentence = say!(view, "Under maintenance until {until} ({} left).", Human(left));
            Gate::closed(name, HoldReason::Maintenance, sentence).opens_in(left)
        }
        Some(_) | None if view.is_stopped_by_hand => Gate::closed(
            name,
            HoldReason::Maintenance,
            "A person stopped this node; `eoskeeper promote` makes it sign again.",
        ),
        Some(_) | None => Gate::open(name, "No maintenance."),
    }
}

/// Whether it is irreversible that our slots stayed empty.
pub(super) fn finality(view: &View<'_>, ground: Option<Ground<'_>>) -> Gate {
    let name = "final";
    if ground.is_some_and(Ground::is_quick) {
        return Gate::open(name, "No missed turn is needed to act.");
    }
    let lib = view.evidence.api.info.as_ref().map(|info| info.lib);
    match (view.evidence.missed.first_after(), lib) {
        (Some(first), Some(lib)) if lib >= first => Gate::open(
            name,
            say!(
                view,
                "It is irreversible that our slots stayed empty: #{lib} is, and #{first} came after them."
            ),
        ),
        (Some(first), Some(lib)) => Gate::closed(
            name,
            HoldReason::NotFinal,
            say!(
                view,
                "Our slots stayed empty, but that is not final yet: the last irreversible block is #{lib}, and #{first} came after them."
            ),
        ),
        _ => Gate::closed(
            name,
            HoldReason::NotFinal,
            "No turn of ours has passed without a block yet.",
        ),
    }
}

/// Whether a keeper of our other nodes says that its node signs, and the chain agrees.
pub(super) fn peers(view: &View<'_>, ground: Option<Ground<'_>>) -> Gate {
    let name = "peers";
    if view.settings.peers.names.is_empty() {
        return Gate::open(name, "No peer is configured.");
    }
    let giver = match ground {
        Some(Ground::Handover(given)) => Some(given.from.as_str()),
        _ => None,
    };
    let speaking: Vec<_> = view.evidence.peers.speaking(view.now).collect();
    for (index, peer) in &speaking {
        let Some(who) = view.settings.peers.names.get(*index) else { continue };
        match peer.signing {
            // It may be slow to say that it stopped. That it begins again counts: see `saved`.
            Signing::Yes if Some(who.as_str()) == giver => {}
            Signing::Yes if chain_agrees(view, peer) => {
                let sentence =
                    say!(view, "The keeper of {who} says that it signs, and is on our chain.");
                return Gate::closed(name, HoldReason::PeerSigning, sentence);
            }
            Signing::Beginning => {
                let sentence = say!(view, "{who} is being made to sign.");
                return Gate::closed(name, HoldReason::PeerBegins, sentence);
            }
            Signing::Yes | Signing::No | Signing::Unknown => {}
        }
    }
    let all = view.settings.peers.names.len();
    Gate::open(name, say!(view, "{} of {all} peers speak, and none of them signs.", speaking.len()))
}

/// Whether a peer that says it signs is on the chain we see: its head moves, and its last
/// irreversible block is within a round of ours. A node that is cut off has neither.
fn chain_agrees(view: &View<'_>, peer: &PeerStatus) -> bool {
    let ours = view.evidence.api.info.as_ref().map(|info| info.lib);
    let round = view.schedule().map_or(0, |s| s.producers.len() as u32 * TURN_SLOTS);
    let near = ours.zip(peer.lib).is_some_and(|(ours, theirs)| ours.abs_diff(theirs) <= round);
    near && peer.head_moves
}

/// Whether the lease is ours, or free.
pub(super) fn lease(view: &View<'_>) -> Gate {
    let name = "lease";
    let Some(lease) = view.settings.lease else {
        return Gate::open(name, "No lease is configured.");
    };
    let evidence = &view.evidence.lease;
    if view.holds_lease(&lease) {
        let token = evidence.held.map_or(0, |(_, token)| token);
        return Gate::open(name, say!(view, "The lease is ours (token {token})."));
    }
    match evidence.fresh_read(view.now) {
        None => {
            let why = evidence.failing.as_ref().map(|(_, failure)| failure.to_string());
            let why = why.unwrap_or_else(|| "not asked yet".to_owned());
            Gate::closed(
                name,
                HoldReason::LeaseUnknown,
                say!(view, "Who holds the lease is not known: {why}."),
            )
        }
        Some(Some(record)) if record.released.is_none() && record.holder != view.settings.node => {
            let sentence =
                say!(view, "The lease is held by {} (token {}).", record.holder, record.token);
            Gate::closed(name, HoldReason::LeaseHeld, sentence)
        }
        Some(Some(_) | None) => Gate::open(name, "The lease is free."),
    }
}

/// Whether it is known that the former signer was stopped, where that is asked for.
pub(super) fn fence(view: &View<'_>, ground: Option<Ground<'_>>) -> Gate {
    let name = "fence";
    if !view.settings.promotion.require_fence || view.settings.promotion.by_key {
        return Gate::open(name, "No word of the other node is needed.");
    }
    let keeps_lease =
        view.settings.lease.is_some_and(|lease| lease.on_outage == OnLeaseOutage::Hold);
    match ground {
        Some(Ground::Silence) if !keeps_lease && view.position != Position::Active => Gate::closed(
            name,
            HoldReason::NotFenced,
            "Nobody has said that the node that signed was stopped, and [promotion] require_fence asks for it.",
        ),
        _ => Gate::open(name, "The node that signed is stopped, or cannot sign without the lease."),
    }
}
