//! Every series there is.

/// What a series counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A figure that goes up and down.
    Gauge,
    /// One that only goes up, from zero at each start of the keeper; its samples end with `_total`.
    Counter,
    /// Counts in classes.
    Histogram,
}

/// One series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its name; that of a counter without `_total`.
    pub name: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it means, and when it is absent, one sentence.
    pub help: &'static str,
}

impl Series {
    /// The name as Prometheus knows it, with `_total` where it is a counter.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge | Kind::Histogram => self.name.to_owned(),
        }
    }
}

impl Kind {
    /// The word Prometheus has for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

macro_rules! series {
    ($($kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        /// Every series, in the order they are shown.
        pub const SERIES: &[Series] = &[$(Series {
            name: concat!("eoskeeper_", $name),
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
        }),+];
    };
}

series! {
    Gauge "build_info" ["version", "node", "role", "producer", "chain"] "Always 1: what runs here, and for whom.";
    Gauge "start_time_seconds" [] "When the keeper started, seconds since 1970.";
    Gauge "judgement_age_seconds" [] "Age of the last judgement; more than 10 means that the loop hangs.";
    Counter "judgements" [] "Judgements made; about one a second.";
    Counter "events" ["kind"] "Facts recorded, by their source.";
    Gauge "healthy" ["check"] "1 where this check of /healthz is well, else 0.";
    Gauge "ready" ["check"] "1 where this check of /readyz is well, else 0.";
    Gauge "evidence_bytes" [] "Memory of the evidence.";
    Gauge "evidence_max_bytes" [] "Bound of the evidence's memory.";
    Counter "history_lost_records" [] "Records of the history that did not get to disk.";
    Counter "outbox_lost_batches" [] "Batches of messages dropped because the disk was stuck.";

    Gauge "node_api_up" [] "1 while nodeos answers get_info, else 0.";
    Gauge "node_paused" [] "1 while production is paused, 0 while it is not; absent while it is not known.";
    Gauge "node_process_up" [] "1 while nodeos's process is seen to live, 0 after it ended; absent while it is not watched.";
    Gauge "node_peers" [] "Peers connected, as nodeos last printed; absent until it did.";
    Gauge "log_followed" [] "1 while nodeos's log is followed, 0 while there is nothing to read; absent at the start.";
    Counter "log_events" [] "Lines of nodeos's log that were understood.";
    Counter "log_other_lines" [] "Lines of nodeos's log that are none of our events.";
    Counter "log_losses" [] "How often the reader of the log had to drop something.";
    Counter "fork_switches" [] "How often the node left one branch for another.";
    Counter "production_skipped" ["reason"] "Lines in which nodeos says that it was due and did not sign, by its reason.";

    Gauge "chain_head_block" [] "Number of this node's head block; absent until it answered.";
    Gauge "chain_head_age_seconds" [] "Age of the head block; negative when it came early.";
    Gauge "chain_lib_block" [] "Number of the last irreversible block.";
    Gauge "chain_lag_blocks" [] "Blocks behind the median of the references; negative when ahead; absent without references.";
    Gauge "chain_best_block" [] "Greatest head among the references that answer and are on this chain.";
    Gauge "chain_producers" [] "Producers in the active schedule; absent until it is known.";
    Gauge "chain_round_seconds" [] "Length of a round.";
    Gauge "chain_watched_seconds" [] "For how long the chain has been watched without a gap; absent in a gap.";
    Gauge "references" [] "References that are configured.";
    Gauge "references_agree" [] "References that agree with this node.";
    Gauge "reference_up" ["reference"] "1 while this reference answers, 0 while it does not; absent until it was asked.";
    Gauge "reference_lag_blocks" ["reference"] "Blocks this reference is behind the best of them, while it answers.";

    Gauge "decision" ["kind"] "1 for the kind of the decision that stands, 0 for all others.";
    Counter "decisions" ["kind"] "Changes of decision.";
    Gauge "hold" ["reason"] "1 for the reason why nothing is promoted, where that is the decision; no other sample.";
    Gauge "gate_open" ["gate"] "1 while this gate before a promotion is open, 0 while it is closed; an observer has none.";
    Gauge "gate_opens_in_seconds" ["gate"] "When this closed gate opens if nothing else changes, where that can be said.";
    Gauge "rule_firing" ["rule", "severity"] "1 while this rule fires, 0 while it does not; absent while it has no data to judge by.";
    Gauge "position" ["position"] "1 for what this node is at the moment, 0 for all else it may be.";
    Gauge "stage" ["stage"] "1 for the stage of the promotion that stands; no other sample.";
    Gauge "signing" [] "1 while this node signs by right, as its keeper sees it, else 0.";
    Gauge "handover_ready" [] "1 while this node would take a handover, else 0.";
    Gauge "acting_configured" [] "1 where the keeper has something to act with, else 0.";
    Gauge "dry_run" [] "1 where nothing is really done, else 0.";
    Gauge "promotions" [] "Promotions remembered for the budget.";
    Gauge "maintenance_left_seconds" [] "Until the end of the maintenance that runs; absent without one.";
    Gauge "lease_held" [] "1 while the lease is this node's, else 0; absent without [lease].";
    Gauge "lease_left_seconds" [] "For how long the lease is this node's still; absent while it is not.";
    Gauge "lease_up" [] "1 while etcd answers about the lease, else 0; absent without [lease].";

    Gauge "own_scheduled" [] "1 while our producer is in the active schedule, 0 while it is not; absent until that is known.";
    Gauge "own_last_block" [] "Number of our producer's last block; absent until one was seen.";
    Gauge "own_last_block_age_seconds" [] "How long ago our producer's last block was seen.";
    Gauge "own_silent_seconds" [] "How long our producer has been silent while we listened.";
    Gauge "own_wait_seconds" [] "How long this role waits for our producer.";
    Gauge "own_next_turn_seconds" [] "Until our next turn begins; negative while one runs.";
    Gauge "own_missed_rounds" [] "Rounds in a row, up to the last, without a single block of ours.";
    Gauge "own_missed_slots" [] "Slots known to be missed in the turns of the last two hours.";
    Counter "own_turns" ["producer"] "Our turns that were settled: what became of them is final.";
    Counter "own_slots" ["producer", "fate"] "Our slots of settled turns: final, late, forked, missed or unknown.";
    Counter "own_lost_slots" ["producer", "cause"] "Our slots that were forked or missed, by cause.";

    Counter "producer_blocks" ["producer"] "Blocks this producer signed, as this node's log shows them.";
    Counter "producer_missed_slots" ["producer"] "Slots of this producer that stayed empty on this node's branch.";
    Counter "producer_forked_blocks" ["producer"] "Blocks of this producer that another branch left behind.";
    Counter "producer_late_blocks" ["producer"] "Blocks of this producer that came more than 0.5 s after their time.";
    Counter "producer_double_blocks" ["producer"] "How often this producer signed two blocks for one slot, or of one number.";
    Gauge "producer_last_block_time_seconds" ["producer"] "Time of this producer's last block, seconds since 1970.";
    Histogram "producer_block_arrival_seconds" ["producer"] "From the time of a block to its arrival here.";

    Gauge "incidents" ["severity"] "Incidents that stand.";
    Gauge "silences" [] "Silences that run.";
    Gauge "channel_waiting_messages" ["channel"] "Messages that wait for this channel.";
    Gauge "channel_failing_seconds" ["channel"] "For how long nothing could be delivered; 0 while it delivers.";
    Counter "channel_sent_messages" ["channel"] "Messages delivered.";
    Counter "channel_given_up_messages" ["channel"] "Messages given up.";
    Gauge "channel_last_sent_time_seconds" ["channel"] "When something was delivered last, seconds since 1970; absent before.";

    Gauge "peer_up" ["peer"] "1 while the keeper of this node of ours speaks, else 0.";
    Gauge "peer_heard_age_seconds" ["peer"] "How long ago it spoke last; absent until it did.";
    Gauge "peer_signing" ["peer"] "1 while it says that its node signs, else 0; absent until it spoke.";
    Gauge "peer_ready" ["peer"] "1 while it says that its node would take a handover, else 0; absent until it spoke.";
    Gauge "fleet_members" ["state"] "Keepers that are watched, by how they stand.";

    Gauge "host_cpu_ratio" [] "Busy share of all processors; the host's figures are absent where it is not watched.";
    Gauge "host_memory_ratio" [] "Share of the memory that is not available.";
    Gauge "host_swap_ratio" [] "Share of the swap in use; absent where there is none.";
    Gauge "host_clock_offset_seconds" [] "This clock against the references'; positive when ours is ahead.";
    Gauge "host_open_files" [] "Files nodeos has open.";
    Gauge "host_open_files_max" [] "Files nodeos may have open.";
    Gauge "host_disk_used_ratio" ["disk"] "Share of the file system in use.";
    Gauge "host_disk_free_bytes" ["disk"] "Bytes of the file system that are free for us.";

    Gauge "pool_up" [] "1 while the mining pool answers, else 0; absent without [pool].";
    Gauge "pool_workers" ["state"] "The pool's workers of our account: online and offline.";
    Gauge "pool_hashrate" [] "Hashes a second of our account.";
}
