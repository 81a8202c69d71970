//! The network: blocks between nodes, and questions between keepers, etcd and references.

use serde::{Deserialize, Serialize};

use crate::sim::rng::{draw, happens};
use crate::sim::site::Site;

/// Number of places.
const SITES: usize = Site::ALL.len();
/// Far beyond any delay: does not arrive.
const NEVER_MS: u64 = u64::MAX / 4;

/// What a fault of the network touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plane {
    /// Blocks between nodes, and everything else.
    All,
    /// Only blocks.
    Blocks,
    /// Only what keepers say and ask.
    Keepers,
}

/// What goes from one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Blocks: TCP; what is lost comes later.
    Blocks,
    /// A question or an answer: lost is lost.
    Keepers,
}

#[derive(Clone, Copy, Debug, Default)]
struct Link {
    /// Faults that cut it; more than one may overlap.
    cuts: [u8; 2],
    /// Added by faults, milliseconds.
    slow_ms: u64,
    /// Lost or doubled, of a thousand.
    loss: u16,
}

/// When a message arrives, milliseconds from when it was sent: never, once, or twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrivals([Option<u64>; 2]);

impl Arrivals {
    /// The first time it arrives, if it does.
    #[must_use]
    pub const fn first(self) -> Option<u64> {
        self.0[0]
    }

    /// Each time it arrives.
    pub fn each(self) -> impl Iterator<Item = u64> {
        self.0.into_iter().flatten()
    }
}

/// All links.
#[derive(Clone, Debug)]
pub struct Net {
    seed: u64,
    links: [[Link; SITES]; SITES],
    faults: u32,
    sent: u64,
}

