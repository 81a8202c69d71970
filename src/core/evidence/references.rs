//! What the other nodes of the chain said, and whether they agree with this one.
//!
//! Each reference is judged alone, then they are counted: a minority that lies, lags or is silent
//! changes nothing.

use serde::Serialize;

use crate::core::event::{ApiFailure, ChainInfo, ReferenceAnswer, ReferenceEvent};
use crate::core::evidence::offset::{Bounds, Offset};
use crate::core::name::Name;
use crate::core::settings::REFERENCES_MAX;
use crate::core::time::{Mono, Now};

/// An answer older than this says nothing about now; five polls of 3 s.
const FRESH_MS: u64 = 15_000;
/// A clock that was last heard longer ago says nothing about now, milliseconds.
const CLOCK_FRESH_MS: u64 = 60_000;

/// What one reference said.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    /// Its last answer, and when it came.
    pub info: Option<(Mono, ChainInfo)>,
    /// When its head last changed.
    pub moved: Option<Mono>,
    /// Why the last question had no answer.
    pub failure: Option<ApiFailure>,
    /// The block it has at one of our irreversible heights: number and id.
    pub block: Option<(u32, String)>,
    /// How far our clock is from its.
    pub clock: Option<Offset>,
}

/// How one reference compares with this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Same chain, same irreversible block, heads close together.
    Agrees,
    /// It has not answered lately.
    Silent,
    /// It is on another chain altogether.
    OtherChain,
    /// It has another block at the height of our last irreversible block.
    Forked,
    /// This node is behind it.
    Ahead,
    /// It is behind this node.
    Behind,
}

/// All references.
#[derive(Clone, Debug, Default)]
pub struct ReferencesEvidence {
    all: Vec<Reference>,
}

