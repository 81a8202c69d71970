//! Many settled turns in a few figures.

use serde::Serialize;

use crate::core::ledger::SettledTurn;
use crate::core::schedule::TURN_SLOTS;

/// Most causes that are counted apart; there are fewer names than this.
const CAUSES_MAX: usize = 128;

/// What became of the slots of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerSummary {
    /// Turns of ours.
    pub turns: u64,
    /// Slots of ours: the sum of the five below.
    pub slots: u64,
    /// With a block on the final chain, in time.
    pub r#final: u64,
    /// With a block on the final chain that was late.
    pub late: u64,
    /// With a block that another branch left behind.
    pub forked: u64,
    /// Without a block.
    pub missed: u64,
    /// Of which nobody can say.
    pub unknown: u64,
    /// Signed by this node, as its log shows.
    pub here: u64,
    /// Turns in which every slot was met.
    pub turns_met: u64,
    /// Blocks lost per cause, the greatest first.
    pub causes: Vec<CauseCount>,
}

/// Blocks lost by one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CauseCount {
    /// A name of [`super::LostCause`].
    pub cause: String,
    /// Slots without a block.
    pub missed: u64,
    /// Slots whose block was forked off.
    pub forked: u64,
}

impl LedgerSummary {
    /// Of these turns.
    pub fn of<'a>(turns: impl IntoIterator<Item = &'a SettledTurn>) -> Self {
        let mut summary = Self::default();
        turns.into_iter().for_each(|turn| summary.add(turn));
        summary.sort();
        summary
    }

    /// Counts one turn in; the causes are in order after [`Self::sort`].
    pub fn add(&mut self, turn: &SettledTurn) {
        let turns = u64::from(turn.turns);
        let count = |mask: u16| u64::from(mask.count_ones());
        let slots = turns * u64::from(TURN_SLOTS);
        let (met, late) = (count(turn.met), count(turn.late));
        let (forked, missed) = (count(turn.forked), count(turn.missed));
        self.turns += turns;
        self.slots += slots;
        self.r#final += met.saturating_sub(late);
        self.late += late;
        self.forked += forked;
        self.missed += missed;
        self.unknown += slots.saturating_sub(met + forked + missed);
        self.here += count(turn.here);
        self.turns_met += u64::from(met == u64::from(TURN_SLOTS));
        for loss in &turn.losses {
            self.add_cause(
                &loss.cause,
                count(loss.slots & turn.missed),
                count(loss.slots & turn.forked),
            );
        }
    }

    /// Puts the causes in order.
    pub fn sort(&mut self) {
        self.causes.sort_by(|a, b| {
            let lost = |count: &CauseCount| count.missed + count.forked;
            lost(b).cmp(&lost(a)).then_with(|| a.cause.cmp(&b.cause))
        });
    }

    /// Slots that had a block on the final chain.
    #[must_use]
    pub const fn met(&self) -> u64 {
        self.r#final + self.late
    }

    /// Blocks lost: forked off or missed.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.forked + self.missed
    }

    /// Of the slots that are known, the share that was met, in hundred-thousandths; `None` when
    /// none is known. Rounded down: one lost block of a million is not "all met".
    #[must_use]
    pub const fn met_share(&self) -> Option<u64> {
        match self.met() + self.lost() {
            0 => None,
            known => Some(self.met() * 100_000 / known),
        }
    }

    /// The share nobody can say anything of, in hundred-thousandths, rounded up.
    #[must_use]
    pub const fn unknown_share(&self) -> Option<u64> {
        match self.slots {
            0 => None,
            slots => Some((self.unknown * 100_000).div_ceil(slots)),
        }
    }

    fn add_cause(&mut self, cause: &str, missed: u64, forked: u64) {
        if missed + forked == 0 {
            return;
        }
        if let Some(count) = self.causes.iter_mut().find(|count| count.cause == cause) {
            count.missed += missed;
            count.forked += forked;
        } else if self.causes.len() < CAUSES_MAX {
            self.causes.push(CauseCount { cause: cause.to_owned(), missed, forked });
        }
    }
}
