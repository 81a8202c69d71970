//! The simulated chain itself: what happens in a slot, and what each node says about it. Pure: the
//! clock, the files and the RPC are around it.

use std::collections::VecDeque;

use crate::core::name::Name;
use crate::core::schedule::{Schedule, Slot};
use crate::demo::block::{Block, Node, Signer};
use crate::demo::ledger::{Ledger, SlotRecord};

/// Blocks the last irreversible one is behind the head: two, as under Savanna.
const LIB_BEHIND: u32 = 2;
/// Number of the first block.
const FIRST_BLOCK: u32 = 1000;
/// Nodes of the network: ours, and the one of the other producers.
const NODES: u32 = 4;

/// Something a node writes into its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// It has started.
    Launched,
    /// It applied another node's block.
    Received {
        /// The block.
        block: Block,
        /// Last irreversible block then.
        lib: u32,
    },
    /// It signed a block.
    Produced {
        /// The block.
        block: Block,
        /// Last irreversible block then.
        lib: u32,
    },
    /// It was due to sign, and is paused.
    SkippedPaused {
        /// The slot.
        slot: Slot,
    },
    /// It was paused by the API.
    Paused,
    /// It was resumed by the API.
    Resumed,
    /// How many of the other nodes it is connected to.
    Peers {
        /// Those that run.
        connected: u32,
        /// All of them.
        known: u32,
    },
    /// It gave up its own head for another.
    SwitchedForks {
        /// The head before.
        from: Block,
        /// The head now.
        to: Block,
    },
    /// One producer signed two blocks of this number.
    DoubleProduced {
        /// The block that won.
        block: Block,
    },
}

/// State of one of our nodes.
#[derive(Clone, Copy, Debug)]
struct State {
    alive: bool,
    paused: bool,
}

/// The chain and the nodes on it.
#[derive(Clone, Debug)]
pub struct Chain {
    seed: u64,
    schedule: Schedule,
    ours: Name,
    nodes: [State; Node::ALL.len()],
    /// The last blocks, as many as are not irreversible and one more.
    recent: VecDeque<Block>,
    ledger: Ledger,
}

impl Chain {
    /// A chain whose next slot follows `before`. All nodes run; A is unpaused.
    #[must_use]
    pub fn new(seed: u64, schedule: Schedule, ours: Name, before: Slot) -> Self {
        let state = |node: Node| State { alive: true, paused: node != Node::A };
        let recent = (0..=LIB_BEHIND)
            .map(|at| {
                let slot = Slot(before.0.saturating_sub(LIB_BEHIND - at));
                let owner = schedule.owner(slot).unwrap_or(ours);
                Block::new(seed, FIRST_BLOCK + at, slot, owner, Signer::Others)
            })
            .collect();
        let nodes = Node::ALL.map(state);
        Self { seed, schedule, ours, nodes, recent, ledger: Ledger::default() }
    }

    /// A slot begins: blocks are signed, or not. Returns what each node says, in order.
    pub fn run_slot(&mut self, slot: Slot) -> Vec<(Node, Saying)> {
        let owner = self.schedule.owner(slot).unwrap_or(self.ours);
        let signers = if owner == self.ours { self.able() } else { vec![Signer::Others] };
        let number = self.head().number + 1;
        let blocks: Vec<Block> = signers
            .iter()
            .map(|signer| Block::new(self.seed, number, slot, owner, *signer))
            .collect();
        self.ledger.push(SlotRecord { slot, owner, signers });
        // Of several blocks the first wins; every node agrees within the slot.
        if let Some(winner) = blocks.first() {
            self.recent.push_back(winner.clone());
            self.recent.pop_front();
        }
        let mut said = Vec::new();
        for node in Node::ALL.into_iter().filter(|node| self.is_alive(*node)) {
            if owner == self.ours && self.is_paused(node) {
                said.push((node, Saying::SkippedPaused { slot }));
            }
            said.extend(self.about(node, &blocks).into_iter().map(|saying| (node, saying)));
        }
        said
    }

    /// What a node says about the blocks of one slot, the winner first among them.
    fn about(&self, node: Node, blocks: &[Block]) -> Vec<Saying> {
        let Some((winner, losers)) = blocks.split_first() else { return Vec::new() };
        let lib = self.lib().number;
        let received = |block: &Block| Saying::Received { block: block.clone(), lib };
        let own = blocks.iter().find(|block| block.signer == Signer::Node(node));
        let mut said = Vec::new();
        if let Some(own) = own {
            said.push(Saying::Produced { block: own.clone(), lib });
        }
        if own != Some(winner) {
            if let Some(own) = own {
                said.push(Saying::SwitchedForks { from: own.clone(), to: winner.clone() });
                if node.dialect().reports_double() {
                    said.push(Saying::DoubleProduced { block: winner.clone() });
                }
            }
            said.push(received(winner));
        }
        if node.dialect().prints_losing_blocks() {
            said.extend(losers.iter().filter(|block| Some(*block) != own).map(received));
        }
        said
    }

    /// The nodes that sign our slots now.
    fn able(&self) -> Vec<Signer> {
        let able = |node: &Node| self.is_alive(*node) && !self.is_paused(*node);
        Node::ALL.into_iter().filter(able).map(Signer::Node).collect()
    }

    /// The node is gone, as by SIGKILL: it says nothing any more, and does not come back.
    pub fn kill(&mut self, node: Node) {
        self.nodes[node.index()].alive = false;
    }

    /// Whether the node runs.
    #[must_use]
    pub fn is_alive(&self, node: Node) -> bool {
        self.nodes[node.index()].alive
    }

