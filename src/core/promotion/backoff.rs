//! How often what does not work is tried again, and how often people hear of it.

use crate::core::time::Mono;

/// Pauses after the first, second, … try that did not work, milliseconds; the last one repeats. What
/// mends itself, such as a nodeos that is still starting, does so within the first; what a person
/// must mend is tried six times an hour.
const PAUSES_MS: [u64; 4] = [10_000, 30_000, 120_000, 600_000];

/// Tries of one thing that do not work, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    tries: u32,
    next: Mono,
    told_at: Option<Mono>,
}

impl Backoff {
    /// How many tries did not work.
    pub(super) const fn tries(&self) -> u32 {
        self.tries
    }

    /// When it may be tried again.
    pub(super) const fn next(&self) -> Mono {
        self.next
    }

    /// Whether it may be tried now.
    pub(super) fn is_due(&self, now: Mono) -> bool {
        now >= self.next
    }

    /// A try did not work.
    pub(super) fn failed(&mut self, now: Mono) {
        let pause = PAUSES_MS[(self.tries as usize).min(PAUSES_MS.len() - 1)];
        self.tries = self.tries.saturating_add(1);
        self.next = now + pause;
    }

    /// Whether people are to hear of it now: the first time, and then once in `every_ms`; 0: never
    /// again.
    pub(super) fn is_to_be_told(&mut self, now: Mono, every_ms: u64) -> bool {
        let is_due = self.told_at.is_none_or(|at| every_ms > 0 && now.since_ms(at) >= every_ms);
        if is_due {
            self.told_at = Some(now);
        }
        is_due
    }

    /// It works, or another situation has come.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_rare_and_people_hear_of_the_first_and_of_reminders() {
        let hour = 3_600_000;
        let (mut backoff, mut tries, mut told) = (Backoff::default(), Vec::new(), 0);
        for second in 0..hour / 1000 * 5 {
            let now = Mono::from_ms(1_000_000 + second * 1000);
            if !backoff.is_due(now) {
                continue;
            }
            backoff.failed(now);
            told += u32::from(backoff.is_to_be_told(now, 4 * hour));
            tries.push(second);
        }
        assert_eq!(tries[..6], [0, 10, 40, 160, 760, 1_360]);
        assert_eq!((tries.len(), told), (33, 2));
        backoff.reset();
        assert!(backoff.is_due(Mono::default()) && backoff.is_to_be_told(Mono::default(), 0));
        assert!(!backoff.is_to_be_told(Mono::from_ms(u64::MAX), 0), "0: no reminder");
    }
}
