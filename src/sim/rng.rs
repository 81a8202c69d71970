//! Chance that can be repeated: a generator for scenarios, and draws without a state for the world.
//!
//! The world draws by what is drawn for (seed, time, purpose) and not in a row, so that a scenario
//! without one of its faults meets the same chances otherwise: that is what lets it be shrunk.

/// One step of splitmix64 (Steele, Lea, Flood 2014; public domain constants).
const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that depends on the seed, a moment and a purpose alone.
#[must_use]
pub const fn draw(seed: u64, at: u64, purpose: u64) -> u64 {
    mix(mix(mix(seed) ^ at) ^ purpose)
}

/// Whether something of so many in a thousand happens.
#[must_use]
pub const fn happens(seed: u64, at: u64, purpose: u64, per_mille: u16) -> bool {
    per_mille > 0 && draw(seed, at, purpose) % 1000 < per_mille as u64
}

/// Draws in a row.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Draws that depend on the seed alone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }

    /// 0 to `bound` - 1; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    /// `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A duration: each doubling between `low` and `high` is as likely as the next, milliseconds.
    pub fn duration_ms(&mut self, low: u64, high: u64) -> u64 {
        let doublings = (high / low.max(1)).max(1).ilog2() + 1;
        let base = low << self.below(u64::from(doublings));
        self.between(base, base * 2).clamp(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_stay_within_bounds() {
        let (mut one, mut other) = (Dice::new(7), Dice::new(7));
        for _ in 0..1000 {
            assert_eq!(one.roll(), other.roll());
            assert!((1_000..=900_000).contains(&one.duration_ms(1_000, 900_000)));
            assert!((3..=5).contains(&one.between(3, 5)));
            other = one.clone();
        }
        assert_ne!(Dice::new(7).roll(), Dice::new(8).roll());
        let hits = (0..10_000).filter(|at| happens(1, *at, 2, 100)).count();
        assert!((800..1200).contains(&hits), "{hits} of 1000 expected");
    }
}
