//! What goes into the history by itself: a sample every ten seconds, what the mining pool says, and
//! each turn once it is settled.

use crate::core::keeper::Keeper;
use crate::core::sample::{PoolSample, Sample};
use crate::core::status::Status;
use crate::core::time::{Mono, Now, Timestamp};
use crate::history::record::Record;
use crate::history::store::Store;

use super::Daemon;

/// Between two samples, milliseconds; a tick is a second, and may come a little late.
const SAMPLE_MS: u64 = 10_000;
const EARLY_MS: u64 = 500;

/// When the last sample was taken.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    last: Option<Mono>,
    /// The pool's answer that was taken last.
    pool: Option<Timestamp>,
}

impl Sampler {
    /// Whether a sample is due; it counts as taken.
    fn is_due(&mut self, now: Mono) -> bool {
        let is_due = self.last.is_none_or(|last| now.since_ms(last) + EARLY_MS >= SAMPLE_MS);
        if is_due {
            self.last = Some(now);
        }
        is_due
    }

    /// The pool's answer where it is another than before; it counts as taken.
    fn new_answer(&mut self, answer: Option<PoolSample>) -> Option<PoolSample> {
        let answer = answer.filter(|answer| self.pool != Some(answer.at))?;
        self.pool = Some(answer.at);
        Some(answer)
    }
}

/// Lets the slot ledger go on where the last run ended. Without a state it begins now.
pub(super) fn resume(store: Option<&Store>, keeper: &mut Keeper, now: Now) {
    let Some(store) = store else { return };
    let producer = keeper.settings().producer;
    match store.past(|past| past.last_turn(producer, now.wall)) {
        Ok(Some(turn)) => keeper.resume_ledger(turn.last),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "The slot ledger begins anew."),
    }
}

impl Daemon {
    /// Keeps what is due, and has the blocks asked for that the ledger wants.
    pub(super) fn keep_past(&mut self, now: Now, status: &Status) {
        if self.sampler.is_due(now.mono) {
            self.hands.keep(Record::Sample(Box::new(Sample::of(status))));
        }
        if let Some(answer) = self.sampler.new_answer(self.keeper.pool_sample(now)) {
            self.hands.keep(Record::Pool(answer));
        }
        for turn in self.keeper.take_settled_turns() {
            self.pulse.settled(&turn);
            self.hands.keep(Record::Turn(turn));
        }
        let wanted = self.keeper.wanted_blocks();
        self.senses.wanted.send_if_modified(|known| {
            let is_new = *known != wanted;
            *known = wanted;
            is_new
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_due_every_ten_seconds_whatever_the_ticks_do() {
        let mut sampler = Sampler::default();
        let taken: Vec<u64> = (0..60_u64)
            .map(|second| second * 1_000 + second % 3 * 100)
            .filter(|ms| sampler.is_due(Mono::from_ms(*ms)))
            .collect();
        assert_eq!(taken, [0, 10_100, 20_200, 30_000, 40_100, 50_200]);
    }

    #[test]
    fn an_answer_of_the_pool_is_taken_once() {
        let mut sampler = Sampler::default();
        let answer = |ms| {
            let at = Timestamp::from_ms(ms);
            Some(PoolSample { at, online: 3, offline: 1, hashrate: 12, floor: None })
        };
        for (case, given, is_taken) in [
            ("none yet", None, false),
            ("the first", answer(5), true),
            ("the same, a tick later", answer(5), false),
            ("none that is recent", None, false),
            ("the next", answer(60_005), true),
            ("after the clock was put back", answer(30_000), true),
        ] {
            assert_eq!(sampler.new_answer(given).is_some(), is_taken, "{case}");
        }
    }
}