    /// Pauses or resumes a node; it holds from the next slot on.
    pub fn set_paused(&mut self, node: Node, paused: bool) -> Saying {
        self.nodes[node.index()].paused = paused;
        if paused { Saying::Paused } else { Saying::Resumed }
    }

    /// Whether the node is paused.
    #[must_use]
    pub fn is_paused(&self, node: Node) -> bool {
        self.nodes[node.index()].paused
    }

    /// What a node says about its connections.
    #[must_use]
    pub fn peers(&self, node: Node) -> Saying {
        let dead = Node::ALL.into_iter().filter(|n| *n != node && !self.is_alive(*n)).count();
        let known = NODES - 1;
        Saying::Peers { connected: known - dead as u32, known }
    }

    /// The head block.
    #[must_use]
    pub fn head(&self) -> &Block {
        &self.recent[self.recent.len() - 1]
    }

    /// The last irreversible block.
    #[must_use]
    pub fn lib(&self) -> &Block {
        &self.recent[0]
    }

    /// The active schedule.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// What ids are made of; also the chain's.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Every slot so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::schedule::{TURN_SLOTS, Turn};
    use crate::demo::ledger::Tally;

    const OURS: &str = "eosstorebest";

    /// A chain at the start of a turn of ours.
    fn chain() -> (Chain, Slot) {
        let producers = [OURS, "producer111a", "producer111b"].map(|n| n.parse().unwrap()).to_vec();
        let turn = Turn(3 * 1000);
        let schedule = Schedule { version: 1, producers };
        let before = Slot(turn.first_slot().0 - 1);
        (Chain::new(7, schedule, OURS.parse().unwrap(), before), turn.first_slot())
    }

    fn run(chain: &mut Chain, from: Slot, slots: u32) -> Vec<(Node, Saying)> {
        (0..slots).flat_map(|at| chain.run_slot(Slot(from.0 + at))).collect()
    }

    fn tally(chain: &Chain, from: Slot) -> Tally {
        chain.ledger().tally(OURS.parse().unwrap(), from..)
    }

    #[test]
    fn a_round_has_a_block_in_every_slot() {
        let (mut chain, first) = chain();
        let head = chain.head().number;
        let said = run(&mut chain, first, 3 * TURN_SLOTS);
        assert_eq!(chain.head().number, head + 36);
        assert_eq!(chain.lib().number, head + 34);
        assert_eq!(tally(&chain, first), Tally { owed: 12, signed: 12, lost: 0, double: 0 });
        let count = |node, wanted: fn(&Saying) -> bool| {
            said.iter().filter(|(n, saying)| *n == node && wanted(saying)).count()
        };
        assert_eq!(count(Node::A, |s| matches!(s, Saying::Produced { .. })), 12);
        assert_eq!(count(Node::A, |s| matches!(s, Saying::Received { .. })), 24);
        assert_eq!(count(Node::B, |s| matches!(s, Saying::Received { .. })), 36);
        assert_eq!(count(Node::B, |s| matches!(s, Saying::SkippedPaused { .. })), 12);
    }

    #[test]
    fn the_chain_goes_on_without_a_dead_node_and_its_slots_are_lost() {
        let (mut chain, first) = chain();
        run(&mut chain, first, 4);
        chain.kill(Node::A);
        let said = run(&mut chain, Slot(first.0 + 4), 3 * TURN_SLOTS);
        assert!(said.iter().all(|(node, _)| *node != Node::A), "the dead say nothing");
        assert_eq!(tally(&chain, first), Tally { owed: 16, signed: 4, lost: 12, double: 0 });
        assert_eq!(chain.peers(Node::B), Saying::Peers { connected: 2, known: 3 });
        chain.set_paused(Node::B, false);
        let next = Slot(first.0 + 4 + 3 * TURN_SLOTS);
        run(&mut chain, next, 2);
        assert_eq!(chain.ledger().first_signed(Signer::Node(Node::B), first), Some(next));
    }

    #[test]
    fn two_unpaused_nodes_sign_the_same_slot_and_both_see_it() {
        let (mut chain, first) = chain();
        assert_eq!(chain.set_paused(Node::B, false), Saying::Resumed);
        let said = chain.run_slot(first);
        assert_eq!(tally(&chain, first), Tally { owed: 1, signed: 1, lost: 0, double: 1 });
        let names = |node| -> Vec<&'static str> {
            let of_node = said.iter().filter(|(n, _)| *n == node);
            of_node.map(|(_, saying)| name(saying)).collect()
        };
        // A's block wins; Spring does not print the loser's.
        assert_eq!(names(Node::A), ["produced"]);
        assert_eq!(names(Node::B), ["produced", "switched", "received"]);
        assert_eq!(names(Node::C), ["skipped", "received", "received"]);
    }

    #[test]
    fn spring_reports_the_double_it_lost() {
        let (chain, first) = chain();
        let block = |node| Block::new(7, 9, first, OURS.parse().unwrap(), Signer::Node(node));
        let said = chain.about(Node::A, &[block(Node::B), block(Node::A)]);
        let names: Vec<_> = said.iter().map(name).collect();
        assert_eq!(names, ["produced", "switched", "double", "received"]);
    }

    fn name(saying: &Saying) -> &'static str {
        match saying {
            Saying::Received { .. } => "received",
            Saying::Produced { .. } => "produced",
            Saying::SkippedPaused { .. } => "skipped",
            Saying::SwitchedForks { .. } => "switched",
            Saying::DoubleProduced { .. } => "double",
            Saying::Launched | Saying::Paused | Saying::Resumed | Saying::Peers { .. } => "other",
        }
    }
}
