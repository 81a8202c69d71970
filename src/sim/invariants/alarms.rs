//! Every alarm begins once and ends once, with its cause.

use crate::core::action::{Notice, NoticeKind};
use crate::core::time::Human;
use crate::sim::site::Site;
use crate::sim::world::World;

/// A finding stands for so long after a single line, milliseconds (`recent_ms`, the longest window),
/// and is resolved 10 s later; a minute for what comes after an operator's repair.
const ALARMS_END_MS: u64 = 300_000 + 10_000 + 60_000;

impl World<'_> {
    /// An alarm is raised once and resolved once.
    pub(in crate::sim) fn noticed(&mut self, site: Site, notice: &Notice) {
        let now_ms = self.now_ms();
        let alarms = &mut self.hosts[site.at()].alarms;
        match notice.kind {
            NoticeKind::Raised => {
                self.summary.incidents += 1;
                if alarms.insert(notice.key.clone(), now_ms).is_some() {
                    let sentence = format!("{site} raises {} twice", notice.key);
                    self.break_promise("alarm_twice", sentence);
                }
            }
            NoticeKind::Resolved => {
                if alarms.remove(&notice.key).is_none() {
                    let sentence = format!("{site} resolves {} that was not raised", notice.key);
                    self.break_promise("alarm_twice", sentence);
                }
            }
            // What was not done is not counted.
            NoticeKind::Told if is_uncounted(notice) => {
                let host = &mut self.hosts[site.at()];
                if std::mem::take(&mut host.is_counted) {
                    host.promotions_ms.pop();
                }
            }
            NoticeKind::Told => {}
        }
    }

    /// Every alarm ends when its cause does.
    pub(in crate::sim) fn check_alarms(&mut self, now_ms: u64) {
        let round_ms = self.schedules.of(self.slot()).round_ms();
        // That nobody signed is a cause as well, whatever was mended before.
        let since_ms = self.promises.disturbed_ms.max(self.promises.signs_since_ms);
        let calm_ms = now_ms.saturating_sub(since_ms);
        let silent_ms = now_ms.saturating_sub(self.promises.on_chain.0);
        if silent_ms > round_ms || self.promises.on_chain.1 != Some(Site::A) {
            return;
        }
        for site in Site::KEEPERS {
            let fit_ms = self.promises.fit_ms(site, now_ms).min(calm_ms);
            let limit_ms = ALARMS_END_MS + 2 * round_ms;
            if fit_ms < limit_ms {
                continue;
            }
            let host = &self.hosts[site.at()];
            let others = Site::STANDBYS.iter().any(|s| !self.nodes[s.at()].paused);
            // One that was raised when all was well already has as long.
            let old = host.alarms.iter().find(|(_, at)| now_ms.saturating_sub(**at) >= limit_ms);
            if let Some((key, _)) = old.filter(|_| !others) {
                let sentence = format!(
                    "{site} still tells of {key}; everything has been well for {}",
                    Human(fit_ms)
                );
                self.break_promise("alarm_stands", sentence);
                return;
            }
        }
    }
}

/// Whether a promotion came to nothing before anything was done.
fn is_uncounted(notice: &Notice) -> bool {
    match notice.key.as_str() {
        "promotion_called_off" | "lease_refused" => true,
        // Told of other writes too.
        "state_not_written" => notice.text.contains("Nothing was done"),
        _ => false,
    }
}
