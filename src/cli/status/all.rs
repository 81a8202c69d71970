//! The nodes of one file, a line each.

use anyhow::Context;
use serde_json::Value;

use crate::cli::print;
use crate::cli::style::{Style, printable};

/// Prints the list that a keeper of several nodes answers.
pub(super) fn show(url: &str, text: &str, json: bool, why: bool) -> anyhow::Result<()> {
    if json {
        return print(&format!("{text}\n"));
    }
    let answer: Value = super::json(url, text)?;
    let nodes = answer["nodes"].as_array().with_context(|| {
        format!("{url} names no nodes; is the keeper that runs of this version, with this file?")
    })?;
    let mut shown = lines(nodes, Style::of_stdout());
    if why {
        shown.push_str("The gates of one of them: eoskeeper status --why --node NAME\n");
    }
    print(&shown)
}

fn lines(nodes: &[Value], style: Style) -> String {
    let text = |node: &Value, key: &str| printable(node[key].as_str().unwrap_or("-"));
    let width = nodes.iter().map(|node| text(node, "name").chars().count()).max().unwrap_or(0);
    let mut all = String::new();
    for node in nodes {
        // Padded before it is coloured: the codes have a width too.
        let (name, level) = (text(node, "name"), text(node, "level"));
        let level = match node["fault"].as_str() {
            Some(_) => style.bad("down"),
            None => match level.as_str() {
                "well" => style.good("well"),
                "look" => style.warn("look"),
                other => style.bad(&format!("{other:<4}")),
            },
        };
        let said = match node["fault"].as_str() {
            Some(fault) => format!("The keeper does not run: {}.", printable(fault)),
            None => text(node, "sentence"),
        };
        let producer = text(node, "producer");
        all.push_str(&format!("{name:<width$}  {level}  {producer:<13} {said}\n"));
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_for_each_node_and_what_does_not_run_is_said() {
        let node = |name: &str, level: &str, fault: Option<&str>| {
            json!({ "name": name, "level": level, "producer": "eosstorebest", "fault": fault,
                    "sentence": "It\u{1b}[2J signs." })
        };
        let nodes = [node("eos", "well", None), node("wax_2", "act", Some("no port"))];
        assert_eq!(
            lines(&nodes, Style::plain()),
            "eos    well  eosstorebest  It\u{fffd}[2J signs.\n\
             wax_2  down  eosstorebest  The keeper does not run: no port.\n"
        );
    }
}
