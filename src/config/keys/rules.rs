//! `[rules]`: every threshold of [`crate::core::settings::Rules`].

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};
use crate::core::schedule::PRODUCERS_MAX;

/// More producers than a schedule can have are never seen.
const PRODUCERS: Kind = Kind::Count { min: 1, max: PRODUCERS_MAX as u64 };
/// A count of something within a window. More would not fit the rings they are counted in.
/// As many as the evidence remembers of what may come in bursts.
const BURST: Kind = Kind::Count { min: 1, max: 64 };
const COUNT: Kind = Kind::Count { min: 1, max: 1_000 };
/// How long something may last, and how long a window is: from one poll to an hour.
const PERIOD: Kind = seconds(1_000, 3_600_000);

pub(super) const SECTION: Section = Section {
    name: "rules",
    help: "When something counts as a finding.",
    keys: &[
        time(
            "poll_interval_seconds",
            "poll_interval_ms",
            seconds(200, 4_000),
            "Time between two polls of get_info. Less than evidence_gap_seconds.",
        ),
        time(
            "poll_timeout_seconds",
            "poll_timeout_ms",
            seconds(100, 60_000),
            "Deadline of one poll; a poll that takes longer has failed.",
        ),
        count("api_down_polls", COUNT, "api_down: so many failed polls in a row."),
        count(
            "api_few_producers",
            PRODUCERS,
            "api_few_producers: fewer distinct producers among the polled head blocks than this. A \
             smaller schedule lowers it by itself.",
        ),
        time(
            "api_few_producers_window_seconds",
            "api_few_producers_window_ms",
            seconds(6_000, 3_600_000),
            "api_few_producers: within this time; at least 6 seconds, one turn, for each producer.",
        ),
        time(
            "head_stalled_seconds",
            "head_stalled_ms",
            PERIOD,
            "head_stalled: the head block has not moved for this long. More than \
             poll_interval_seconds.",
        ),
        time(
            "lib_stalled_seconds",
            "lib_stalled_ms",
            PERIOD,
            "lib_stalled: the last irreversible block has not moved for this long. More than \
             poll_interval_seconds.",
        ),
        time(
            "log_silent_seconds",
            "log_silent_ms",
            PERIOD,
            "log_silent: nodeos has logged no line for this long.",
        ),
        time(
            "no_block_received_seconds",
            "no_block_received_ms",
            PERIOD,
            "no_block_received: the log has shown no other producer's block for this long.",
        ),
        count(
            "log_few_producers",
            PRODUCERS,
            "log_few_producers: fewer distinct producers in the log than this. A smaller schedule \
             lowers it by itself.",
        ),
        time(
            "log_few_producers_window_seconds",
            "log_few_producers_window_ms",
            seconds(6_000, 3_600_000),
            "log_few_producers: within this time; at least 6 seconds, one turn, for each producer.",
        ),
        count(
            "missed_blocks",
            COUNT,
            "missed_blocks: a report counts when it says that at least so many blocks were missed.",
        ),
        count(
            "missed_blocks_reports",
            Kind::Count { min: 1, max: 16 },
            "missed_blocks: so many such reports in a row.",
        ),
        time(
            "missed_blocks_window_seconds",
            "missed_blocks_window_ms",
            PERIOD,
            "missed_blocks: all of them within this time.",
        ),
        count(
            "fork_switch_depth",
            COUNT,
            "fork_switch: a switch that took back at least so many blocks. One or two change hands \
             at the end of many turns.",
        ),
        count(
            "block_rejected",
            BURST,
            "block_rejected: so many rejected blocks within reject_window_seconds.",
        ),
        count(
            "unlinkable",
            BURST,
            "unlinkable: so many unlinkable blocks within reject_window_seconds.",
        ),
        time(
            "reject_window_seconds",
            "reject_window_ms",
            PERIOD,
            "The window of block_rejected and unlinkable.",
        ),
        count(
            "peers_low",
            Kind::Count { min: 0, max: 1_000 },
            "peers_low: fewer peers connected than this; 0 never finds it.",
        ),
        count(
            "alone_rounds",
            Kind::Count { min: 1, max: 100 },
            "alone: for so many rounds every new block was our own.",
        ),
        time(
            "log_deaf_seconds",
            "log_deaf_ms",
            PERIOD,
            "log_deaf: the head block has moved for this long while no line was recognised.",
        ),
        time(
            "clock_skew_seconds",
            "clock_skew_ms",
            seconds(500, 7_000),
            "clock_skew: a block comes from this far in the future. nodeos itself refuses 7 \
             seconds; Spring sends the last block of a turn 0.45 seconds early.",
        ),
        count(
            "finality_complaints",
            BURST,
            "finality: so many complaints about missing votes within finality_window_seconds.",
        ),
        time(
            "finality_window_seconds",
            "finality_window_ms",
            PERIOD,
            "The window of finality_complaints.",
        ),
        count(
            "behind_references_blocks",
            COUNT,
            "behind_references: so many blocks behind the median of the references' heads.",
        ),
        time(
            "recent_seconds",
            "recent_ms",
            PERIOD,
            "How long a single line, such as a fork switch or a database fault, stands as a \
             finding.",
        ),
        time(
            "round_grace_seconds",
            "round_grace_ms",
            seconds(0, 60_000),
            "Added to each round that is waited: 126 + 4 = 130 seconds with 21 producers, so that \
             two rounds are 260 seconds.",
        ),
        time(
            "evidence_gap_seconds",
            "evidence_gap_ms",
            seconds(1_500, 5_900),
            "Evidence is torn, and waiting starts again, when nothing was seen for this long. Less \
             than a turn of 6 seconds, which could otherwise pass unseen.",
        ),
        time(
            "clock_jump_seconds",
            "clock_jump_ms",
            seconds(500, 60_000),
            "Evidence is discarded when the wall clock jumps by this much.",
        ),
    ],
};

const fn seconds(min_ms: u64, max_ms: u64) -> Kind {
    Kind::Time { unit: Unit::Seconds, min_ms, max_ms }
}

const fn count(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, field: name, kind, default: DefaultValue::Rules, help }
}

const fn time(name: &'static str, field: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, field, kind, default: DefaultValue::Rules, help }
}
