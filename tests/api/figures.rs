//! `/metrics` against its table, and the table against its document.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use eoskeeper::web::guard::Guard;
use eoskeeper::web::metrics::{SERIES, collect};

use crate::asking::Server;
use crate::facts::{bare, beat, facts, full};

const DOCUMENT: &str = "doc/monitoring.md";
const BEGIN: &str = "<!-- series: made from the table in the code; UPDATE_DOCS=1 writes it -->\n";
const END: &str = "<!-- end of series -->\n";

#[tokio::test]
async fn every_sample_is_one_of_the_table_and_every_series_has_one() {
    let (facts, _status, pulse) = facts(full(), None);
    beat(&pulse);
    let mut seen = BTreeSet::new();
    for sample in collect(&facts) {
        let series = SERIES.iter().find(|series| series.name == sample.name);
        let series = series.unwrap_or_else(|| panic!("{} is not in the table", sample.name));
        assert_eq!(sample.labels.len(), series.labels.len(), "{}", sample.name);
        seen.insert(sample.name);
    }
    let all: BTreeSet<&str> = SERIES.iter().map(|series| series.name).collect();
    assert_eq!(all.difference(&seen).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[tokio::test]
async fn no_sample_is_there_twice_and_what_is_not_known_has_none() {
    for status in [bare(), full()] {
        let (facts, _status, pulse) = facts(status, None);
        beat(&pulse);
        let samples = collect(&facts);
        let keys: BTreeSet<_> = samples.iter().map(|s| (s.name, s.labels.clone())).collect();
        assert_eq!(keys.len(), samples.len());
    }
    let (facts, _status, _pulse) = facts(bare(), None);
    let names: BTreeSet<&str> = collect(&facts).iter().map(|sample| sample.name).collect();
    for absent in ["chain_head_block", "node_paused", "lease_held", "pool_up", "host_cpu_ratio"] {
        assert!(!names.contains(format!("eoskeeper_{absent}").as_str()), "{absent}");
    }
}

#[tokio::test]
async fn whoever_asks_gets_the_text_that_it_understands() {
    let (facts, _status, pulse) = facts(full(), None);
    beat(&pulse);
    let server = Server::start(facts, Guard::default()).await;
    let plain = server.get("/metrics").await;
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(plain.body.contains("# TYPE eoskeeper_judgements_total counter\n"), "{}", plain.body);
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let open = server.ask("GET", "/metrics", &[("Host", "localhost"), ("Accept", accept)]).await;
    assert!(open.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
}

/// The table as the document has it.
fn table() -> String {
    let mut table = String::from("| series | kind | labels | meaning |\n|---|---|---|---|\n");
    for series in SERIES {
        let labels: Vec<String> = series.labels.iter().map(|label| format!("`{label}`")).collect();
        let (name, kind) = (series.shown(), series.kind.as_str());
        writeln!(table, "| `{name}` | {kind} | {} | {} |", labels.join(" "), series.help).unwrap();
    }
    table
}

#[test]
fn the_document_has_the_table_of_the_code() {
    let text = fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(DOCUMENT, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(shown, table(), "run it once with UPDATE_DOCS=1");
}

/// What the dashboard and the rules ask for is there.
#[test]
fn dashboard_and_rules_name_only_series_that_exist() {
    let mut known: BTreeSet<String> = SERIES.iter().map(|series| series.shown()).collect();
    for part in ["bucket", "sum", "count"] {
        known.insert(format!("eoskeeper_producer_block_arrival_seconds_{part}"));
    }
    let mut named = 0;
    for file in ["doc/monitoring/dashboard.json", "doc/monitoring/rules.yml"] {
        let text = fs::read_to_string(file).unwrap();
        for piece in text.split("eoskeeper_").skip(1) {
            let end = piece.find(|c: char| !c.is_ascii_lowercase() && c != '_');
            let name = format!("eoskeeper_{}", &piece[..end.unwrap_or(piece.len())]);
            assert!(known.contains(&name), "{file}: there is no {name}");
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}
