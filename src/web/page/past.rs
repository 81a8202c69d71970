//! Incidents of the last week, and what was decided and done, each with its evidence.

mod evidence;

use maud::{Markup, html};

use super::command::{command, command_with};
use super::escape::clean;
use super::mark::{self, Mark};
use super::view::View;
use super::words;
use crate::core::time::Timestamp;
use crate::history::entry::{Entry, What};
use crate::history::record::IncidentRow;

/// Most incidents that are shown.
pub(super) const INCIDENTS_MAX: u32 = 20;
/// Most decisions and acts that are shown.
pub(super) const ENTRIES_MAX: u32 = 20;

/// Incidents.
pub(super) fn incidents(view: &View<'_>) -> Markup {
    let (rows, now) = (&view.past.incidents, view.status.at);
    html! {
        section id="incidents" class="past" aria-labelledby="incidents-title" {
            h2 id="incidents-title" { "Incidents" }
            @if let Some(why) = &view.past.failure { p class="lead" { (clean(why)) } }
            @if rows.is_empty() {
                p class="lead" { "None in the last week." }
            } @else {
                table {
                    caption { "Of the last week, the newest first." }
                    thead {
                        tr { th scope="col" { "Began" } th scope="col" { "What" } th scope="col" { "Lasted" } }
                    }
                    tbody { @for row in rows.iter().rev() { (incident_row(row, now)) } }
                }
            }
            p class="quiet" { "More of them: " (command("eoskeeper incidents")) }
        }
    }
}

fn incident_row(row: &IncidentRow, now: Timestamp) -> Markup {
    html! {
        tr {
            th scope="row" { (words::moment(row.began)) }
            td {
                p class="what" {
                    (Mark::of(row.severity).draw())
                    span {
                        (clean(&row.title)) " "
                        span class="quiet" {
                            (mark::severity(row.severity)) ", " code { (clean(&row.cause)) }
                        }
                    }
                }
                details id=(key("i", row.began, &row.id)) {
                    summary { "Evidence" span class="unseen" { " of " (clean(&row.cause)) } }
                    ul {
                        @for proof in &row.proof { li { (clean(proof)) } }
                    }
                    @if let Some(shown) = command_with("evidence", &row.id) {
                        p { "All of it in a file: " (shown) }
                    }
                }
            }
            td {
                @match row.ended {
                    Some(ended) => (words::since(row.began, ended)),
                    None => { strong { "stands" } ", " (words::since(row.began, now)) },
                }
            }
        }
    }
}

/// Decisions, orders and outcomes.
pub(super) fn decisions(view: &View<'_>) -> Markup {
    let rows = &view.past.entries;
    html! {
        section id="decisions" class="past" aria-labelledby="decisions-title" {
            h2 id="decisions-title" { "Decisions" }
            @if rows.is_empty() {
                p class="lead" { "None is recorded yet." }
            } @else {
                table {
                    caption { "What was decided and done last, the newest first." }
                    thead {
                        tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Kind" } }
                    }
                    tbody { @for row in rows.iter().rev() { (entry_row(row)) } }
                }
            }
            p class="quiet" { "More of them: " (command("eoskeeper history --since 24h")) }
        }
    }
}

fn entry_row(entry: &Entry) -> Markup {
    let kind = match &entry.hold {
        Some(hold) => format!("{}: {}", clean(&entry.kind), words::spaced(&clean(hold))),
        None => words::spaced(&clean(&entry.kind)),
    };
    let name = format!("{}{kind}{}", entry.what.as_str(), entry.sentence);
    html! {
        tr {
            th scope="row" { (words::moment(entry.at)) }
            td {
                p { (clean(&entry.sentence)) }
                @if entry.what == What::Decision {
                    details id=(key("d", entry.at, &name)) {
                        summary { "Evidence" span class="unseen" { " of " (kind) } }
                        (evidence::list(&entry.evidence))
                    }
                }
            }
            td { (what(entry.what)) " " code { (kind) } }
        }
    }
}

const fn what(what: What) -> &'static str {
    match what {
        What::Decision => "",
        What::Order => "order",
        What::Outcome => "outcome",
        What::Start | What::End | What::Reload | What::Gap | What::Unknown => "keeper",
    }
}

/// A name for what may be unfolded, the same each time the page is made: what others wrote is not
/// in it, only a checksum of that.
fn key(prefix: &str, at: Timestamp, text: &str) -> String {
    // FNV-1a: what collides within a millisecond is folded together, no more.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{prefix}{}-{:x}", at.ms(), hash & 0xFFFF_FFFF)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::action::Severity;
    use crate::web::page::sample;
    use crate::web::page::view::Past;

    const HOSTILE: &str = "<script>alert(1)</script> \" onload=x \u{202e}";

    fn past() -> Past {
        let at = sample::at();
        let incident = IncidentRow {
            id: HOSTILE.into(),
            cause: HOSTILE.into(),
            severity: Severity::Page,
            began: at,
            ended: None,
            title: HOSTILE.into(),
            proof: vec![HOSTILE.into(); 3],
            changed: at,
        };
        let entry = Entry {
            at,
            what: What::Decision,
            kind: HOSTILE.into(),
            hold: Some(HOSTILE.into()),
            sentence: HOSTILE.into(),
            incident: HOSTILE.into(),
            evidence: json!({
                "gates": [{ "name": HOSTILE, "closed": HOSTILE, "sentence": HOSTILE }],
                "findings": [{ "rule": HOSTILE, "saw": HOSTILE, "threshold": HOSTILE }],
            }),
        };
        Past { incidents: vec![incident], entries: vec![entry], ..Past::default() }
    }

    #[test]
    fn what_others_wrote_is_text_and_in_no_command() {
        let (status, past) = (sample::signing(), past());
        let view = View { status: &status, past: &past, judged_ago_ms: 0 };
        for page in [incidents(&view).into_string(), decisions(&view).into_string()] {
            assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
            for bad in ["<script", "\" onload", "\u{202e}", "eoskeeper evidence"] {
                assert!(!page.contains(bad), "{bad}\n{page}");
            }
        }
    }

    #[test]
    fn nothing_of_the_past_is_said_in_words() {
        let (status, past) = (sample::signing(), Past::default());
        let view = View { status: &status, past: &past, judged_ago_ms: 0 };
        assert!(incidents(&view).into_string().contains("None in the last week."));
        assert!(decisions(&view).into_string().contains("None is recorded yet."));
        let past = Past { failure: Some("The history cannot be read: busy.".into()), ..past };
        let view = View { status: &status, past: &past, judged_ago_ms: 0 };
        assert!(incidents(&view).into_string().contains("cannot be read: busy"));
    }

    #[test]
    fn a_key_is_steady_and_holds_nothing_of_others() {
        let at = Timestamp::from_ms(7);
        assert_eq!(key("i", at, HOSTILE), key("i", at, HOSTILE));
        assert_ne!(key("i", at, HOSTILE), key("i", at, "other"));
        assert!(key("i", at, HOSTILE).chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    }
}
