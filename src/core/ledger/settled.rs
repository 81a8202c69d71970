//! A turn that is settled: what the history keeps of it.

use serde::{Deserialize, Serialize};

use crate::core::name::Name;
use crate::core::schedule::TURN_SLOTS;
use crate::core::time::Timestamp;

/// The mask of all slots of a turn.
pub const SLOTS_ALL: u16 = (1 << TURN_SLOTS) - 1;

/// What became of one of our turns. In each mask bit n is slot n, 0..12; no slot is in two of
/// `met`, `forked` and `missed`, and one that is in none is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledTurn {
    /// When it began.
    pub start: Timestamp,
    /// When the last of the turns it stands for began; the same where it is one.
    pub last: Timestamp,
    /// How many turns of ours it stands for: more than one only for a time nobody watched.
    pub turns: u32,
    /// The producer.
    pub producer: Name,
    /// Slots with a block of ours on the final chain.
    pub met: u16,
    /// Those of them whose block was late.
    pub late: u16,
    /// Slots whose block was seen, and is not on the final chain.
    pub forked: u16,
    /// Slots without a block, seen or final.
    pub missed: u16,
    /// Slots this node signed.
    pub here: u16,
    /// Why slots were lost; each forked or missed slot is in one of them.
    pub losses: Vec<Loss>,
    /// What it is known by.
    pub proof: Proof,
    /// When it was settled.
    pub settled: Timestamp,
}

/// A cause, and the slots it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// A name of [`super::LostCause`].
    pub cause: String,
    /// The slots, as in [`SettledTurn`].
    pub slots: u16,
}

/// What a settled turn is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The blocks of the final chain.
    Chain,
    /// The log alone, which showed every block.
    Log,
    /// Nothing.
    None,
}

/// What became of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotFate {
    /// Its block is final, and was there in time.
    Final,
    /// Its block is final, and was late.
    Late,
    /// Its block was seen, and another branch won.
    Forked,
    /// There was no block.
    Missed,
    /// Nobody can say.
    Unknown,
}

impl SettledTurn {
    /// Turns nobody watched, from the one to the other, and nobody can be asked about.
    #[must_use]
    pub fn not_watched(
        (start, last): (Timestamp, Timestamp),
        turns: u32,
        producer: Name,
        settled: Timestamp,
    ) -> Self {
        Self {
            start,
            last,
            turns,
            producer,
            met: 0,
            late: 0,
            forked: 0,
            missed: 0,
            here: 0,
            losses: Vec::new(),
            proof: Proof::None,
            settled,
        }
    }

    /// What became of the slot at this place, 0..12.
    #[must_use]
    pub const fn fate(&self, at: u32) -> SlotFate {
        let bit = 1_u16 << (at % TURN_SLOTS);
        if self.late & bit != 0 {
            SlotFate::Late
        } else if self.met & bit != 0 {
            SlotFate::Final
        } else if self.forked & bit != 0 {
            SlotFate::Forked
        } else if self.missed & bit != 0 {
            SlotFate::Missed
        } else {
            SlotFate::Unknown
        }
    }

    /// The slots in order.
    pub fn fates(&self) -> impl Iterator<Item = SlotFate> + '_ {
        (0..TURN_SLOTS).map(|at| self.fate(at))
    }

    /// Why the slot at this place was lost, if it was.
    #[must_use]
    pub fn cause(&self, at: u32) -> Option<&str> {
        let bit = 1_u16 << (at % TURN_SLOTS);
        self.losses.iter().find(|loss| loss.slots & bit != 0).map(|loss| loss.cause.as_str())
    }
}

impl SlotFate {
    /// One letter, for a table in a terminal: `F` final, `l` late, `x` forked off, `.` missed,
    /// `?` unknown.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Final => 'F',
            Self::Late => 'l',
            Self::Forked => 'x',
            Self::Missed => '.',
            Self::Unknown => '?',
        }
    }
}

impl Proof {
    /// The word in JSON and in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Log => "log",
            Self::None => "none",
        }
    }

    /// From the word; what is not known is [`Proof::None`].
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "chain" => Self::Chain,
            "log" => Self::Log,
            _ => Self::None,
        }
    }
}
