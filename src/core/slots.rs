//! What became of each slot of our turns: the slot ledger as it is kept and shown.

use serde::{Deserialize, Serialize};

use crate::core::ledger::{SettledTurn, SlotFate};
use crate::core::schedule::TURN_SLOTS;
use crate::core::time::Timestamp;

/// What became of one slot we owed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// It had a block, and that block is irreversible.
    Final,
    /// It had a block; whether that stays is not known yet.
    Produced,
    /// It had a block that others did not build on: it was taken back by a fork switch.
    ForkedOff,
    /// It had a block that is irreversible, though it came after the slot was over.
    Late,
    /// It had none, and the log showed every block while it lasted.
    Missed,
    /// Nobody watched.
    #[default]
    Unknown,
}

/// One of our turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnSlots {
    /// When it began.
    pub start: Timestamp,
    /// Its slots, in order.
    pub slots: [SlotState; TURN_SLOTS as usize],
    /// Why slots were lost, as a cause's key, for example `api_down`; `None` where none was lost or
    /// the cause is not known.
    pub cause: Option<String>,
}

impl SlotState {
    /// Every state, the best first.
    pub const ALL: [Self; 6] =
        [Self::Final, Self::Produced, Self::Late, Self::ForkedOff, Self::Missed, Self::Unknown];

    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Produced => "produced",
            Self::ForkedOff => "forked_off",
            Self::Late => "late",
            Self::Missed => "missed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the slot was met: it had a block that was not taken back. `None` where nobody
    /// watched.
    #[must_use]
    pub const fn is_met(self) -> Option<bool> {
        match self {
            Self::Final | Self::Produced | Self::Late => Some(true),
            Self::ForkedOff | Self::Missed => Some(false),
            Self::Unknown => None,
        }
    }
}

impl From<SlotFate> for SlotState {
    fn from(fate: SlotFate) -> Self {
        match fate {
            SlotFate::Final => Self::Final,
            SlotFate::Late => Self::Late,
            SlotFate::Forked => Self::ForkedOff,
            SlotFate::Missed => Self::Missed,
            SlotFate::Unknown => Self::Unknown,
        }
    }
}

impl TurnSlots {
    /// A turn of the ledger, with the cause that cost most; `None` for what stands for many turns
    /// that nobody watched: nothing is known of them.
    #[must_use]
    pub fn of(turn: &SettledTurn) -> Option<Self> {
        if turn.turns != 1 {
            return None;
        }
        let mut slots = [SlotState::Unknown; TURN_SLOTS as usize];
        for (slot, fate) in slots.iter_mut().zip(turn.fates()) {
            *slot = fate.into();
        }
        let worst = turn.losses.iter().max_by_key(|loss| loss.slots.count_ones());
        Some(Self { start: turn.start, slots, cause: worst.map(|loss| loss.cause.clone()) })
    }

    /// How many of its slots are in this state.
    #[must_use]
    pub fn count(&self, state: SlotState) -> u32 {
        self.slots.iter().filter(|slot| **slot == state).count() as u32
    }

    /// Slots that were met, and slots of which that is known.
    #[must_use]
    pub fn met(&self) -> (u32, u32) {
        let known = self.slots.iter().filter_map(|slot| slot.is_met());
        known.fold((0, 0), |(met, all), is_met| (met + u32::from(is_met), all + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ledger::Loss;

    #[test]
    fn a_slot_nobody_watched_counts_neither_way() {
        let mut turn = TurnSlots {
            start: Timestamp::default(),
            slots: [SlotState::Final; TURN_SLOTS as usize],
            cause: None,
        };
        assert_eq!(turn.met(), (12, 12));
        turn.slots[8..].copy_from_slice(&[
            SlotState::Produced,
            SlotState::Late,
            SlotState::ForkedOff,
            SlotState::Unknown,
        ]);
        assert_eq!(turn.met(), (10, 11));
        assert_eq!((turn.count(SlotState::Final), turn.count(SlotState::Missed)), (8, 0));
    }

    #[test]
    fn a_turn_of_the_ledger_has_its_states_and_its_worst_cause() {
        let start = Timestamp::from_ms(6_000);
        let producer = "eosstorebest".parse().unwrap();
        let mut turn = SettledTurn::not_watched((start, start), 1, producer, start);
        (turn.met, turn.late, turn.forked, turn.missed) =
            (0b11_1111, 0b10_0000, 0b100_0000, 0b1 << 11);
        let loss = |cause: &str, slots| Loss { cause: cause.to_owned(), slots };
        turn.losses = vec![loss("forked_off", 0b100_0000), loss("api_down", 0b11 << 10)];
        let drawn = TurnSlots::of(&turn).unwrap();
        let words = drawn.slots.map(|slot| slot.as_str().chars().next().unwrap());
        assert_eq!(words.iter().collect::<String>(), "ffffflfuuuum");
        assert_eq!(drawn.cause.as_deref(), Some("api_down"));
        turn.turns = 7;
        assert_eq!(TurnSlots::of(&turn), None);
    }

    #[test]
    fn the_word_is_that_of_the_json() {
        for state in SlotState::ALL {
            let json = format!("\"{}\"", state.as_str());
            assert_eq!(serde_json::to_string(&state).unwrap(), json);
        }
    }
}
