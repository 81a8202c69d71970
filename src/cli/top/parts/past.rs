//! Incidents of the last week.

use serde_json::Value;

use crate::cli::top::facts::Past;
use crate::cli::top::page::Page;
use crate::cli::top::paint::Mark;
use crate::cli::top::words::{clean, count, moment, span, time};
use crate::core::action::Severity;
use crate::history::record::IncidentRow;

/// Incidents, the newest first.
pub(in crate::cli::top) fn incidents(page: &mut Page, status: &Value, past: &Past) {
    let all = past.incidents.len() as u64;
    let lead = match all {
        0 => "None in the last week.".to_owned(),
        all => format!("{} in the last week.", count(all, "incident")),
    };
    page.title("Incidents", &lead);
    if let Some(why) = &past.failure {
        page.item(Mark::Unknown, &clean(why));
    }
    for row in &past.incidents {
        page.item(mark(row), &said(row, status));
    }
}

const fn mark(row: &IncidentRow) -> Mark {
    match (row.ended, row.severity) {
        (Some(_), _) | (None, Severity::Info) => Mark::Quiet,
        (None, Severity::Warn) => Mark::Warn,
        (None, Severity::Page) => Mark::Bad,
    }
}

fn said(row: &IncidentRow, status: &Value) -> String {
    let end = row.ended.or_else(|| time(&status["at"])).unwrap_or(row.began);
    let lasted = span(end.since_ms(row.began).max(0).cast_unsigned());
    let stands = if row.ended.is_none() { "stands for" } else { "lasted" };
    let severity = match row.severity {
        Severity::Info => "info",
        Severity::Warn => "warning",
        Severity::Page => "page",
    };
    let title = clean(&row.title);
    let title = title.trim_end_matches('.');
    format!("{}  {title} ({severity}, {}), {stands} {lasted}", moment(row.began), clean(&row.cause))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::top::paint::Paint;
    use crate::cli::top::sample;

    #[test]
    fn what_stands_is_told_from_what_is_over() {
        let row = |severity, ended: Option<i64>| IncidentRow {
            id: "20261121T024837-api_down".into(),
            cause: "api_down".into(),
            severity,
            began: sample::at().plus_ms(-3_600_000),
            ended: ended.map(|ms| sample::at().plus_ms(ms)),
            title: "The node\u{1b} does not answer.".into(),
            proof: Vec::new(),
            changed: sample::at(),
        };
        let past = Past {
            incidents: vec![row(Severity::Page, None), row(Severity::Page, Some(-3_540_000))],
            failure: Some("This may be old: busy.".into()),
            ..Past::default()
        };
        let mut page = Page::new(100, Paint::of(false, true));
        incidents(&mut page, &json!({ "at": sample::at() }), &past);
        let shown: Vec<String> = page.into_lines().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "Incidents  2 incidents in the last week.",
                "  ? This may be old: busy.",
                "  ✗ 11-21 01:48 The node\u{fffd} does not answer (page, api_down), stands for 1 h",
                "  · 11-21 01:48 The node\u{fffd} does not answer (page, api_down), lasted 1 min",
            ]
        );
        let mut page = Page::new(100, Paint::of(false, true));
        incidents(&mut page, &json!({}), &Past::default());
        assert_eq!(page.into_lines()[0].to_string(), "Incidents  None in the last week.");
    }
}
