//! Rules that compare this node with others of the chain.

use std::borrow::Cow;

use crate::core::evidence::references::Standing;
use crate::core::rules::{Verdict, View, say};

/// `behind_references`: the head is far behind the references' median.
pub(super) fn behind(view: &View<'_>) -> Verdict {
    let limit = view.settings.rules.behind_references_blocks;
    let threshold = say!(view, "{limit} blocks behind the references' median");
    let (Some(own), median) = own_and_median(view) else {
        return unknown(view, threshold);
    };
    let Some(median) = median else { return unknown(view, threshold) };
    let behind = median.saturating_sub(own);
    let saw = if behind == 0 {
        say!(view, "head #{own}, the references' median #{median}")
    } else {
        say!(view, "head #{own} is {behind} blocks behind the references' median #{median}")
    };
    Verdict::when(behind >= limit, saw, threshold)
}

fn own_and_median(view: &View<'_>) -> (Option<u32>, Option<u32>) {
    let Some(own) = view.evidence.api.info.as_ref() else { return (None, None) };
    (Some(own.head), view.evidence.references.median_head(view.now, own))
}

/// `forked_from_references`: most of those that answer have another block at our irreversible
/// height, or are on another chain.
pub(super) fn forked(view: &View<'_>) -> Verdict {
    let threshold = "more than half of the references that answer have another irreversible block";
    let Some(own) = view.evidence.api.info.as_ref() else {
        return unknown(view, threshold);
    };
    let limit = view.settings.rules.behind_references_blocks;
    let standings = || view.evidence.references.standings(view.now, own, limit);
    let answering = standings().filter(|s| *s != Standing::Silent).count();
    if answering == 0 {
        return unknown(view, threshold);
    }
    let apart =
        standings().filter(|s| matches!(s, Standing::Forked | Standing::OtherChain)).count();
    let saw = say!(view, "{apart} of {answering} that answer differ at block #{}", own.lib);
    Verdict::when(apart * 2 > answering, saw, threshold)
}

fn unknown(view: &View<'_>, threshold: impl Into<Cow<'static, str>>) -> Verdict {
    let why = if view.settings.references.names.is_empty() {
        "no reference is configured"
    } else if view.evidence.api.info.is_none() {
        "this node's RPC has not answered yet"
    } else {
        "no reference answers"
    };
    Verdict::unknown(why, threshold)
}
