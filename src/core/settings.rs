//! What the judgement is told once, at start: role, producer, thresholds, policies.
//!
//! Every default of a threshold stands here and nowhere else; `config/` reads the text and
//! `config.ini.example` is tested against it.

mod watched;

use serde::{Deserialize, Serialize};

use crate::core::name::Name;

pub use watched::{FLEET_MAX, Fleet, Host, Pool};

/// What this host is for. The letters are what operators know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// The active producer.
    #[serde(rename = "A")]
    Active,
    /// The first standby: promotes itself after 2 rounds.
    #[serde(rename = "B")]
    FirstStandby,
    /// The second standby: promotes itself after 6 rounds.
    #[serde(rename = "C")]
    SecondStandby,
    /// A full node that only observes.
    #[serde(rename = "F")]
    Observer,
}

impl Role {
    /// The operator's letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Active => 'A',
            Self::FirstStandby => 'B',
            Self::SecondStandby => 'C',
            Self::Observer => 'F',
        }
    }

    /// What the letter means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Active => "active producer",
            Self::FirstStandby => "first standby",
            Self::SecondStandby => "second standby",
            Self::Observer => "observer",
        }
    }

    /// Rounds without the producer's block before it counts as missing: A 2, B 2, C 6, F 5.
    #[must_use]
    pub const fn wait_rounds(self) -> u32 {
        match self {
            Self::Active | Self::FirstStandby => 2,
            Self::SecondStandby => 6,
            Self::Observer => 5,
        }
    }

    /// Whether this host may make itself produce.
    #[must_use]
    pub const fn is_standby(self) -> bool {
        match self {
            Self::FirstStandby | Self::SecondStandby => true,
            Self::Active | Self::Observer => false,
        }
    }
}

/// How long a silent producer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Rounds of the active schedule, each with [`Rules::round_grace_ms`] added.
    Rounds(u32),
    /// A fixed time, milliseconds.
    Fixed(u64),
}

/// Everything the judgement is told at start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// What this host is for.
    pub role: Role,
    /// The producer whose turns are watched.
    pub producer: Name,
    /// Thresholds.
    pub rules: Rules,
    /// When and how often a standby may promote itself.
    pub promotion: Promotion,
    /// Other nodes of the chain this one is compared with.
    pub references: References,
    /// Name of this node among those of our producer.
    pub node: String,
    /// The keepers of our producer's other nodes.
    pub peers: Peers,
    /// The lease, where one is configured.
    pub lease: Option<Lease>,
    /// The public key this node signs with, `PUB_K1_…`, where a promotion is by key.
    pub producer_key: Option<String>,
    /// When the host's resources are short; `None` when it is not watched.
    pub host: Option<Host>,
    /// The keepers of other nodes that are watched.
    pub fleet: Fleet,
    /// When the mining pool's account is not well, where one is watched.
    pub pool: Option<Pool>,
}

/// The keepers of our producer's other nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Peers {
    /// Names of their nodes, in the order in which the producer is handed to them; an event names
    /// one by its place here.
    pub names: Vec<String>,
}

/// Most peers that can be configured.
pub const PEERS_MAX: usize = 16;

/// Longest name of a node.
pub const NODE_NAME_CHARS: usize = 32;

/// Whether a text can name a node: 1 to 32 of a-z, 0-9, the dot and the hyphen.
#[must_use]
pub fn is_node_name(text: &str) -> bool {
    let is_in = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    (1..=NODE_NAME_CHARS).contains(&text.len()) && text.bytes().all(is_in)
}

/// How the lease is kept. `ttl_ms` is at least [`Self::least_ttl_ms`], so that a holder that cannot
/// renew has stopped its node before another can take the lease, and one that can never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// How long the lease is ours after a renewal, milliseconds.
    pub ttl_ms: u64,
    /// Between two renewals, milliseconds.
    pub renew_ms: u64,
    /// Deadline of a question to etcd, and of stopping this node when it cannot renew, milliseconds.
    pub timeout_ms: u64,
    /// What a node that signs does when etcd does not answer.
    pub on_outage: OnLeaseOutage,
    /// After the lease lapsed without a handover: so many of our slots must pass unsigned before a
    /// standby takes over, 1..=12.
    pub lapsed_slots: u32,
}

/// What a node that signs does when etcd cannot be reached for so long that its lease runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLeaseOutage {
    /// It stops, and nobody signs until etcd is back: never two, at the price of none.
    Hold,
    /// It goes on while the chain builds on its blocks; a standby then waits for the whole proof of
    /// the chain even when the lease is free.
    KeepIfChainProves,
}

/// Between two judgements of the keeper, milliseconds: what must have happened before a moment is
/// decided a tick earlier.
const TICK_MS: u64 = 1_000;

impl Lease {
    /// Before the lease runs out by so much this node is stopped, milliseconds: the deadline of
    /// stopping it, and a tick.
    #[must_use]
    pub const fn spare_ms(&self) -> u64 {
        self.timeout_ms + TICK_MS
    }

