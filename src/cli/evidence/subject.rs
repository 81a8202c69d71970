//! The incident that is meant.

use anyhow::bail;
use serde::Serialize;

use crate::core::time::Timestamp;
use crate::history::record::IncidentRow;
use crate::history::store::{Past, Span};

/// How many others are named where one is not found.
const NAMED: u32 = 6;
/// So much before an incident belongs to it, milliseconds.
const BEFORE_MS: i64 = 600_000;
/// So much after it, milliseconds.
const AFTER_MS: i64 = 300_000;

/// An incident, or a promotion that the entries tell of.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Subject {
    /// Its id.
    pub(super) id: String,
    /// When it began.
    pub(super) began: Timestamp,
    /// When it ended, or was told of last; `None` while it stands.
    pub(super) ended: Option<Timestamp>,
    /// The time the archive is about.
    pub(super) since: Timestamp,
    /// And until when.
    pub(super) until: Timestamp,
    /// As the pipeline told of it, where it did.
    pub(super) incident: Option<IncidentRow>,
}

impl Subject {
    fn new(
        id: String,
        (began, ended): (Timestamp, Option<Timestamp>),
        incident: Option<IncidentRow>,
        now: Timestamp,
    ) -> Self {
        let since = began.plus_ms(-BEFORE_MS);
        let until = ended.map_or(now, |ended| ended.plus_ms(AFTER_MS).min(now)).max(began);
        Self { id, began, ended, since, until, incident }
    }

    pub(super) const fn span(&self) -> Span {
        (self.since, self.until)
    }
}

/// The one whose id is `text`, or the only one whose id begins with it.
pub(super) fn find(past: &Past<'_>, text: &str, now: Timestamp) -> anyhow::Result<Subject> {
    let mut found = named(past, text, now)?;
    if let Some(exact) = found.iter().position(|subject| subject.id == text) {
        return Ok(found.swap_remove(exact));
    }
    match (found.len(), found.pop()) {
        (1, Some(one)) if !text.is_empty() => Ok(one),
        (0, _) => {
            let latest = named(past, "", now)?;
            if latest.is_empty() {
                bail!("there is no incident '{text}', nor any other in this history");
            }
            bail!(
                "there is no incident '{text}'; the nearest and latest are:{}",
                list(text, latest)
            )
        }
        (_, last) => {
            found.extend(last);
            bail!("several incidents begin with '{text}'; say more of one:{}", list(text, found))
        }
    }
}

fn named(past: &Past<'_>, prefix: &str, now: Timestamp) -> anyhow::Result<Vec<Subject>> {
    let mut all: Vec<Subject> = past
        .incidents_with(prefix, NAMED)?
        .into_iter()
        .map(|row| Subject::new(row.id.clone(), (row.began, row.ended), Some(row), now))
        .collect();
    for (id, first, last) in past.acts_with(prefix, NAMED)? {
        if !all.iter().any(|subject| subject.id == id) {
            all.push(Subject::new(id, (first, Some(last)), None, now));
        }
    }
    all.sort_by_key(|subject| std::cmp::Reverse(subject.began));
    Ok(all)
}

/// Those that share most of their beginning first, then the newest.
fn list(text: &str, mut all: Vec<Subject>) -> String {
    let common = |id: &str| id.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    all.sort_by_key(|subject| std::cmp::Reverse((common(&subject.id), subject.began)));
    let line = |subject: &Subject| format!("\n  {}", super::super::style::printable(&subject.id));
    all.iter().take(NAMED as usize).map(line).collect()
}
