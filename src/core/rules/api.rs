//! Rules on what `get_info` says.

use crate::core::rules::{State, Verdict, View, say};
use crate::core::time::Human;

/// `api_down`: so many failed polls in a row.
pub(super) fn down(view: &View<'_>) -> Verdict {
    let api = &view.evidence.api;
    let limit = view.settings.rules.api_down_polls;
    let threshold = say!(view, "{limit} failed polls in a row");
    if api.last_ok.is_none() && api.last_failure.is_none() {
        return Verdict::unknown("no poll was answered or failed yet", threshold);
    }
    let why = api.last_failure.as_ref().map(|(_, failure)| failure);
    let saw = match (api.failed_in_row, why) {
        (0, _) | (_, None) => "the last poll was answered".into(),
        (1, Some(why)) => say!(view, "the last poll failed: {why}"),
        (failed, Some(why)) => say!(view, "{failed} polls in a row failed: {why}"),
    };
    Verdict::when(api.failed_in_row >= limit, saw, threshold)
}

/// `api_few_producers`: too few distinct producers among the heads polled.
pub(super) fn few_producers(view: &View<'_>) -> Verdict {
    let (api, rules) = (&view.evidence.api, &view.settings.rules);
    let window_ms = rules.api_few_producers_window_ms;
    let limit = view.few_producers(rules.api_few_producers);
    let threshold = say!(view, "fewer than {limit} producers in {}", Human(window_ms));
    if api.last_ok.is_none() {
        return Verdict::unknown("the RPC has not answered yet", threshold);
    }
    if api.failed_in_row > 0 {
        return Verdict::unknown("the RPC does not answer", threshold);
    }
    if view.now.mono.since_ms(api.since) < window_ms {
        return Verdict::unknown("watched for less than the window", threshold);
    }
    let seen = api.producers.distinct(view.now.mono, window_ms);
    Verdict::when(seen < limit, say!(view, "{seen} producers"), threshold)
}

/// `head_stalled`: the head block has not changed for a while.
pub(super) fn head_stalled(view: &View<'_>) -> Verdict {
    let limit_ms = view.settings.rules.head_stalled_ms;
    let head = view.evidence.api.info.as_ref().map_or(0, |i| i.head);
    let moved = view.evidence.api.head_moved;
    let verdict = still(view, moved, limit_ms, &say!(view, "head block #{head}"));
    // Two neighbours missing make 12 s of silence every round; that holds a promotion, but wakes
    // nobody.
    let is_early = verdict.state == State::Firing
        && view.age_ms(moved).is_some_and(|age| age < view.evidence.standstill_ms());
    Verdict { is_early, ..verdict }
}

/// `lib_stalled`: the last irreversible block has not changed for a while.
pub(super) fn lib_stalled(view: &View<'_>) -> Verdict {
    let limit_ms = view.settings.rules.lib_stalled_ms;
    let lib = view.evidence.api.info.as_ref().map_or(0, |i| i.lib);
    let what = say!(view, "last irreversible block #{lib}");
    still(view, view.evidence.api.lib_moved, limit_ms, &what)
}

fn still(
    view: &View<'_>,
    moved: Option<crate::core::time::Mono>,
    limit_ms: u64,
    what: &str,
) -> Verdict {
    let threshold = say!(view, "not moved for {}", Human(limit_ms));
    if view.evidence.api.failed_in_row > 0 {
        return Verdict::unknown("the RPC does not answer", threshold);
    }
    let Some(age_ms) = view.age_ms(moved) else {
        return Verdict::unknown("the RPC has not answered yet", threshold);
    };
    Verdict::when(age_ms >= limit_ms, say!(view, "{what} moved {} ago", Human(age_ms)), threshold)
}
