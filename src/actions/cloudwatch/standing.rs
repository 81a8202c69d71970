//! The incidents people were told of, by severity: what the metric and the alarms both go by.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::core::action::Severity;

/// Most incidents that are told apart; each is at most some hundred bytes.
const INCIDENTS_MAX: usize = 1_000;

/// How many incidents stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of severity page.
    pub page: u32,
    /// Of severity warn.
    pub warn: u32,
}

/// A severity that has an alarm; there is none for what is only good to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// [`Severity::Page`].
    Page,
    /// [`Severity::Warn`].
    Warn,
}

/// The incidents that stand, shared by the channel, which is told of them, and the publisher.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// Whether all that stand are known.
    is_known: bool,
    incidents: BTreeMap<String, Level>,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 2] = [Self::Page, Self::Warn];

    /// The level of a severity.
    #[must_use]
    pub const fn of(severity: Severity) -> Option<Self> {
        match severity {
            Severity::Page => Some(Self::Page),
            Severity::Warn => Some(Self::Warn),
            Severity::Info => None,
        }
    }

    /// Its word in names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Warn => "warn",
        }
    }
}

impl Counts {
    /// Those of one level.
    #[must_use]
    pub const fn of(self, level: Level) -> u32 {
        match level {
            Level::Page => self.page,
            Level::Warn => self.warn,
        }
    }
}

impl Standing {
    /// Says which incidents stood when the keeper started. Until this is said, or one is raised,
    /// nothing is told of incidents: a restart must not look like the end of them.
    pub fn restore(&self, standing: impl IntoIterator<Item = (String, Severity)>) {
        self.with(|inner| {
            inner.is_known = true;
            for (incident, severity) in standing {
                inner.stand(incident, severity);
            }
        });
    }

    /// An incident stands, with this severity from now on.
    pub(super) fn stand(&self, incident: &str, severity: Severity) -> Counts {
        self.with(|inner| {
            inner.is_known = true;
            inner.stand(incident.to_owned(), severity);
            inner.counts()
        })
    }

    /// An incident has ended.
    pub(super) fn end(&self, incident: &str) -> Counts {
        self.with(|inner| {
            inner.incidents.remove(incident);
            inner.counts()
        })
    }

    /// How many stand, where that is known.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        self.with(|inner| inner.is_known.then(|| inner.counts()))
    }

    /// Ids of those of a level, oldest first.
    pub(super) fn ids(&self, level: Level) -> Vec<String> {
        self.with(|inner| {
            let of_level = inner.incidents.iter().filter(|(_, other)| **other == level);
            of_level.map(|(id, _)| id.clone()).collect()
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn stand(&mut self, incident: String, severity: Severity) {
        let Some(level) = Level::of(severity) else {
            self.incidents.remove(&incident);
            return;
        };
        self.incidents.insert(incident, level);
        // Ids begin with the time: the oldest goes.
        while self.incidents.len() > INCIDENTS_MAX {
            self.incidents.pop_first();
        }
    }

    fn counts(&self) -> Counts {
        let of = |level| {
            let count = self.incidents.values().filter(|other| **other == level).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        Counts { page: of(Level::Page), warn: of(Level::Warn) }
    }
}
