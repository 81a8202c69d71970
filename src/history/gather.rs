//! Makes a report's figures of the history.

use crate::core::name::Name;
use crate::core::report::measured::Measured;
use crate::core::report::{Happened, Report};
use crate::core::time::Timestamp;
use crate::history::entry::Entry;
use crate::history::record::IncidentRow;
use crate::history::store::{Past, ROWS_MAX, Span, StoreError};

/// Most incidents and acts of one report.
const HAPPENED_MAX: u32 = 1_000;
/// Acts that change who signs; taking and letting go of the lease belong to them.
const ACTS: [&str; 6] = ["promote", "demote", "promote_remote", "hand_over", "fence", "restart"];

/// The figures of a span. Six hours take a few milliseconds, a week some hundred.
///
/// # Errors
/// When the file cannot be read.
pub fn report(
    past: &Past<'_>,
    node: &str,
    producer: Name,
    (since, until): Span,
) -> Result<Report, StoreError> {
    let span = (since, until);
    let incidents = past.incidents(span, HAPPENED_MAX)?.into_iter().map(incident);
    let orders = past.orders(span, HAPPENED_MAX)?.into_iter();
    Ok(Report {
        since,
        until,
        node: node.to_owned(),
        producer,
        ledger: past.ledger(span)?,
        measured: measured(past, span)?,
        incidents: incidents.collect(),
        acts: orders.filter(|order| ACTS.contains(&order.kind.as_str())).map(act).collect(),
    })
}

/// Hours where the samples are gone, samples where they are there.
fn measured(past: &Past<'_>, (since, until): Span) -> Result<Measured, StoreError> {
    let mut measured = Measured::default();
    // Fewer than a page: 400 days.
    past.hours((since, until), ROWS_MAX)?.iter().for_each(|hour| measured.add_hour(hour));
    let mut from = since;
    loop {
        let page = past.samples((from, until), ROWS_MAX)?;
        page.iter().for_each(|sample| measured.add(sample));
        match page.last() {
            Some(last) if page.len() == ROWS_MAX as usize => from = last.at.plus_ms(1),
            _ => return Ok(measured.done()),
        }
    }
}

fn incident(row: IncidentRow) -> Happened {
    Happened {
        began: row.began,
        ended: row.ended,
        severity: Some(row.severity),
        cause: row.cause,
        title: row.title,
    }
}

fn act(order: Entry) -> Happened {
    let title = format!("{}: {}", order.kind, order.sentence);
    let began: Timestamp = order.at;
    Happened { began, ended: None, severity: None, cause: order.kind, title }
}