impl Net {
    /// A network without faults.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, links: [[Link::default(); SITES]; SITES], faults: 0, sent: 0 }
    }

    /// Whether something sent now arrives.
    #[must_use]
    pub fn is_up(&self, from: Site, to: Site, what: Traffic) -> bool {
        from == to || self.links[from.at()][to.at()].cuts[what as usize] == 0
    }

    /// Whether both ways are whole: not cut, and not slow or lossy either.
    #[must_use]
    pub fn is_whole(&self, one: Site, other: Site) -> bool {
        let (to, fro) = (self.links[one.at()][other.at()], self.links[other.at()][one.at()]);
        [to, fro].iter().all(|l| l.cuts == [0, 0] && l.slow_ms == 0 && l.loss == 0)
    }

    /// Whether what keepers say goes there soon and without loss.
    #[must_use]
    pub fn is_keen(&self, from: Site, to: Site) -> bool {
        let link = &self.links[from.at()][to.at()];
        link.cuts[Traffic::Keepers as usize] == 0 && link.slow_ms == 0 && link.loss == 0
    }

    /// Whether no link at all has a fault.
    #[must_use]
    pub const fn is_calm(&self) -> bool {
        self.faults == 0
    }

    /// Cuts a set off from all others, or joins it again. One-way: what the set says is lost, and it
    /// still hears.
    pub fn cut(&mut self, set: &[Site], one_way: bool, plane: Plane, begins: bool) {
        self.each(set, |link, outward| {
            if one_way && !outward {
                return;
            }
            for (traffic, other) in [(0, Plane::Keepers), (1, Plane::Blocks)] {
                if plane != other {
                    let cuts = &mut link.cuts[traffic];
                    *cuts = if begins { *cuts + 1 } else { cuts.saturating_sub(1) };
                }
            }
        });
        self.count(begins);
    }

    /// Makes all links of a place slow, or quick again.
    pub fn slow(&mut self, site: Site, ms: u64, begins: bool) {
        self.each(&[site], |link, _| {
            link.slow_ms = if begins { link.slow_ms + ms } else { link.slow_ms.saturating_sub(ms) };
        });
        self.count(begins);
    }

    /// Makes all links of a place lose and double messages, or none any more.
    pub fn lossy(&mut self, site: Site, per_mille: u16, begins: bool) {
        self.each(&[site], |link, _| {
            link.loss =
                if begins { link.loss + per_mille } else { link.loss.saturating_sub(per_mille) };
        });
        self.count(begins);
    }

    fn count(&mut self, begins: bool) {
        self.faults = if begins { self.faults + 1 } else { self.faults.saturating_sub(1) };
    }

    /// Visits every link between the set and the others; true: outward.
    fn each(&mut self, set: &[Site], mut change: impl FnMut(&mut Link, bool)) {
        for inner in set {
            for outer in Site::ALL.iter().filter(|site| !set.contains(site)) {
                change(&mut self.links[inner.at()][outer.at()], true);
                change(&mut self.links[outer.at()][inner.at()], false);
            }
        }
    }

    /// How long a block takes from the signer to every node, by way of others where that is shorter;
    /// `relays` are the nodes that pass blocks on.
    pub fn spread(&mut self, from: Site, relays: u8) -> [Option<u64>; SITES] {
        self.sent += 1;
        let mut after = [NEVER_MS; SITES];
        after[from.at()] = 0;
        // Without a fault the straight way is the shortest; with one, three hops reach everybody.
        let hops = if self.is_calm() { 1 } else { 3 };
        for hop in 0..hops {
            for by in Site::NODES {
                let start = after[by.at()];
                let passes_on = by == from || relays & by.bit() != 0;
                if start >= NEVER_MS || !passes_on || (hop == 0 && by != from) {
                    continue;
                }
                for to in Site::NODES {
                    if let Some(ms) = self.block_ms(by, to) {
                        after[to.at()] = after[to.at()].min(start + ms);
                    }
                }
            }
        }
        after.map(|ms| (ms < NEVER_MS && ms > 0).then_some(ms))
    }

    fn block_ms(&self, from: Site, to: Site) -> Option<u64> {
        let link = &self.links[from.at()][to.at()];
        if from == to || link.cuts[Traffic::Blocks as usize] > 0 {
            return None;
        }
        let salt = (from.at() * SITES + to.at()) as u64;
        // 30 to 149 ms: between continents.
        let mut ms = 30 + draw(self.seed, self.sent, salt) % 120 + link.slow_ms;
        if happens(self.seed, self.sent, salt + 1000, link.loss) {
            // Sent again after TCP's timeout.
            ms += 1_000;
        }
        Some(ms)
    }

    /// When a message that is sent now arrives.
    pub fn message(&mut self, from: Site, to: Site) -> Arrivals {
        self.sent += 1;
        let link = self.links[from.at()][to.at()];
        let salt = 5_000 + (from.at() * SITES + to.at()) as u64;
        if !self.is_up(from, to, Traffic::Keepers) || happens(self.seed, self.sent, salt, link.loss)
        {
            return Arrivals::default();
        }
        let ms = 5 + draw(self.seed, self.sent, salt + 1) % 60 + link.slow_ms;
        if happens(self.seed, self.sent, salt + 2, link.loss) {
            let again = draw(self.seed, self.sent, salt + 3) % 3_000;
            return Arrivals([Some(ms), Some(ms + again)]);
        }
        Arrivals([Some(ms), None])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_set_is_reached_by_no_way_and_overlapping_cuts_count() {
        let mut net = Net::new(1);
        let reached = |net: &mut Net, to: Site| net.spread(Site::A, u8::MAX)[to.at()].is_some();
        assert!(reached(&mut net, Site::Many));
        net.cut(&[Site::A, Site::B], false, Plane::All, true);
        net.cut(&[Site::A], true, Plane::Blocks, true);
        assert!(!reached(&mut net, Site::Many) && !reached(&mut net, Site::B));
        assert!(net.is_up(Site::B, Site::A, Traffic::Blocks), "one way only");
        net.cut(&[Site::A, Site::B], false, Plane::All, false);
        assert!(!reached(&mut net, Site::Many));
        net.cut(&[Site::A], true, Plane::Blocks, false);
        assert!(reached(&mut net, Site::Many) && net.is_calm());
    }

    #[test]
    fn blocks_go_round_a_cut_by_way_of_others() {
        let mut net = Net::new(1);
        net.links[Site::A.at()][Site::Many.at()].cuts = [1, 1];
        net.faults = 1;
        assert!(net.spread(Site::A, u8::MAX)[Site::Many.at()].is_some());
        assert!(net.spread(Site::A, 0)[Site::Many.at()].is_none(), "nobody passes it on");
        assert!(net.message(Site::A, Site::Many).first().is_none(), "a question has one way");
    }
}
