//! The end of the demo: what was counted, and what it means.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::core::name::Name;
use crate::core::schedule::Slot;
use crate::core::time::Human;
use crate::demo::{Node, Signer, Tally};

use super::stage::Stage;

/// When things happened, milliseconds since the demo began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// A was killed.
    pub killed_ms: u64,
    /// The first slot that A, dead, could not sign.
    pub first_slot: Slot,
    /// B's nodeos was resumed.
    pub resumed_ms: Option<u64>,
}

/// What was counted on the simulated chain.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    what: &'static str,
    /// Whether B took over.
    pub took_over: bool,
    /// Whether C was promoted too, which it should not.
    pub c_promoted: bool,
    /// The producer.
    producer: Name,
    /// Our slots since the kill.
    #[serde(flatten)]
    pub since_kill: Tally,
    /// Our slots of the whole demo that were signed twice.
    pub double_in_all: u32,
    /// From the kill to the resume of B's nodeos.
    kill_to_promotion_ms: Option<u64>,
    /// From the first slot that A missed to the first that B signed.
    kill_to_first_block_ms: Option<i64>,
    /// How long B waits by its configuration.
    b_waits_ms: Option<u64>,
    /// Where everything was written.
    dir: PathBuf,
    #[serde(skip)]
    keep: bool,
}

impl Summary {
    /// Counts.
    pub(super) fn of(
        stage: &Stage,
        marks: Marks,
        took_over: bool,
        b_waits_ms: Option<u64>,
        dir: PathBuf,
        keep: bool,
    ) -> Self {
        let (ours, first) = (stage.ours, marks.first_slot);
        stage.network.look(|chain| {
            let ledger = chain.ledger();
            let signed = |node| ledger.first_signed(Signer::Node(node), first);
            Self {
                what: "summary",
                took_over,
                c_promoted: signed(Node::C).is_some() || !chain.is_paused(Node::C),
                producer: ours,
                since_kill: ledger.tally(ours, first..),
                double_in_all: ledger.tally(ours, ..).double,
                kill_to_promotion_ms: marks.resumed_ms.map(|at| at.saturating_sub(marks.killed_ms)),
                kill_to_first_block_ms: signed(Node::B)
                    .map(|slot| slot.time().since_ms(first.time())),
                b_waits_ms,
                dir,
                keep,
            }
        })
    }

    /// Why this is no success, if it is none.
    pub(super) fn fault(&self) -> Option<String> {
        if self.double_in_all > 0 {
            return Some(format!("{} slots were signed by two nodes", self.double_in_all));
        }
        if self.c_promoted {
            return Some("C was promoted although B is before it".to_owned());
        }
        (!self.took_over).then(|| "B did not take over".to_owned())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |at: Option<u64>| at.map_or_else(|| "-".to_owned(), |ms| Human(ms).to_string());
        let first_block = self.kill_to_first_block_ms.map(i64::unsigned_abs);
        let tally = self.since_kill;
        let took = if self.took_over { "B took over" } else { "B did not take over" };
        writeln!(f, "{took}. Counted on the chain, since A was killed:")?;
        writeln!(f, "  blocks {} owed              {:>5}", self.producer, tally.owed)?;
        writeln!(f, "  blocks lost                           {:>5}", tally.lost)?;
        writeln!(f, "  blocks signed twice                   {:>5}", self.double_in_all)?;
        writeln!(f, "  until B was promoted           {:>12}", ms(self.kill_to_promotion_ms))?;
        writeln!(f, "  until B's first block          {:>12}", ms(first_block))?;
        writeln!(
            f,
            "A standby whose only proof is the chain waits two rounds by design, here {}:",
            ms(self.b_waits_ms)
        )?;
        writeln!(f, "sooner, a producer that merely missed a turn could be signed for twice.")?;
        let fate = if self.keep { "left as asked" } else { "removed now; --keep leaves them" };
        writeln!(f, "Logs, configurations and the keepers' own log, {fate}:")?;
        write!(f, "  {}", self.dir.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(took_over: bool, c_promoted: bool, double_in_all: u32) -> Summary {
        Summary {
            what: "summary",
            took_over,
            c_promoted,
            producer: "eosstorebest".parse().unwrap(),
            since_kill: Tally { owed: 44, signed: 12, lost: 32, double: double_in_all },
            double_in_all,
            kill_to_promotion_ms: Some(41_600),
            kill_to_first_block_ms: Some(52_000),
            b_waits_ms: Some(38_000),
            dir: PathBuf::from("/tmp/demo"),
            keep: false,
        }
    }

    #[test]
    fn every_way_to_fail_has_its_reason() {
        for (took_over, c_promoted, double, fault) in [
            (true, false, 0, None),
            (true, false, 2, Some("2 slots were signed by two nodes")),
            (true, true, 0, Some("C was promoted although B is before it")),
            (false, false, 0, Some("B did not take over")),
        ] {
            assert_eq!(summary(took_over, c_promoted, double).fault().as_deref(), fault);
        }
    }

    #[test]
    fn a_person_reads_the_counts() {
        let text = summary(true, false, 0).to_string();
        let lines: Vec<String> =
            text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[0], "B took over. Counted on the chain, since A was killed:");
        assert_eq!(lines[1], "blocks eosstorebest owed 44");
        assert_eq!(lines[2], "blocks lost 32");
        assert_eq!(lines[3], "blocks signed twice 0");
        assert_eq!(lines[4], "until B was promoted 41.6 s");
        assert_eq!(lines[5], "until B's first block 52 s");
    }
}
