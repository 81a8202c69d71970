//! What explains what: a dead node is one incident, not eight.

/// The causes that a cause explains: while it stands, they join its incident and raise none of
/// their own. A cause explains what those explain too. What says that two nodes sign is in no list:
/// nothing explains it away.
const EXPLAINS: &[(&str, &[&str])] = &[
    ("host_disk_full", &["host_disk", "database_fault"]),
    ("database_fault", &["api_down", "production_skipped", "head_stalled"]),
    (
        "api_down",
        &[
            "api_few_producers",
            "head_stalled",
            "log_silent",
            "no_block_received",
            "peers_low",
            // A node that was started again says for a moment why it does not sign yet.
            "production_skipped",
        ],
    ),
    ("forked_from_references", &["alone", "unlinkable", "block_rejected", "missed_blocks"]),
    ("alone", &["api_few_producers", "log_few_producers", "lib_stalled", "no_block_received"]),
    ("peers_low", &["head_stalled", "no_block_received", "alone"]),
    ("head_stalled", &["behind_references", "lib_stalled", "no_block_received", "log_silent"]),
    (
        "behind_references",
        &["missed_blocks", "fork_switch", "api_few_producers", "producer_missing"],
    ),
    ("log_silent", &["no_block_received", "log_few_producers", "log_deaf"]),
    ("log_deaf", &["no_block_received", "log_few_producers"]),
    ("lib_stalled", &["api_few_producers", "log_few_producers", "missed_blocks", "finality"]),
    ("unlinkable", &["missed_blocks", "fork_switch"]),
    ("production_skipped", &["producer_missing"]),
    ("clock_skew", &["block_rejected"]),
    ("host_clock", &["clock_skew"]),
    ("fleet_silent", &["member_offline"]),
    ("pool_workers_offline", &["pool_hashrate_low"]),
];

/// Longest chain of explanations: more would be a circle.
const DEPTH_MAX: usize = 8;

/// Whether `cause` explains `other`, by itself or by what it explains.
#[must_use]
pub fn explains(cause: &str, other: &str) -> bool {
    cause != other && reaches(cause, other, DEPTH_MAX)
}

fn reaches(cause: &str, other: &str, depth: usize) -> bool {
    let Some(left) = depth.checked_sub(1) else { return false };
    let direct = EXPLAINS.iter().find(|(name, _)| *name == cause).map_or(&[][..], |(_, all)| all);
    direct.iter().any(|next| *next == other || reaches(next, other, left))
}

/// What is told at every hour and under no common incident: two of us may be signing.
#[must_use]
pub fn is_about_two_signers(cause: &str) -> bool {
    matches!(cause, "duplicate_production" | "standby_unpaused" | "wrong_producer")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rules::Rule;

    #[test]
    fn a_dead_node_explains_what_it_brings_with_it() {
        for (name, cause, other, expected) in [
            ("the head of a dead node", "api_down", "head_stalled", true),
            ("by two steps", "api_down", "lib_stalled", true),
            ("our silence, when the node is dead", "api_down", "producer_missing", true),
            ("a full disk", "host_disk_full", "api_down", true),
            ("not the other way", "head_stalled", "api_down", false),
            ("not itself", "api_down", "api_down", false),
            ("two signers, never", "api_down", "duplicate_production", false),
            ("something unheard of", "api_down", "no_such", false),
        ] {
            assert_eq!(explains(cause, other), expected, "{name}");
        }
    }

    #[test]
    fn the_table_is_of_known_causes_and_nothing_hides_two_signers() {
        let known = |cause: &str| {
            let beside = ["fleet_", "member_", "pool_"];
            beside.iter().any(|room| cause.starts_with(room))
                || Rule::ALL.iter().any(|rule| rule.as_str() == cause)
        };
        for (cause, others) in EXPLAINS {
            for name in others.iter().chain([cause]) {
                assert!(known(name), "{name} is no cause");
                assert!(!is_about_two_signers(name), "{name}");
            }
        }
    }
}
