//! `eoskeeper fleet`: the keepers that the running keeper watches, as a table.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::cli::status::{ask, check_version, json};
use crate::cli::style::{Style, printable};
use crate::cli::{failed, print};
use crate::core::time::Human;

/// Whom to ask, and how to show it.
#[derive(Args, Debug)]
pub struct Options {
    /// The configuration file that names the keeper's address.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// The keeper's address, instead of the configuration's.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    url: Option<String>,
    /// Print the members as JSON.
    #[arg(long)]
    json: bool,
}

/// Asks and prints; exit code 1 when a member is offline, 3 when the keeper does not answer.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let (url, text) =
        match ask(options.config.as_deref(), options.url.as_deref(), options.node.as_deref()) {
            Ok(answer) => answer,
            Err(code) => return code,
        };
    match show(&url, &text, options.json) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(error),
    }
}

/// Whether none is offline.
fn show(url: &str, text: &str, as_json: bool) -> anyhow::Result<bool> {
    let status = json(url, text)?;
    check_version(url, &status)?;
    let fleet = &status["fleet"];
    if as_json {
        print(&format!("{}\n", serde_json::to_string_pretty(fleet)?))?;
    } else {
        print(&render(&status, Style::of_stdout()))?;
    }
    Ok(fleet["offline"] == 0)
}

/// The head of the table.
const HEAD: [&str; 8] =
    ["STATE", "MEMBER", "ROLE", "PRODUCER", "CHAIN", "HEAD", "LAST HEARD", "WHAT IT SAYS"];
/// Digits of a chain's id that tell chains apart.
const CHAIN_DIGITS: usize = 8;

fn render(status: &Value, style: Style) -> String {
    let fleet = &status["fleet"];
    let members: Vec<&Value> = fleet["members"].as_array().into_iter().flatten().collect();
    if members.is_empty() {
        return "No fleet is watched: neither [fleet] nor [peers] names a member.\n".to_owned();
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(members.iter().map(|member| row(member, peer(status, member))));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut page = String::new();
    for (at, row) in rows.iter().enumerate() {
        let mut cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let first = cells.next().unwrap_or_default();
        let first = match row[0].as_str() {
            "reporting" => style.good(&first),
            "offline" => style.bad(&first),
            "late" => style.warn(&first),
            _ => style.dim(&first),
        };
        let rest: Vec<String> = cells.collect();
        let line = format!("{first}  {}", rest.join("  "));
        let line = if at == 0 { style.bold(line.trim_end()) } else { line.trim_end().to_owned() };
        let _ = writeln!(page, "{line}");
    }
    let count = |name: &str| fleet[name].as_u64().unwrap_or_default();
    let _ = writeln!(
        page,
        "{} report, {} late, {} offline, {} never reported, {} taken as decommissioned.",
        count("reporting"),
        count("late"),
        count("offline"),
        count("never"),
        count("forgotten")
    );
    page
}

/// What a peer that is not in `[fleet]` said, in the same words.
fn peer<'a>(status: &'a Value, member: &Value) -> &'a Value {
    let peers = status["peers"].as_array().into_iter().flatten();
    let found = peers.into_iter().find(|peer| peer["name"] == member["name"]);
    found.map_or(&Value::Null, |peer| &peer["status"])
}

fn row(member: &Value, peer: &Value) -> [String; HEAD.len()] {
    let report = &member["report"];
    let (said, chain) = if report.is_object() { (report, report) } else { (peer, peer) };
    let chain: String = text(&chain["chain_id"]).chars().take(CHAIN_DIGITS).collect();
    let head = match &said["head"] {
        Value::Null => "-".to_owned(),
        head => format!("#{head}"),
    };
    let heard = match (member["state"].as_str(), &member["heard_at"]) {
        (Some("reporting"), _) => "now".to_owned(),
        (_, Value::Null) => "-".to_owned(),
        _ => format!("{} ago", Human(member["quiet_ms"].as_u64().unwrap_or_default())),
    };
    [
        text(&member["state"]),
        text(&member["name"]),
        text(&member["role"]),
        text(&said["producer"]),
        chain,
        head,
        heard,
        sentence(member, said),
    ]
}

/// Why it is silent, else what fires there, else its decision.
fn sentence(member: &Value, said: &Value) -> String {
    if let (true, Value::String(_)) = (member["state"] != "reporting", &member["failure"]) {
        return text(&member["failure"]);
    }
    let rules = |name: &str| {
        let rules: Vec<String> = said[name].as_array().into_iter().flatten().map(text).collect();
        rules.join(", ")
    };
    let (paging, warning) = (rules("paging"), rules("warning"));
    match (paging.is_empty(), warning.is_empty(), &said["sentence"]) {
        (false, _, _) => format!("page: {paging}"),
        (_, false, sentence) => format!("{} (warn: {warning})", text(sentence)),
        (_, _, sentence) => text(sentence),
    }
}

/// Text of a field, or a dash; it came from another host.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_of_members_on_several_chains() {
        let report = |producer: &str, chain: &str, paging: &[&str]| {
            json!({ "producer": producer, "chain_id": chain.repeat(64), "head": 949,
                    "paging": paging, "warning": [], "sentence": "All is well.\u{1b}[2J" })
        };
        let status = json!({
            "peers": [{ "name": "b", "status": { "producer": "eosstorebest", "head": 950,
                        "chain_id": "a".repeat(64), "sentence": "It waits." } }],
            "fleet": {
                "reporting": 3, "late": 0, "offline": 1, "never": 1, "forgotten": 0,
                "members": [
                    { "name": "b", "state": "reporting", "role": "B", "report": null },
                    { "name": "wax-1", "state": "reporting", "role": "A",
                      "report": report("waxproducer1", "b", &[]) },
                    { "name": "telos-1", "state": "reporting", "role": "A",
                      "report": report("telosprod", "c", &["head_stalled"]) },
                    { "name": "oslo-1", "state": "offline", "role": "F", "quiet_ms": 660_000,
                      "heard_at": "2026-11-21T02:48:37.000", "failure": "connection refused",
                      "report": report("eosstorebest", "a", &[]) },
                    { "name": "new-1", "state": "never", "role": null, "report": null },
                ],
            },
        });
        let page = render(&status, Style::plain());
        let expected = "\
STATE      MEMBER   ROLE  PRODUCER      CHAIN     HEAD  LAST HEARD    WHAT IT SAYS
reporting  b        B     eosstorebest  aaaaaaaa  #950  now           It waits.
reporting  wax-1    A     waxproducer1  bbbbbbbb  #949  now           All is well.\u{fffd}[2J
reporting  telos-1  A     telosprod     cccccccc  #949  now           page: head_stalled
offline    oslo-1   F     eosstorebest  aaaaaaaa  #949  11 min ago    connection refused
never      new-1    -     -             -         -     -             -
3 report, 0 late, 1 offline, 1 never reported, 0 taken as decommissioned.
";
        let squeezed = |text: &str| -> Vec<String> {
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        };
        assert_eq!(squeezed(&page), squeezed(expected), "{page}");
        // Columns stand below each other.
        let at: Vec<_> = page
            .lines()
            .take(5)
            .map(|line| line.find(&line.split_whitespace().nth(4).unwrap().to_owned()))
            .collect();
        assert!(at.windows(2).all(|two| two[0] == two[1]), "{page}");
        let none = json!({ "fleet": { "members": [] } });
        assert!(render(&none, Style::plain()).starts_with("No fleet is watched"));
    }
}
