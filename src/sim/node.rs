//! A nodeos: what it has of the chain, and what is the matter with it.

use crate::core::schedule::Slot;
use crate::sim::chain::BlockId;

/// Whether its process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It runs, or is frozen.
    Running,
    /// It starts and answers nothing yet: it opens its database, or replays.
    Starting,
    /// There is none.
    Ended,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its process.
    pub process: Process,
    /// Its head.
    pub head: BlockId,
    /// Whether production is paused.
    pub paused: bool,
    /// Whether it starts paused.
    pub starts_paused: bool,
    /// Whether its head was recent since it started: nodeos does not sign before.
    pub is_synced: bool,
    /// It said that it stops.
    pub stopping: bool,
    /// It said that its database is faulty.
    pub database_fault: bool,
    /// The last slot it signed.
    pub signed: Option<Slot>,
    /// Faults that keep it from running.
    pub down: u8,
    /// Faults that stop its process as SIGSTOP does.
    pub frozen: u8,
    /// Faults that hang its RPC alone.
    pub hung: u8,
    /// Its fence stopped the unit: it does not start again by itself.
    pub fenced: bool,
    /// When somebody resumed it by hand, milliseconds, if nobody has paused it since.
    pub by_hand_ms: Option<u64>,
    /// Pauses and resumes that nobody has read yet.
    pub unread: Vec<bool>,
    /// Since when blocks reach it ever later, and when that ended; milliseconds.
    pub laggard: Option<(u64, Option<u64>)>,
    /// Counts its starts and ends.
    pub life: u32,
    /// Counts its timers for slots.
    pub timer: u32,
    /// When it last changed to another branch by three blocks or more.
    pub deep_switch_ms: Option<u64>,
}

/// Blocks are late at the most by so much, milliseconds.
const LAG_MAX_MS: u64 = 120_000;

impl Node {
    /// A running node.
    #[must_use]
    pub const fn new(head: BlockId, paused: bool, starts_paused: bool) -> Self {
        Self {
            process: Process::Running,
            head,
            paused,
            starts_paused,
            is_synced: true,
            stopping: false,
            database_fault: false,
            signed: None,
            down: 0,
            frozen: 0,
            hung: 0,
            fenced: false,
            by_hand_ms: None,
            unread: Vec::new(),
            laggard: None,
            life: 0,
            timer: 0,
            deep_switch_ms: None,
        }
    }

    /// Whether it applies blocks.
    #[must_use]
    pub fn works(&self) -> bool {
        self.process == Process::Running && self.frozen == 0
    }

    /// Whether its RPC answers.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.works() && self.hung == 0
    }

    /// Whether it signs when it is our turn.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        self.works() && !self.paused && self.is_synced
    }

    /// How late blocks reach it, milliseconds: half a second more each second, and two less when
    /// that is over.
    #[must_use]
    pub fn lag_ms(&self, now_ms: u64) -> u64 {
        let Some((since, ended)) = self.laggard else { return 0 };
        let grown = (ended.unwrap_or(now_ms).saturating_sub(since) / 2).min(LAG_MAX_MS);
        ended.map_or(grown, |at| grown.saturating_sub(2 * now_ms.saturating_sub(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_laggard_falls_behind_and_catches_up() {
        let mut node = Node::new(BlockId(0), true, true);
        node.laggard = Some((10_000, None));
        assert_eq!((node.lag_ms(10_000), node.lag_ms(30_000)), (0, 10_000));
        assert_eq!(node.lag_ms(10_000_000), LAG_MAX_MS);
        node.laggard = Some((10_000, Some(30_000)));
        assert_eq!(
            (node.lag_ms(30_000), node.lag_ms(33_000), node.lag_ms(36_000)),
            (10_000, 4_000, 0)
        );
    }
}
