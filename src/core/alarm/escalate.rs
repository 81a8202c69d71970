//! When an incident that goes on is told of again.

use crate::core::time::Timestamp;

const DAY_MS: u64 = 86_400_000;

/// When reminder `number` (the first is 1) is due, for an incident that began at `began`; after
/// the ladder's last step, daily.
#[must_use]
pub fn due(ladder_ms: &[u64], began: Timestamp, number: u32) -> Timestamp {
    let index = number.saturating_sub(1) as usize;
    let after_ms = ladder_ms.get(index).copied().unwrap_or_else(|| {
        let beyond = (index - ladder_ms.len()) as u64 + 1;
        ladder_ms.last().copied().unwrap_or(0).saturating_add(beyond.saturating_mul(DAY_MS))
    });
    began.plus_ms(i64::try_from(after_ms).unwrap_or(i64::MAX))
}

/// How many reminders are due by `now`: after a sleep the missed ones are one.
#[must_use]
pub fn passed(ladder_ms: &[u64], began: Timestamp, already: u32, now: Timestamp) -> u32 {
    let mut number = already;
    while due(ladder_ms, began, number + 1) <= now {
        number += 1;
        // A clock that jumps decades ahead must not keep us here.
        if number > already + 1_000 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: [u64; 3] = [60_000, 600_000, 3_600_000];

    #[test]
    fn the_ladder_is_climbed_and_then_it_is_daily() {
        let began = Timestamp::from_ms(1_000_000);
        let after = |number| due(&LADDER, began, number).since_ms(began);
        assert_eq!([1, 2, 3].map(after), [60_000, 600_000, 3_600_000]);
        assert_eq!(after(4), 3_600_000 + 86_400_000);
        assert_eq!(after(6), 3_600_000 + 3 * 86_400_000);
        assert_eq!(due(&[], began, 1).since_ms(began), 86_400_000);
    }

    #[test]
    fn what_was_slept_through_is_one_reminder() {
        let began = Timestamp::from_ms(0);
        for (name, already, now_ms, expected) in [
            ("nothing is due", 0, 59_999, 0),
            ("the first", 0, 60_000, 1),
            ("not twice", 1, 60_000, 1),
            ("two at once", 0, 600_000, 2),
            ("days later", 3, 3_600_000 + 3 * 86_400_000, 6),
            ("before it began", 0, -5, 0),
        ] {
            assert_eq!(
                passed(&LADDER, began, already, Timestamp::from_ms(now_ms)),
                expected,
                "{name}"
            );
        }
        assert!(passed(&[1], began, 0, Timestamp::from_ms(i64::MAX)) < 2_000, "bounded");
    }
}
