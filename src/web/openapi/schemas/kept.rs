//! What is answered of the past, of health, and when there is no answer.

use serde_json::{Value, json};

use super::{count, flag, integer, list, mask, maybe, object, object_with, of, text, time, word};
use crate::web::answer::API_VERSION;
use crate::web::api::past::WHATS;

fn version() -> Value {
    json!({ "type": "integer", "const": API_VERSION })
}

fn page(what: &str, item: Value) -> Value {
    object(
        what,
        vec![
            (
                "api_version",
                version(),
                "Counts up when something is removed or changes its meaning.",
            ),
            ("since", time(), "From when on."),
            ("until", time(), "Before when."),
            ("items", list(item), "The rows."),
            ("next", maybe(text()), "To be given as `cursor` for the next page; null at the end."),
        ],
    )
}

/// The shapes by name.
pub(super) fn shapes() -> Vec<(&'static str, Value)> {
    let samples = json!({ "anyOf": [of("Sample"), of("HourSample")] });
    vec![
        ("Error", error()),
        ("Health", health()),
        ("Nodes", nodes()),
        ("NodeLine", node_line()),
        ("HistoryPage", page("Entries, the newest first.", of("Entry"))),
        ("IncidentsPage", page("Incidents, the newest first.", of("IncidentRow"))),
        ("LedgerPage", page("Settled turns, oldest first.", of("SettledTurn"))),
        ("SamplesPage", page("Measurements, oldest first.", samples)),
        ("Entry", entry()),
        ("IncidentRow", incident()),
        ("SettledTurn", turn()),
        ("Sample", sample()),
        ("HourSample", hour()),
        ("Spread", spread()),
    ]
}

fn nodes() -> Value {
    object(
        "The nodes that are watched.",
        vec![
            ("api_version", version(), "As in every answer."),
            ("nodes", list(of("NodeLine")), "A line for each."),
        ],
    )
}

fn node_line() -> Value {
    object(
        "A node in short.",
        vec![
            ("name", maybe(text()), "NAME of its [node:NAME]; null where the file has none."),
            ("node_name", text(), "Its name among the nodes of its producer."),
            ("role", text(), "What it is for."),
            ("producer", text(), "The producer."),
            ("chain_id", maybe(text()), "Its chain, once it is known."),
            ("decision", text(), "The decision's kind."),
            ("sentence", text(), "The decision in one sentence."),
            ("level", word(&["well", "look", "act"]), "The colour of its page."),
            ("healthy", flag(), "Whether its keeper works."),
            ("ready", flag(), "Whether its keeper knows enough to be asked."),
            ("fault", maybe(text()), "Why its keeper does not run just now."),
            ("page", text(), "The path of its page."),
            ("status", text(), "The path of its status."),
        ],
    )
}

fn error() -> Value {
    let said = object(
        "What is wrong.",
        vec![
            ("code", text(), "A word for programs: bad_parameter, unauthorized, too_slow."),
            ("message", text(), "One sentence: the cause, and what to do."),
            ("parameter", maybe(text()), "The parameter it is about."),
        ],
    );
    object(
        "Why there is no answer.",
        vec![("api_version", version(), "As in every answer."), ("error", said, "What is wrong.")],
    )
}

fn health() -> Value {
    let check = object(
        "One thing that is looked at.",
        vec![
            ("name", text(), "Its name."),
            ("ok", flag(), "Whether it is as it should be."),
            ("sentence", text(), "What was seen."),
        ],
    );
    object_with(
        "Whether all is well.",
        vec![
            ("api_version", version(), "As in every answer."),
            ("ok", flag(), "Whether every check is well."),
            ("checks", list(check), "Left out for those who showed no token."),
        ],
        &["api_version", "ok"],
    )
}

fn entry() -> Value {
    object(
        "One thing that happened.",
        vec![
            ("at", time(), "When."),
            ("what", word(&WHATS), "What it is about."),
            ("kind", text(), "The decision's kind, or the act."),
            ("hold", maybe(text()), "Why nothing is promoted, where that is the decision."),
            ("sentence", text(), "One sentence for a person."),
            ("incident", text(), "The incident it belongs to; empty when there is none."),
            ("evidence", json!({}), "What it was judged by, or the order, or its outcome."),
        ],
    )
}

