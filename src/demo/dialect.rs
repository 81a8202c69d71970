//! How three generations of nodeos print their log and name themselves.
//!
//! Layout: fc's `console_appender.cpp`, unchanged from EOSIO 1.4 to Spring 2.0-dev: level padded to
//! 5, time, thread padded to 9, `file:line` padded to 29, method padded to 20 (and cut there), ` ] `,
//! message. Messages are those of the version's sources. Line numbers, and the method a compiler
//! names, differ from build to build: those here are plausible, and nobody may rely on them.

use crate::core::schedule::SLOT_MS;
use crate::core::time::Timestamp;
use crate::demo::block::Block;
use crate::demo::chain::Saying;

/// A generation of nodeos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// EOSIO 2.0.13.
    Eosio2,
    /// Leap 5.0.3.
    Leap5,
    /// Spring 1.1.5.
    Spring1,
}

/// Level, thread, `file:line` and method of a line.
struct Columns(&'static str, &'static str, &'static str, &'static str);

impl Dialect {
    /// As `server_version_string` of `get_info` has it.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Eosio2 => "v2.0.13",
            Self::Leap5 => "v5.0.3",
            Self::Spring1 => "v1.1.5",
        }
    }

    /// The program's name and version, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Eosio2 => "EOSIO 2.0.13",
            Self::Leap5 => "Leap 5.0.3",
            Self::Spring1 => "Spring 1.1.5",
        }
    }

    /// Whether a block that does not become the head is printed as received: from Spring 1.1 on
    /// only applied blocks are (`controller.cpp`, `log_applied`).
    #[must_use]
    pub const fn prints_losing_blocks(self) -> bool {
        match self {
            Self::Eosio2 | Self::Leap5 => true,
            Self::Spring1 => false,
        }
    }

    /// Whether a producer's second block of one number is reported (Spring 1.1.1 and later).
    #[must_use]
    pub const fn reports_double(self) -> bool {
        match self {
            Self::Eosio2 | Self::Leap5 => false,
            Self::Spring1 => true,
        }
    }

    /// The line for what a node says at a time, without its newline.
    #[must_use]
    pub fn line(self, now: Timestamp, saying: &Saying) -> String {
        let Columns(level, thread, file, method) = self.columns(saying);
        let message = self.message(now, saying);
        format!("{level:<5} {now} {thread:<9} {file:<29} {method:<20.20} ] {message}")
    }

    fn columns(self, saying: &Saying) -> Columns {
        let nodeos = |file, method| Columns("info", "nodeos", file, method);
        match (saying, self) {
            (Saying::Launched, _) => nodeos("producer_plugin.cpp:996", "plugin_startup"),
            (Saying::Received { .. }, Self::Eosio2) => {
                nodeos("producer_plugin.cpp:404", "on_incoming_block")
            }
            (Saying::Received { .. }, Self::Leap5) => {
                nodeos("producer_plugin.cpp:675", "on_incoming_block")
            }
            (Saying::Received { .. } | Saying::Produced { .. }, Self::Spring1) => {
                nodeos("controller.cpp:3490", "log_applied")
            }
            (Saying::Produced { .. }, Self::Eosio2) => {
                nodeos("producer_plugin.cpp:2093", "produce_block")
            }
            (Saying::Produced { .. }, Self::Leap5) => {
                nodeos("producer_plugin.cpp:2641", "produce_block")
            }
            (Saying::SkippedPaused { .. }, Self::Eosio2) => {
                Columns("error", "nodeos", "producer_plugin.cpp:1506", "start_block")
            }
            (Saying::SkippedPaused { .. }, Self::Leap5) => {
                Columns("error", "nodeos", "producer_plugin.cpp:1797", "start_block")
            }
            (Saying::SkippedPaused { .. }, Self::Spring1) => Columns(
                "warn",
                "nodeos",
                "producer_plugin.cpp:2046",
                "determine_pending_block_mode",
            ),
            (Saying::Paused, _) => nodeos("producer_plugin.cpp:984", "pause"),
            (Saying::Resumed, _) => nodeos("producer_plugin.cpp:995", "resume"),
            (Saying::Peers { .. }, _) => {
                Columns("info", "net-0", "net_plugin.cpp:4400", "connection_monitor")
            }
            (Saying::SwitchedForks { .. }, _) => {
                nodeos("controller.cpp:2180", "maybe_switch_forks")
            }
            (Saying::DoubleProduced { .. }, _) => {
                Columns("warn", "nodeos", "controller.cpp:4391", "maybe_apply_blocks")
            }
        }
    }

    fn message(self, now: Timestamp, saying: &Saying) -> String {
        match saying {
            Saying::Launched => {
                format!("Launching block production for 1 producers at {now}.")
            }
            Saying::Received { block, lib } => self.received(now, block, *lib),
            Saying::Produced { block, lib } => self.produced(block, *lib),
            Saying::SkippedPaused { slot } => {
                let what = "Not producing block because production is explicitly paused";
                match self {
                    Self::Eosio2 | Self::Leap5 => what.to_owned(),
                    Self::Spring1 => format!("{what}, block {}", slot.time()),
                }
            }
            Saying::Paused => "Producer paused.".to_owned(),
            Saying::Resumed => "Producer resumed. Scheduling production.".to_owned(),
            Saying::Peers { connected, known } => {
                let counts = format!(
                    "p2p client connections: {connected}/25, peer connections: {connected}/{known}"
                );
                match self {
                    Self::Eosio2 => counts,
                    Self::Leap5 | Self::Spring1 => format!("{counts}, block producer peers: 0"),
                }
            }
            Saying::SwitchedForks { from, to } => {
                format!("switching forks from {} to {}", self.branch(from), self.branch(to))
            }
            Saying::DoubleProduced { block } => {
                format!("{} double produced block {}", block.producer, block.number)
            }
        }
    }

    fn received(self, now: Timestamp, block: &Block, lib: u32) -> String {
        let what = signed("Received", block);
        let latency_ms = now.since_ms(block.slot.time());
        match self {
            Self::Eosio2 => {
                format!("{what} [trxs: 0, lib: {lib}, conf: 0, latency: {latency_ms} ms]")
            }
            Self::Leap5 => format!(
                "{what} [trxs: 0, lib: {lib}, confirmed: 0, net: 0, cpu: 100, elapsed: 118, \
                 time: 724, latency: {latency_ms} ms]"
            ),
            Self::Spring1 => format!(
                "{what} [trxs: 0, lib: {lib}, net: 0, cpu: 100 us, elapsed: 118 us, \
                 applying time: 724 us, latency: {latency_ms} ms]"
            ),
        }
    }

    fn produced(self, block: &Block, lib: u32) -> String {
        let what = signed("Produced", block);
        match self {
            Self::Eosio2 => format!("{what} [trxs: 0, lib: {lib}, confirmed: 0]"),
            Self::Leap5 => format!(
                "{what} [trxs: 0, lib: {lib}, confirmed: 0, net: 0, cpu: 100, elapsed: 157, \
                 time: 2230]"
            ),
            Self::Spring1 => format!(
                "{what} [trxs: 0, lib: {lib}, net: 0, cpu: 100 us, elapsed: 157 us, \
                 producing time: 2230 us]"
            ),
        }
    }

    /// One side of a fork switch.
    fn branch(self, block: &Block) -> String {
        let (id, number) = (&block.id, block.number);
        match self {
            Self::Eosio2 | Self::Leap5 => format!("{id} (block number {number})"),
            Self::Spring1 => format!(
                "{id} (block number {number} {}) [ latest_qc_block_timestamp: {}, timestamp: {}, \
                 id: {id} ]",
                block.producer,
                block.slot.time().plus_ms(-SLOT_MS),
                block.slot.time(),
            ),
        }
    }
}

fn signed(verb: &str, block: &Block) -> String {
    format!(
        "{verb} block {}... #{} @ {} signed by {}",
        block.short_id(),
        block.number,
        block.slot.time(),
        block.producer
    )
}
