//! What a run came to, in figures.

use std::collections::BTreeMap;

use serde::Serialize;

/// Figures of one run, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Simulated time, milliseconds.
    pub simulated_ms: u64,
    /// Slots of our producer.
    pub owed: u64,
    /// Those without a block of ours on the chain.
    pub lost: u64,
    /// Slots that two of our nodes signed.
    pub doubled: u64,
    /// Faults that began.
    pub faults: u64,
    /// The same by their kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Promotions begun, by their reason.
    pub promotions: BTreeMap<String, u64>,
    /// Longest time without a block of ours on the chain while our producer was scheduled,
    /// milliseconds.
    pub longest_outage_ms: u64,
    /// Alarms raised.
    pub incidents: u64,
}

impl Summary {
    /// Adds another run.
    pub fn add(&mut self, other: &Self) {
        self.simulated_ms += other.simulated_ms;
        self.owed += other.owed;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.faults += other.faults;
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        for (reason, count) in &other.promotions {
            *self.promotions.entry(reason.clone()).or_default() += count;
        }
        self.longest_outage_ms = self.longest_outage_ms.max(other.longest_outage_ms);
        self.incidents += other.incidents;
    }
}