impl ReferencesEvidence {
    /// So many, nothing asked yet; at most [`REFERENCES_MAX`].
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { all: vec![Reference::default(); count.min(REFERENCES_MAX)] }
    }

    /// Records an answer.
    pub fn record(&mut self, now: Now, event: &ReferenceEvent) {
        let Some(reference) = self.all.get_mut(event.index) else { return };
        match &event.answer {
            ReferenceAnswer::Info(Ok(info)) => {
                if reference.info.as_ref().is_none_or(|(_, before)| before.head_id != info.head_id)
                {
                    reference.moved = Some(now.mono);
                }
                match &mut reference.info {
                    Some((at, before)) => {
                        *at = now.mono;
                        before.clone_from(info);
                    }
                    None => reference.info = Some((now.mono, info.clone())),
                }
                reference.failure = None;
            }
            ReferenceAnswer::Info(Err(failure)) => reference.failure = Some(failure.clone()),
            ReferenceAnswer::BlockId { number, id: Ok(id) } => {
                reference.block = Some((*number, id.clone()));
            }
            ReferenceAnswer::Date { date, took_ms } => {
                reference.clock = Some(Offset::after(reference.clock, now, *date, *took_ms));
            }
            // Not every node tells blocks; without it the heads alone are compared.
            ReferenceAnswer::BlockId { id: Err(_), .. } => {}
        }
    }

    /// Each reference, in the order of the configuration.
    #[must_use]
    pub fn all(&self) -> &[Reference] {
        &self.all
    }

    /// How each compares with this node, whose last answer was `own`. `behind_blocks` apart is
    /// ahead or behind.
    pub fn standings(
        &self,
        now: Now,
        own: &ChainInfo,
        behind_blocks: u32,
    ) -> impl Iterator<Item = Standing> {
        self.all.iter().map(move |reference| reference.standing(now, own, behind_blocks))
    }

    /// The median of the heads of those that answered lately and are on our chain: the lower of
    /// the middle two.
    #[must_use]
    pub fn median_head(&self, now: Now, own: &ChainInfo) -> Option<u32> {
        let mut heads = [0_u32; REFERENCES_MAX];
        let mut count = 0;
        let same = self.fresh(now).filter(|info| is_same_chain(info, own));
        for (place, info) in heads.iter_mut().zip(same) {
            (*place, count) = (info.head, count + 1);
        }
        let heads = &mut heads[..count];
        heads.sort_unstable();
        heads.get(count.checked_sub(1)? / 2).copied()
    }

    /// The greatest head of those that answered lately and are on our chain.
    #[must_use]
    pub fn best_head(&self, now: Now, own: &ChainInfo) -> Option<u32> {
        self.fresh(now).filter(|info| is_same_chain(info, own)).map(|info| info.head).max()
    }

    /// Bounds on how far our clock is from theirs, and how many say their time; they hold as long
    /// as most of those do.
    #[must_use]
    pub fn clock(&self, now: Now) -> Option<(Bounds, usize)> {
        let heard = self.all.iter().filter_map(|reference| reference.clock);
        let fresh = heard.filter(|clock| now.mono.since_ms(clock.heard) <= CLOCK_FRESH_MS);
        let all: Vec<Bounds> = fresh.map(|clock| clock.bounds(now)).collect();
        Some((Bounds::of_majority(&all)?, all.len()))
    }

    /// How many of those that answered lately have a head that moved within the time, and how many
    /// answered.
    #[must_use]
    pub fn moving(&self, now: Now, within_ms: u64) -> (usize, usize) {
        let answering = self.all.iter().filter(|r| r.fresh(now).is_some());
        let moving = answering.clone().filter(|reference| {
            reference.moved.is_some_and(|at| now.mono.since_ms(at) <= within_ms)
        });
        (moving.count(), answering.count())
    }

    /// Of those that answered lately: how many have a head of another producer than ours that moved
    /// within the time, and how many answered.
    #[must_use]
    pub fn foreign_moving(&self, now: Now, within_ms: u64, ours: Name) -> (usize, usize) {
        let answering = self.all.iter().filter_map(|r| Some((r.moved, r.fresh(now)?)));
        let moving = answering.clone().filter(|(moved, info)| {
            info.head_producer != ours && moved.is_some_and(|at| now.mono.since_ms(at) <= within_ms)
        });
        (moving.count(), answering.count())
    }

    fn fresh(&self, now: Now) -> impl Iterator<Item = &ChainInfo> {
        self.all.iter().filter_map(move |reference| reference.fresh(now))
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // Ids are 64 digits; a version or a failure's text may be longer, and is cut by the client.
        self.all.capacity() * (size_of::<Reference>() + 6 * 64)
    }
}

impl Reference {
    /// Its last answer, if it came lately.
    #[must_use]
    pub fn fresh_info(&self, now: Now) -> Option<&ChainInfo> {
        self.fresh(now)
    }

    /// Its head, if it answered lately.
    #[must_use]
    pub fn fresh_head(&self, now: Now) -> Option<u32> {
        self.fresh(now).map(|info| info.head)
    }

    fn fresh(&self, now: Now) -> Option<&ChainInfo> {
        let (at, info) = self.info.as_ref()?;
        (now.mono.since_ms(*at) <= FRESH_MS && self.failure.is_none()).then_some(info)
    }

    fn standing(&self, now: Now, own: &ChainInfo, behind_blocks: u32) -> Standing {
        let Some(info) = self.fresh(now) else { return Standing::Silent };
        if !is_same_chain(info, own) {
            return Standing::OtherChain;
        }
        let is_forked = self.block.as_ref().is_some_and(|(number, id)| {
            *number == own.lib && own.lib_id.as_ref().is_some_and(|ours| ours != id)
        }) || info.lib == own.lib && differ(&info.lib_id, &own.lib_id);
        if is_forked {
            return Standing::Forked;
        }
        if info.head.saturating_sub(own.head) >= behind_blocks {
            return Standing::Ahead;
        }
        if own.head.saturating_sub(info.head) >= behind_blocks {
            return Standing::Behind;
        }
        Standing::Agrees
    }
}