fn incident() -> Value {
    object(
        "An incident, from its beginning to its end.",
        vec![
            ("id", text(), "Its id, the same for as long as it lasts."),
            ("cause", text(), "The cause's key."),
            ("severity", word(&["info", "warn", "page"]), "How bad it is, at its worst."),
            ("began", time(), "When it began."),
            ("ended", maybe(time()), "When it ended; null while it stands."),
            ("title", text(), "The truth in one sentence."),
            ("proof", list(text()), "What was seen, the most telling first."),
            ("changed", time(), "When it last changed."),
        ],
    )
}

fn turn() -> Value {
    let loss = object(
        "A cause, and the slots it cost.",
        vec![("cause", text(), "Its name."), ("slots", mask(), "The slots, bit n for slot n.")],
    );
    object(
        "What became of one of our turns; in each mask bit n is slot n, 0 to 11, and a slot that is \
         in none of met, forked and missed is unknown.",
        vec![
            ("start", time(), "When it began."),
            ("last", time(), "When the last of the turns it stands for began."),
            ("turns", count(), "How many turns it stands for: more than one if nobody watched."),
            ("producer", text(), "The producer."),
            ("met", mask(), "Slots with a block of ours on the final chain."),
            ("late", mask(), "Those of them whose block was late."),
            ("forked", mask(), "Slots whose block was seen, and is not on the final chain."),
            ("missed", mask(), "Slots without a block."),
            ("here", mask(), "Slots this node signed."),
            ("losses", list(loss), "Why slots were lost."),
            ("proof", word(&["chain", "log", "none"]), "What it is known by."),
            ("settled", time(), "When it was settled."),
        ],
    )
}

fn sample() -> Value {
    object(
        "What was measured at one moment.",
        vec![
            ("at", time(), "When."),
            ("head", maybe(count()), "This node's head block."),
            ("lib", maybe(count()), "Its last irreversible block."),
            ("head_age_ms", maybe(integer()), "Age of the head block, milliseconds."),
            ("best", maybe(count()), "Greatest head among the references that answer."),
            ("median", maybe(count()), "Median of their heads."),
            ("agree", count(), "How many of them agree with this node."),
            ("references", count(), "How many are configured."),
            ("own_age_ms", maybe(count()), "Milliseconds since the last block with our name."),
            ("producing", flag(), "Whether this node signs by right, as the keeper sees it."),
            ("peers", maybe(count()), "Connected peers of nodeos."),
            ("incidents", count(), "Incidents that stand."),
            ("host", maybe(of("HostSample")), "The host, where it is watched."),
        ],
    )
}

fn hour() -> Value {
    let mut fields = vec![
        ("at", time(), "When the hour began."),
        ("samples", count(), "How many samples it had: 360 while the keeper ran."),
        ("producing", count(), "In how many of them this node signed by right."),
        ("head", maybe(count()), "This node's last head block."),
    ];
    for (name, what) in [
        ("head_age_ms", "Age of the head block, milliseconds."),
        ("lag", "Blocks behind the best reference."),
        ("lib_lag", "Blocks from the last irreversible one to the head."),
        ("own_age_ms", "Milliseconds since the last block with our name."),
        ("agree", "References that agreed."),
        ("peers", "Connected peers."),
        ("incidents", "Incidents that stood."),
        ("cpu_permille", "Busy share of all processors, thousandths."),
        ("memory_permille", "Memory that was not available, thousandths."),
        ("swap_permille", "Swap in use, thousandths."),
        ("disk_permille", "The fullest disk, thousandths."),
        ("open_files", "Open files of nodeos."),
        ("clock_offset_ms", "This clock against the references', milliseconds."),
    ] {
        fields.push((name, maybe(of("Spread")), what));
    }
    object("What is kept of an hour whose samples are gone.", fields)
}

fn spread() -> Value {
    object(
        "Least, greatest and mean of an hour's figures.",
        vec![
            ("min", integer(), "The least."),
            ("max", integer(), "The greatest."),
            ("mean", integer(), "The mean."),
        ],
    )
}
