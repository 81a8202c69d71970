//! Rules on clock, finality and database.

use crate::core::event::Reason;
use crate::core::rules::{Verdict, View, say};
use crate::core::time::Human;

/// `clock_skew`: a block from the future.
pub(super) fn clock_skew(view: &View<'_>) -> Verdict {
    let limit_ms = view.settings.rules.clock_skew_ms;
    let threshold = say!(view, "{} ahead of this host's clock", Human(limit_ms));
    let (api, log) = (&view.evidence.api, &view.evidence.log);
    if api.info.is_none() && log.last_block.is_none() {
        return Verdict::unknown("no block seen yet", threshold);
    }
    let ahead_ms = api.head_ahead_ms.max(log.block_ahead_ms).max(0).cast_unsigned();
    let saw = if ahead_ms == 0 {
        "blocks are not ahead of this host's clock".into()
    } else {
        say!(view, "the newest block is {} ahead", Human(ahead_ms))
    };
    Verdict::when(ahead_ms >= limit_ms, saw, threshold)
}

/// `finality`: several complaints about votes.
pub(super) fn finality(view: &View<'_>) -> Verdict {
    let rules = &view.settings.rules;
    let (limit, window_ms) = (rules.finality_complaints, rules.finality_window_ms);
    let threshold = say!(view, "{limit} complaints within {}", Human(window_ms));
    let complaints = &view.evidence.log.finality;
    let count = complaints.recent(view.now.mono, window_ms).count() as u32;
    let saw = match complaints.last() {
        Some((_, reason)) if count > 0 => say!(view, "{count} complaints, the last: {reason}"),
        _ => "no complaint".into(),
    };
    Verdict::when(count >= limit, saw, threshold)
}

/// `database_fault`: nodeos said so and has not started again since.
pub(super) fn database_fault(view: &View<'_>) -> Verdict {
    let threshold = "any line that says so, until nodeos starts again; of the disk, a recent one";
    match view.evidence.log.database_fault {
        None => Verdict::fine("no fault", threshold),
        // nodeos repeats its warning every minute while the disk is that full
        // (`resource-monitor-warning-interval`), and says nothing when there is space again.
        Some((at, Reason::Disk)) if view.now.mono.since_ms(at) > view.settings.rules.recent_ms => {
            Verdict::fine("no fault of late", threshold)
        }
        Some((at, reason)) => {
            let age = Human(view.now.mono.since_ms(at));
            Verdict::when(true, say!(view, "database fault ({reason}) {age} ago"), threshold)
        }
    }
}
