//! The node beside the keeper.

use maud::html;

use super::{Card, plain};
use crate::core::settings::Role;
use crate::core::status::{NodeStatus, Status};
use crate::web::page::escape::clean;
use crate::web::page::mark::Mark;
use crate::web::page::sentence;
use crate::web::page::words;

pub(super) fn card(status: &Status) -> Card {
    let node = &status.node;
    let (mark, headline) = headline(status);
    let mut rows = vec![("It", plain(sentence::position(status)))];
    rows.push((
        "RPC",
        match &node.api_failure {
            Some(why) => html! { "does not answer: " (clean(why)) },
            None if node.api_answers => plain("answers"),
            None => plain("not asked yet"),
        },
    ));
    rows.push(("Production", plain(production(node))));
    if let Some(process) = &node.process {
        rows.push(("Process", plain(clean(process))));
    }
    rows.push(("Log", plain(log(node))));
    rows.push(("Peers", plain(words::or_dash(node.peers))));
    rows.push(("nodeos", plain(node.version.as_deref().map_or("–".to_owned(), clean))));
    Card { id: "node", title: "Node", mark, headline, rows, below: html! {} }
}

fn headline(status: &Status) -> (Mark, String) {
    let node = &status.node;
    let has_ended = node.process.as_deref().is_some_and(|process| process.starts_with("ended"));
    match (has_ended, &node.api_failure, node.api_answers, node.paused) {
        (true, ..) => (Mark::Bad, "Has ended".to_owned()),
        (_, Some(_), ..) => (Mark::Bad, "Does not answer".to_owned()),
        (_, None, false, _) => (Mark::Unknown, "Not asked yet".to_owned()),
        (_, None, true, Some(true)) => (Mark::Good, "Runs, paused".to_owned()),
        (_, None, true, Some(false)) if status.role != Role::Observer => {
            (Mark::Good, "Runs, able to sign".to_owned())
        }
        (_, None, true, _) => (Mark::Good, "Runs".to_owned()),
    }
}

fn production(node: &NodeStatus) -> String {
    match (node.paused, &node.paused_failure) {
        (Some(true), _) => "paused".to_owned(),
        (Some(false), _) => "not paused".to_owned(),
        (None, Some(why)) => format!("not known whether paused: {}", clean(why)),
        (None, None) => "not known whether paused".to_owned(),
    }
}

fn log(node: &NodeStatus) -> String {
    let losses = match node.log_lost {
        0 => String::new(),
        lost => format!(", {}", words::count(lost, "loss")),
    };
    let events = words::count(node.log_events, "event");
    format!("{} {events}, {} other lines{losses}", clean(&node.log), node.log_others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::sample;

    #[test]
    fn the_headline_is_the_worst_that_is_known() {
        type Case = (&'static str, fn(&mut NodeStatus), Mark, &'static str);
        let well = sample::signing();
        let cases: [Case; 5] = [
            ("well", |_| {}, Mark::Good, "Runs, able to sign"),
            ("paused", |node| node.paused = Some(true), Mark::Good, "Runs, paused"),
            (
                "mute",
                |node| node.api_failure = Some("timed out".into()),
                Mark::Bad,
                "Does not answer",
            ),
            (
                "ended",
                |node| node.process = Some("ended: process 7 ended".into()),
                Mark::Bad,
                "Has ended",
            ),
            ("new", |node| node.api_answers = false, Mark::Unknown, "Not asked yet"),
        ];
        for (name, change, mark, said) in cases {
            let mut status = well.clone();
            change(&mut status.node);
            assert_eq!(headline(&status), (mark, said.to_owned()), "{name}");
        }
    }
}
