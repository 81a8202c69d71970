//! The report of some hours: when it is due, and what it says.

use std::sync::Arc;

use crate::chart::Period;
use crate::config::Config;
use crate::core::action::Severity;
use crate::core::alarm::language::Language;
use crate::core::alarm::message::{Message, MessageKind, PROOF_MAX, PictureKind};
use crate::core::alarm::wording::{Circumstances, Speaker, fit};
use crate::core::name::Name;
use crate::core::report::times::ReportTimes;
use crate::core::report::{Report, Zone};
use crate::core::time::Timestamp;
use crate::history::gather;
use crate::history::store::Store;

/// By what name the store keeps when the last report was made.
const KEPT: &str = "report";
/// The longest time a report covers: after a long absence the past is in `eoskeeper report`.
const LONGEST_MS: i64 = 24 * 3_600_000;
/// A report that is due this long ago is not made any more: the next one covers it.
const LATE_MS: i64 = 3_600_000;

/// Makes reports.
#[derive(Clone)]
pub(super) struct Reporter {
    store: Option<Arc<Store>>,
    times: ReportTimes,
    node: String,
    /// Whether other nodes of the same file report as well.
    is_among_others: bool,
    producer: Name,
    /// What is drawn with it.
    pictures: Vec<PictureKind>,
    /// Until when the last one reached.
    last: Option<Timestamp>,
}

impl Reporter {
    /// Goes on where the last keeper stopped.
    pub(super) fn new(store: Option<Arc<Store>>, config: &Config) -> Self {
        let kept = store.as_ref().and_then(|store| store.kept(KEPT).ok().flatten());
        let last = kept.and_then(|text| text.parse().ok()).map(Timestamp::from_ms);
        let mut pictures = vec![PictureKind::Slots, PictureKind::Lag, PictureKind::Host];
        pictures.extend(config.settings.pool.map(|_| PictureKind::Pool));
        Self {
            store,
            pictures,
            times: config.report.clone(),
            node: config.settings.node.clone(),
            is_among_others: config.section.is_some(),
            producer: config.settings.producer,
            last,
        }
    }

    /// The span of the report that is due now, once.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<Period> {
        let to = self.times.last(now)?;
        let is_new = self.last.is_none_or(|last| to > last);
        if !is_new {
            return None;
        }
        let from = self.last.replace(to);
        if let Some(store) = &self.store
            && let Err(error) = store.keep(KEPT, &to.ms().to_string())
        {
            tracing::warn!(%error, "When the last report was made is not kept.");
        }
        // A keeper that never reported has nothing to report of; one that slept reports the end.
        let from = from?.max(to.plus_ms(-LONGEST_MS));
        (now.since_ms(to) < LATE_MS).then_some(Period { from, to })
    }

    /// The figures of a span.
    ///
    /// # Errors
    /// One sentence: why there are none.
    pub(super) fn figures(&self, period: Period) -> Result<Report, String> {
        let store = self.store.as_ref().ok_or("There is no state on disk to report from.")?;
        store
            .past(|past| gather::report(past, &self.node, self.producer, (period.from, period.to)))
            .map_err(|error| error.to_string())
    }

    /// Its title and its lines.
    pub(super) fn words(&self, report: &Report, language: Language) -> (String, Vec<String>) {
        let zone = Zone { name: &self.times.zone, offsets: &self.times.offsets };
        (report.title(language, &zone), report.lines(language, &zone))
    }

    /// By what channels tell one report from another; those of several nodes are due at once.
    fn id(&self, to: Timestamp) -> String {
        match self.is_among_others {
            true => format!("report-{}-{}", self.node, to.ms()),
            false => format!("report-{}", to.ms()),
        }
    }

    /// Which pictures go with it.
    pub(super) fn pictures(&self) -> &[PictureKind] {
        &self.pictures
    }

    /// The message for the channels.
    pub(super) fn message(&self, speaker: &Speaker, period: Period) -> Result<Message, String> {
        let report = self.figures(period)?;
        let (title, lines) = self.words(&report, speaker.language);
        let around = Circumstances::default();
        Ok(Message {
            id: self.id(period.to),
            cause: "report".to_owned(),
            title: fit(&title),
            proof: lines.iter().take(PROOF_MAX).map(|line| fit(line)).collect(),
            began: period.from,
            pictures: self.pictures.clone(),
            ..speaker.bare(MessageKind::Report, Severity::Info, period.to, &around)
        })
    }
}