    /// The shortest time to live with these other times, milliseconds. After a renewal, or the
    /// keeper's start, this node is stopped when `ttl_ms` - [`Self::spare_ms`] have passed. By then
    /// the next renewal must have come, asked for after `renew_ms` and answered within `timeout_ms`;
    /// after a start the first look, a tick later, and its answer.
    #[must_use]
    pub fn least_ttl_ms(&self) -> u64 {
        self.renew_ms.max(TICK_MS) + self.timeout_ms + self.spare_ms()
    }

    /// The defaults: 10 s, renewed every 2 s, deadlines of 2 s; a node that cannot renew is
    /// stopped 7 s after its last renewal, and a second later at the latest.
    pub const DEFAULT: Self = Self {
        ttl_ms: 10_000,
        renew_ms: 2_000,
        timeout_ms: 2_000,
        on_outage: OnLeaseOutage::Hold,
        // Three seconds of our turn: longer than a block takes around the world, half a turn lost.
        lapsed_slots: 6,
    };
}

/// Other nodes of the chain this one is compared with, own or public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct References {
    /// Their names, as findings and the status show them; an event names one by its place here.
    pub names: Vec<String>,
    /// How many must agree with this node before anything is promoted, 0 to their number.
    pub min_agree: u32,
}

/// Most references that can be configured.
pub const REFERENCES_MAX: usize = 16;

impl References {
    /// The default for so many references: more than half. A minority that lies, lags or does not
    /// answer then changes nothing.
    #[must_use]
    pub const fn majority(count: usize) -> u32 {
        // At most REFERENCES_MAX.
        if count == 0 { 0 } else { count as u32 / 2 + 1 }
    }

    /// No reference.
    #[must_use]
    pub const fn none() -> Self {
        Self { names: Vec::new(), min_agree: 0 }
    }
}

/// Policy of promotions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Promotion {
    /// Whether a way to promote is configured: this node's for a standby, the standby's for A.
    pub configured: bool,
    /// Whether a way to demote this node is configured.
    pub can_demote: bool,
    /// Decide and tell, but do not act.
    pub dry_run: bool,
    /// How long the silent producer is waited for.
    pub wait: Wait,
    /// Own turns within which our own block must be seen on the chain after a promotion, 1..=10.
    pub verify_rounds: u32,
    /// Ticks in a row, 1 s apart, on which all other gates must be open, 1..=60.
    pub confirm_ticks: u32,
    /// Promotions allowed within the window, 1..=100.
    pub max_promotions: u32,
    /// The window of the budget, milliseconds.
    pub budget_window_ms: u64,
    /// Deadline of one act, milliseconds; the keeper waits this and a little longer.
    pub act_timeout_ms: u64,
    /// Whether a script is configured that makes sure that this node does not sign.
    pub can_fence: bool,
    /// Whether a script is configured that restarts nodeos.
    pub can_restart: bool,
    /// How long a restart may take until the head moves again, milliseconds.
    pub restart_wait_ms: u64,
    /// Whether this node can be made to sign by us: a standby's promotion, the active node's arming.
    pub can_promote: bool,
    /// Whether a promotion changes the producer's key on the chain, and is proven only after the
    /// schedule has changed.
    pub by_key: bool,
    /// Whether a standby waits for the word of the active node's keeper, or the lease, that the
    /// node is stopped, and does not act on the silence of the producer alone.
    pub require_fence: bool,
    /// Between two reminders that a standby signs, milliseconds; 0: none.
    pub remind_ms: u64,
}

impl Promotion {
    /// Whether anything is configured to act with.
    #[must_use]
    pub const fn acts(&self) -> bool {
        self.configured || self.can_promote
    }

    /// The defaults for a role, with nothing configured to act.
    #[must_use]
    pub const fn for_role(role: Role) -> Self {
        Self {
            configured: false,
            can_demote: false,
            dry_run: false,
            wait: Wait::Rounds(role.wait_rounds()),
            verify_rounds: 1,
            // Three seconds: one odd poll does not promote, and no block is lost by it.
            confirm_ticks: 3,
            // A standby that promotes itself three times a day has a cause a person must find.
            max_promotions: 3,
            budget_window_ms: 24 * 3_600_000,
            act_timeout_ms: 10_000,
            can_fence: false,
            can_restart: false,
            // A restart from a good state takes seconds; a replay takes longer and is no cure.
            restart_wait_ms: 60_000,
            can_promote: false,
            by_key: false,
            require_fence: false,
            remind_ms: 4 * 3_600_000,
        }
    }
}

