//! What the simulated chain shows: A's end, our turns, and B's first block.

use crate::core::name::Name;
use crate::core::schedule::{Slot, Turn};
use crate::demo::{Chain, Node, Signer, Tally};

use super::stage::Stage;
use super::summary::Marks;
use super::timeline::{Mood, Remark};

/// What was seen of the chain so far.
#[derive(Debug, Default)]
pub(super) struct ChainWatch {
    /// When A was killed, and what followed.
    pub marks: Option<Marks>,
    told_turn: Option<Turn>,
    told_begin: bool,
    told_first_block: bool,
}

impl ChainWatch {
    /// Looks at the chain, and kills A when it has signed `kill_after` blocks of its turn.
    pub(super) async fn look(
        &mut self,
        stage: &Stage,
        kill_after: u32,
        now_ms: u64,
    ) -> Vec<Remark> {
        let mut remarks = Vec::new();
        remarks.extend(self.turn(stage));
        match self.marks {
            None => remarks.extend(self.kill_if_due(stage, kill_after, now_ms).await),
            Some(marks) => remarks.extend(self.look_at_b(stage, marks, now_ms)),
        }
        remarks
    }

    async fn kill_if_due(&mut self, stage: &Stage, after: u32, now_ms: u64) -> Option<Remark> {
        let first = stage.turn.first_slot();
        let signed =
            || stage.network.look(|chain| chain.ledger().tally(stage.ours, first..).signed);
        if signed() > 0 && !std::mem::replace(&mut self.told_begin, true) {
            let text = format!("The turn of {} begins; node A signs.", stage.ours);
            return Some(Remark::chain("turn_begins", Mood::Good, text));
        }
        if signed() < after {
            return None;
        }
        stage.network.kill(Node::A).await;
        let signed = signed();
        let last = stage.network.look(|chain| chain.ledger().last_signed(Signer::Node(Node::A)));
        let first_slot = last.map_or(first, |slot| Slot(slot.0 + 1));
        self.marks = Some(Marks { killed_ms: now_ms, first_slot, resumed_ms: None });
        let text = format!(
            "Node A is killed after block {signed} of its turn: its log ends, its port is closed."
        );
        Some(Remark::chain("killed", Mood::Bad, text))
    }

    /// Says when B's nodeos is resumed, and when it signs.
    fn look_at_b(&mut self, stage: &Stage, mut marks: Marks, now_ms: u64) -> Vec<Remark> {
        let (paused, first) = stage.network.look(|chain| {
            let first = chain.ledger().first_signed(Signer::Node(Node::B), marks.first_slot);
            (chain.is_paused(Node::B), first)
        });
        let mut remarks = Vec::new();
        if marks.resumed_ms.is_none() && !paused {
            marks.resumed_ms = Some(now_ms);
            self.marks = Some(marks);
            let text = "Node B is resumed by its keeper, through nodeos's producer API.";
            remarks.push(Remark::chain("resumed", Mood::Good, text));
        }
        if let Some(slot) = first.filter(|_| !self.told_first_block) {
            self.told_first_block = true;
            let text = format!("Node B signs its first block, of {}.", slot.time());
            remarks.push(Remark::chain("first_block", Mood::Good, text));
        }
        remarks
    }

    /// What came of our last turn, once it is over.
    fn turn(&mut self, stage: &Stage) -> Option<Remark> {
        let (turn, tally) = stage.network.look(|chain| last_turn(chain, stage.ours))?;
        if turn < stage.turn || self.told_turn >= Some(turn) {
            return None;
        }
        self.told_turn = Some(turn);
        let mood = if tally.lost == 0 { Mood::Good } else { Mood::Bad };
        let text = format!(
            "The turn of {} is over: {} of {} blocks signed, {} lost.",
            stage.ours, tally.signed, tally.owed, tally.lost
        );
        Some(Remark::chain("turn", mood, text))
    }
}

fn next_slot(chain: &Chain) -> Option<Slot> {
    chain.ledger().last().map(|record| Slot(record.slot.0 + 1))
}

/// Our last turn that is over, and what came of it.
fn last_turn(chain: &Chain, ours: Name) -> Option<(Turn, Tally)> {
    let running = next_slot(chain)?.turn();
    let schedule = chain.schedule();
    let round = 1..=schedule.producers.len() as u32;
    let turn = round
        .map(|ago| Turn(running.0.saturating_sub(ago)))
        .find(|turn| schedule.owner_of_turn(*turn) == Some(ours))?;
    let slots = turn.first_slot()..Turn(turn.0 + 1).first_slot();
    Some((turn, chain.ledger().tally(ours, slots)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::schedule::{Schedule, TURN_SLOTS};

    #[test]
    fn our_last_turn_is_told_when_its_last_slot_is_over() {
        let ours: Name = "eosstorebest".parse().unwrap();
        let producers = vec![ours, "producer111a".parse().unwrap()];
        let schedule = Schedule { version: 1, producers };
        let turn = Turn(2 * 1000);
        let first = turn.first_slot();
        let mut chain = Chain::new(7, schedule, ours, Slot(first.0 - 1));
        for at in 0..TURN_SLOTS {
            let told = last_turn(&chain, ours).filter(|(told, _)| *told >= turn);
            assert_eq!(told, None, "after {at} slots");
            chain.run_slot(Slot(first.0 + at));
        }
        let tally = Tally { owed: 12, signed: 12, lost: 0, double: 0 };
        assert_eq!(last_turn(&chain, ours), Some((turn, tally)));
    }
}