/// An unknown chain id, of a node before dawn-4.2, is taken for the same.
fn is_same_chain(theirs: &ChainInfo, ours: &ChainInfo) -> bool {
    !differ(&theirs.chain_id, &ours.chain_id)
}

fn differ(one: &Option<String>, other: &Option<String>) -> bool {
    one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one != other)
}

impl Standing {
    /// The standing as sentences show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Silent => "silent",
            Self::OtherChain => "other chain",
            Self::Forked => "forked",
            Self::Ahead => "ahead",
            Self::Behind => "behind",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(head: u32, lib: u32, lib_id: &str, chain: &str) -> ChainInfo {
        ChainInfo {
            chain_id: Some(chain.to_owned()),
            head,
            head_id: head.to_string(),
            head_time: crate::core::time::Timestamp::default(),
            head_producer: "a".parse().unwrap(),
            lib,
            lib_id: Some(lib_id.to_owned()),
            version: None,
        }
    }

    fn told(answers: Vec<ReferenceAnswer>) -> Standing {
        let mut all = ReferencesEvidence::new(1);
        let now = Now::default().plus_ms(1_000);
        for answer in answers {
            all.record(now, &ReferenceEvent { index: 0, answer });
        }
        let own = info(1000, 900, "ours", "eos");
        all.standings(now.plus_ms(1_000), &own, 20).next().unwrap()
    }

    #[test]
    fn each_reference_has_a_standing() {
        use ReferenceAnswer::{BlockId, Info};
        let block = |number, id: &str| BlockId { number, id: Ok(id.to_owned()) };
        let cases = [
            ("nothing asked yet", vec![], Standing::Silent),
            ("refused", vec![Info(Err(ApiFailure::ConnectionRefused))], Standing::Silent),
            ("close", vec![Info(Ok(info(1001, 950, "x", "eos")))], Standing::Agrees),
            ("ahead", vec![Info(Ok(info(1020, 950, "x", "eos")))], Standing::Ahead),
            ("behind", vec![Info(Ok(info(980, 900, "ours", "eos")))], Standing::Behind),
            ("other chain", vec![Info(Ok(info(1000, 900, "ours", "wax")))], Standing::OtherChain),
            (
                "same height, other id",
                vec![Info(Ok(info(1000, 900, "x", "eos")))],
                Standing::Forked,
            ),
            (
                "other block at our height",
                vec![Info(Ok(info(1000, 950, "x", "eos"))), block(900, "theirs")],
                Standing::Forked,
            ),
            (
                "the same block at our height",
                vec![Info(Ok(info(1000, 950, "x", "eos"))), block(900, "ours")],
                Standing::Agrees,
            ),
            (
                "an old answer about another height",
                vec![Info(Ok(info(1000, 950, "x", "eos"))), block(800, "theirs")],
                Standing::Agrees,
            ),
            (
                "answered once, then failed",
                vec![Info(Ok(info(1000, 950, "x", "eos"))), Info(Err(ApiFailure::AnswerTimeout))],
                Standing::Silent,
            ),
        ];
        for (what, answers, expected) in cases {
            assert_eq!(told(answers), expected, "{what}");
        }
    }

    #[test]
    fn the_median_is_not_moved_by_a_minority_that_lies() {
        let mut all = ReferencesEvidence::new(5);
        let now = Now::default().plus_ms(1_000);
        for (index, head) in [1000, 1001, u32::MAX, 1002, 3].into_iter().enumerate() {
            let answer = ReferenceAnswer::Info(Ok(info(head, 1, "x", "eos")));
            all.record(now, &ReferenceEvent { index, answer });
        }
        let own = info(1000, 900, "ours", "eos");
        assert_eq!(all.median_head(now, &own), Some(1001));
        assert_eq!(all.median_head(now.plus_ms(FRESH_MS + 1), &own), None);
        // An index outside the configuration is nobody.
        let answer = ReferenceAnswer::Info(Err(ApiFailure::ConnectionRefused));
        all.record(now, &ReferenceEvent { index: 99, answer });
        assert_eq!(all.all().len(), 5);
    }
}