/// Thresholds of the rules; every one is a key of `[rules]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Time between polls of `get_info`, ms.
    pub poll_interval_ms: u64,
    /// Deadline of one poll, ms.
    pub poll_timeout_ms: u64,
    /// `api_down`: failed polls in a row.
    pub api_down_polls: u32,
    /// `api_few_producers`: fewer distinct producers of the polled heads than this.
    pub api_few_producers: u32,
    /// `api_few_producers`: within this time, ms.
    pub api_few_producers_window_ms: u64,
    /// `head_stalled`: the head has not moved for this long, ms.
    pub head_stalled_ms: u64,
    /// `lib_stalled`: the last irreversible block has not moved for this long, ms.
    pub lib_stalled_ms: u64,
    /// `log_silent`: no line at all for this long, ms.
    pub log_silent_ms: u64,
    /// `no_block_received`: no block of others in the log for this long, ms.
    pub no_block_received_ms: u64,
    /// `log_few_producers`: fewer distinct producers in the log than this.
    pub log_few_producers: u32,
    /// `log_few_producers`: within this time, ms.
    pub log_few_producers_window_ms: u64,
    /// `missed_blocks`: a report counts when it says at least this many.
    pub missed_blocks: u32,
    /// `missed_blocks`: that many reports in a row, 1..=16.
    pub missed_blocks_reports: u32,
    /// `missed_blocks`: all of them within this time, ms.
    pub missed_blocks_window_ms: u64,
    /// `fork_switch`: a switch that removed at least this many blocks.
    pub fork_switch_depth: u32,
    /// `block_rejected`: rejected blocks within [`Self::reject_window_ms`].
    pub block_rejected: u32,
    /// `unlinkable`: unlinkable blocks within [`Self::reject_window_ms`].
    pub unlinkable: u32,
    /// Window of the two counts above, ms.
    pub reject_window_ms: u64,
    /// `peers_low`: fewer peers connected than this.
    pub peers_low: u32,
    /// `alone`: for this many rounds every new block was ours.
    pub alone_rounds: u32,
    /// `log_deaf`: the head moved for this long while no line was recognised, ms.
    pub log_deaf_ms: u64,
    /// `clock_skew`: a block from this far in the future, ms.
    pub clock_skew_ms: u64,
    /// `finality`: complaints about votes within [`Self::finality_window_ms`].
    pub finality_complaints: u32,
    /// Window of the count above, ms.
    pub finality_window_ms: u64,
    /// `behind_references`: the head is this many blocks behind the references' median.
    pub behind_references_blocks: u32,
    /// How long a single line (fork switch, double production, database fault) stands as a
    /// finding, ms.
    pub recent_ms: u64,
    /// Added to each round that is waited, ms: 126 s + 4 s = 130 s with 21 producers, so that two
    /// rounds are 260 s, five 650 s and six 780 s.
    pub round_grace_ms: u64,
    /// Evidence is torn when nothing was seen for this long, ms.
    pub evidence_gap_ms: u64,
    /// Evidence is discarded when wall clock and monotonic clock part by this much, ms.
    pub clock_jump_ms: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            poll_interval_ms: 1_000,
            poll_timeout_ms: 5_000,
            api_down_polls: 5,
            api_few_producers: 5,
            api_few_producers_window_ms: 60_000,
            head_stalled_ms: 10_000,
            // Legacy consensus moves LIB once a turn; two turns missing in a row make 18 s.
            lib_stalled_ms: 30_000,
            log_silent_ms: 20_000,
            no_block_received_ms: 30_000,
            log_few_producers: 5,
            log_few_producers_window_ms: 60_000,
            missed_blocks: 24,
            missed_blocks_reports: 4,
            missed_blocks_window_ms: 300_000,
            // One or two blocks change hands at every second turn's end; three do not.
            fork_switch_depth: 3,
            block_rejected: 10,
            unlinkable: 10,
            reject_window_ms: 60_000,
            peers_low: 1,
            alone_rounds: 1,
            log_deaf_ms: 30_000,
            // Spring sends the last block of a turn 450 ms early; nodeos refuses 7 s.
            clock_skew_ms: 1_500,
            finality_complaints: 3,
            finality_window_ms: 60_000,
            // 20 blocks are 10 s, as long as the head may stand still.
            behind_references_blocks: 20,
            recent_ms: 300_000,
            round_grace_ms: 4_000,
            // Less than a turn (6 s): a whole turn cannot pass unseen in a smaller gap.
            evidence_gap_ms: 5_000,
            clock_jump_ms: 2_000,
        }
    }
}

impl Settings {
    /// Settings with every default, for a role and a producer.
    #[must_use]
    pub fn new(role: Role, producer: Name) -> Self {
        Self {
            role,
            producer,
            rules: Rules::default(),
            promotion: Promotion::for_role(role),
            references: References::none(),
            node: role.letter().to_ascii_lowercase().to_string(),
            peers: Peers::default(),
            lease: None,
            producer_key: None,
            host: Some(Host::DEFAULT),
            fleet: Fleet::default(),
            pool: None,
        }
    }
}
