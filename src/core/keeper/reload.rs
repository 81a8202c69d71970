//! Other settings for a keeper that goes on: what was seen, the latch and the ledger stay.

use super::Keeper;
use crate::core::evidence::host::HostEvidence;
use crate::core::evidence::references::ReferencesEvidence;
use crate::core::fleet::Fleet;
use crate::core::pool::Pool;
use crate::core::settings::Settings;
use crate::core::time::Now;

impl Keeper {
    /// Whether other settings may be taken now: not while something is under way that was begun by
    /// those in force.
    #[must_use]
    pub fn may_change_settings(&self) -> bool {
        self.machine.is_settled()
    }

    /// Goes on with other settings. Role, producer, name, peers and lease must be those of before.
    /// `torn` says why what was seen of the node cannot be gone on with, where it cannot.
    ///
    /// Events that name a reference or a member by its place must have been recorded before.
    pub fn change_settings(&mut self, now: Now, settings: Settings, torn: Option<String>) {
        let before = std::mem::replace(&mut self.settings, settings);
        let settings = &self.settings;
        if settings.references.names != before.references.names {
            self.evidence.references = ReferencesEvidence::new(settings.references.names.len());
        }
        if settings.fleet != before.fleet {
            let known = self.fleet.export();
            self.fleet = Fleet::new(&settings.peers.names, settings.fleet.clone());
            self.fleet.import(known);
        }
        if settings.pool != before.pool {
            self.pool = settings.pool.map(Pool::new);
        }
        if settings.host.is_none() {
            self.evidence.host = HostEvidence::default();
        }
        // What was seen to be open was judged by other thresholds.
        self.machine.confirmed_ticks = 0;
        if let Some(why) = torn {
            self.evidence.discard(now, why);
            self.machine.look_again();
        }
    }
}
