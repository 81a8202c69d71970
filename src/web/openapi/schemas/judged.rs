//! What the last tick judged: `/api/status`.

use serde_json::{Map, Value, json};

use super::{count, flag, integer, list, maybe, object, object_with, of, text, time, word};
use crate::core::settings::Rules;
use crate::core::status::STATUS_VERSION;

/// The shapes by name.
pub(super) fn shapes() -> Vec<(&'static str, Value)> {
    vec![
        ("Status", status()),
        ("Decision", decision()),
        ("NodeStatus", node()),
        ("ChainStatus", chain()),
        ("ProducerStatus", producer()),
        ("ReferenceStatus", reference()),
        ("PeerView", peer_view()),
        ("PeerStatus", peer_status()),
        ("LeaseStatus", lease()),
        ("Maintenance", maintenance()),
        ("Switch", switch()),
        ("HostSample", host()),
        ("FleetStatus", fleet()),
        ("MemberView", member()),
        ("MemberReport", report()),
        ("PoolStatus", pool()),
        ("Finding", finding()),
        ("Gate", gate()),
        ("PromotionStatus", promotion()),
        ("AlarmsStatus", alarms()),
        ("Incident", incident()),
        ("Silence", silence()),
        ("ChannelStatus", channel()),
        ("Rules", rules()),
    ]
}

fn role() -> Value {
    word(&["A", "B", "C", "F"])
}

fn severity() -> Value {
    word(&["info", "warn", "page"])
}

fn status() -> Value {
    let memory = object(
        "Memory of the evidence.",
        vec![
            ("evidence_bytes", count(), "Bytes held now."),
            ("evidence_bytes_max", count(), "The bound."),
        ],
    );
    object(
        "Everything the last tick judged.",
        vec![
            (
                "version",
                json!({ "type": "integer", "const": STATUS_VERSION }),
                "Counts up when a field is removed or changes its meaning.",
            ),
            ("eoskeeper", text(), "eoskeeper's own version."),
            ("at", time(), "When this was judged."),
            ("started", time(), "Since when the keeper runs."),
            ("node_name", text(), "Name of this node among ours."),
            ("role", role(), "What this host is for."),
            ("role_meaning", text(), "What the letter means."),
            ("decision", of("Decision"), "The decision and its one sentence."),
            ("node", of("NodeStatus"), "The node."),
            ("chain", of("ChainStatus"), "The chain, as this node sees it."),
            ("producer", of("ProducerStatus"), "Our producer."),
            ("references", list(of("ReferenceStatus")), "Other nodes of the chain."),
            ("peers", list(of("PeerView")), "The keepers of our other nodes."),
            ("lease", maybe(of("LeaseStatus")), "The lease, where one is configured."),
            ("maintenance", maybe(of("Maintenance")), "The maintenance that runs."),
            ("switchover", maybe(of("Switch")), "The switchover that was ordered last."),
            ("host", maybe(of("HostSample")), "The host's resources, where they are watched."),
            ("fleet", of("FleetStatus"), "The keepers that are watched."),
            ("pool", maybe(of("PoolStatus")), "The mining pool's account, where one is watched."),
            ("findings", list(of("Finding")), "Every rule, firing or not."),
            ("gates", list(of("Gate")), "Every gate, in the order they are asked."),
            ("promotion", of("PromotionStatus"), "Where a promotion stands."),
            ("alarms", of("AlarmsStatus"), "What people are told of."),
            ("rules", of("Rules"), "Thresholds in force."),
            ("memory", memory, "Bytes the evidence takes, and the bound."),
            ("configuration", configuration(), "The file in force."),
        ],
    )
}

fn configuration() -> Value {
    let refused = object(
        "A file that was refused.",
        vec![("at", time(), "When."), ("why", text(), "Everything that is wrong with it.")],
    );
    object(
        "The configuration in force, and what became of the last reload.",
        vec![
            ("file", text(), "The file it came from."),
            ("loaded", maybe(time()), "When it was taken."),
            ("waits", flag(), "Whether a good one waits until the act under way has ended."),
            ("refused", maybe(refused), "Why the last reload was refused, if it was."),
        ],
    )
}

fn decision() -> Value {
    let kinds = ["watch", "alarm", "hold", "act", "verify", "produce", "step_down", "handed_over"];
    object(
        "What the keeper decided.",
        vec![
            ("kind", word(&kinds), "What kind it is."),
            ("hold", maybe(text()), "Why nothing is promoted, where that is the decision."),
            ("sentence", text(), "One sentence for a person."),
        ],
    )
}

fn node() -> Value {
    object(
        "The node beside the keeper.",
        vec![
            ("api_answers", flag(), "Whether the last poll was answered."),
            ("api_failure", maybe(text()), "Why the last poll failed, if it did."),
            ("version", maybe(text()), "nodeos's version, where it says it."),
            ("paused", maybe(flag()), "Whether production is paused, where that is known."),
            ("paused_failure", maybe(text()), "Why that is not known, where it is not."),
            ("log", text(), "State of the log, one sentence."),
            ("log_events", count(), "Lines understood so far."),
            ("log_others", count(), "Lines so far that are none of our events."),
            ("log_lost", count(), "How often the reader had to drop something."),
            ("peers", maybe(count()), "Peers connected, as nodeos last printed."),
            ("process", maybe(text()), "Whether nodeos's process lives."),
        ],
    )
}

fn chain() -> Value {
    object(
        "The chain as this node sees it.",
        vec![
            ("chain_id", maybe(text()), "64 hex digits."),
            ("head", maybe(count()), "Number of the head block."),
            ("head_time", maybe(time()), "Its time."),
            ("head_producer", maybe(text()), "Who signed it."),
            (
                "head_age_ms",
                maybe(integer()),
                "Its age, milliseconds; negative when it came early.",
            ),
            ("lib", maybe(count()), "Number of the last irreversible block."),
            ("best", maybe(count()), "Greatest head among the references."),
            ("median", maybe(count()), "Median of their heads."),
            ("agree", count(), "How many references agree with this node."),
            ("lag_blocks", maybe(integer()), "Blocks behind the median; negative when ahead."),
            ("producers", maybe(count()), "Producers in the active schedule."),
            ("round_ms", maybe(count()), "A round, milliseconds."),
            ("watched_since", maybe(time()), "Since when the chain is watched without a gap."),
        ],
    )
}

fn producer() -> Value {
    let last = object(
        "The last block seen of our producer.",
        vec![
            ("number", count(), "Its number."),
            ("time", time(), "Its time."),
            ("via", word(&["produced", "received", "polled"]), "How it was seen."),
            ("seen_ago_ms", count(), "How long ago it was seen, milliseconds."),
        ],
    );
    let neighbours = object(
        "The producers next to us in the schedule.",
        vec![
            ("names", list(text()), "Before and after us."),
            ("missing", list(text()), "Those whose block was not seen for a round."),
        ],
    );
    let turn = object(
        "What is known of one of our turns; in each mask bit n is slot n.",
        vec![
            ("start", time(), "When it began."),
            ("seen", super::mask(), "Slots that had a block."),
            ("produced_here", super::mask(), "Slots this node signed."),
            ("complete", flag(), "Whether the log showed every block while it lasted."),
        ],
    );
    object(
        "Our producer.",
        vec![
            ("name", text(), "Its name."),
            ("scheduled", maybe(flag()), "Whether it is in the active schedule."),
            ("last_block", maybe(last), "Its last block."),
            ("silent_ms", maybe(count()), "How long it has been silent while we listened."),
            ("wait_ms", maybe(count()), "How long this role waits, milliseconds."),
            ("next_turn", maybe(time()), "When its next turn begins, or the running one began."),
            ("neighbours", maybe(neighbours), "Whether those next to us miss too."),
            ("missed_slots", count(), "Slots known to be missed in the turns below."),
            ("missed_rounds", count(), "Rounds in a row without a single block."),
            ("turns", list(turn), "The last turns, oldest first."),
        ],
    )
}

fn reference() -> Value {
    let standings = ["agrees", "silent", "other_chain", "forked", "ahead", "behind"];
    object(
        "Another node of the chain.",
        vec![
            ("name", text(), "The address without what may be secret."),
            ("standing", maybe(word(&standings)), "How it compares with this node."),
            ("head", maybe(count()), "Its head block, as last answered."),
            ("lag_blocks", maybe(count()), "Blocks behind the best of them."),
            ("failure", maybe(text()), "Why it did not answer the last time, if it did not."),
        ],
    )
}

fn peer_view() -> Value {
    object(
        "The keeper of another of our nodes.",
        vec![
            ("name", text(), "Name of its node."),
            ("status", maybe(of("PeerStatus")), "What it said last."),
            ("said_ago_ms", maybe(count()), "How long ago that was, milliseconds."),
            ("failure", maybe(text()), "Why it is silent, if it is."),
        ],
    )
}

fn peer_status() -> Value {
    let states = ["waiting", "acting", "resumed", "proven", "declined"];
    let taken = object(
        "What became of a handover to it.",
        vec![
            ("id", text(), "The handover's id."),
            ("state", word(&states), "How far it is."),
            ("sentence", text(), "One sentence."),
        ],
    );
    let refused = object(
        "A handover it was refused.",
        vec![
            ("to", text(), "Who refused."),
            ("at", time(), "When."),
            ("sentence", text(), "One sentence."),
        ],
    );
    let fields = vec![
        ("node", text(), "Its node."),
        ("role", role(), "What its node is for."),
        ("producer", text(), "Its producer."),
        ("chain_id", maybe(text()), "Its chain."),
        ("at", time(), "When it said so."),
        ("signing", word(&["yes", "beginning", "no", "unknown"]), "Whether its node signs."),
        ("signing_since", maybe(time()), "Since when."),
        ("ready", flag(), "Whether it would take a handover."),
        ("sentence", text(), "Its decision."),
        ("head", maybe(count()), "Its head block."),
        ("head_time", maybe(time()), "Its head block's time."),
        ("lib", maybe(count()), "Its last irreversible block."),
        ("head_moves", flag(), "Whether its head moves."),
        ("last_own", maybe(time()), "Time of the last block of our producer it saw."),
        ("maintenance_until", maybe(time()), "Until when it is under maintenance."),
        ("taken", maybe(taken), "The handover it took up last."),
        ("version", maybe(text()), "Its nodeos's version."),
        ("refused", maybe(refused), "Left out where nothing was refused."),
    ];
    let names: Vec<_> = fields.iter().map(|(name, ..)| *name).filter(|n| *n != "refused").collect();
    object_with("What a peer says of its node.", fields, &names)
}

fn lease() -> Value {
    object(
        "The lease.",
        vec![
            ("holder", maybe(text()), "Who holds it, as far as is known; empty: nobody."),
            ("token", maybe(count()), "The fencing token."),
            ("ours_for_ms", maybe(count()), "How long it is ours still, milliseconds."),
            ("failure", maybe(text()), "Why etcd gives no answer, if it gives none."),
        ],
    )
}

fn maintenance() -> Value {
    object(
        "Nothing is done by itself.",
        vec![
            ("since", time(), "When it began."),
            ("until", time(), "When it ends."),
            ("reason", text(), "Why."),
        ],
    )
}

fn switch() -> Value {
    let steps = ["asked", "waiting", "giving", "done", "failed", "unknown"];
    object(
        "A switchover.",
        vec![
            ("to", text(), "Name of the node that takes over."),
            ("step", word(&steps), "How far it is."),
            ("step_sentence", text(), "One sentence."),
            ("until", maybe(time()), "When the waiting ends."),
        ],
    )
}

fn host() -> Value {
    let disk = object(
        "One file system.",
        vec![
            ("name", text(), "What it holds."),
            ("used_permille", count(), "Share in use, thousandths."),
            ("free_bytes", count(), "Bytes that are free for us."),
        ],
    );
    let files = json!({ "type": "array", "items": count(), "minItems": 2, "maxItems": 2 });
    object(
        "The host's resources at one moment.",
        vec![
            ("cpu_permille", maybe(count()), "Busy share of all processors, thousandths."),
            ("memory_permille", maybe(count()), "Memory that is not available, thousandths."),
            ("swap_permille", maybe(count()), "Swap in use, thousandths."),
            ("disks", list(disk), "The file systems of nodeos's data and our state."),
            ("open_files", maybe(files), "Files nodeos has open, and may have."),
            ("clock_offset_ms", maybe(integer()), "This clock against the references'."),
        ],
    )
}

fn fleet() -> Value {
    object(
        "All members.",
        vec![
            ("reporting", count(), "How many report."),
            ("late", count(), "How many are late."),
            ("offline", count(), "How many are offline."),
            ("never", count(), "How many never reported."),
            ("forgotten", count(), "How many are taken as decommissioned."),
            ("members", list(of("MemberView")), "Each of them."),
        ],
    )
}

fn member() -> Value {
    let states = ["never", "reporting", "late", "offline", "forgotten"];
    object(
        "A keeper that is watched.",
        vec![
            ("name", text(), "Its name here."),
            ("state", word(&states), "How it stands."),
            ("is_peer", flag(), "Whether it is one of [peers]."),
            ("quiet_ms", count(), "For how long it has been silent, milliseconds."),
            ("heard_at", maybe(time()), "When it last reported."),
            ("role", maybe(role()), "What its node is for."),
            ("report", maybe(of("MemberReport")), "What it last reported."),
            ("failure", maybe(text()), "Why the last question had no answer."),
        ],
    )
}

fn report() -> Value {
    object(
        "What a keeper's status says of its node.",
        vec![
            ("node", text(), "The name it gives its node."),
            ("role", role(), "What its node is for."),
            ("producer", text(), "Its producer."),
            ("chain_id", maybe(text()), "Its chain, 64 hex digits."),
            ("head", maybe(count()), "Its head block."),
            ("head_age_ms", maybe(integer()), "Age of its head block, milliseconds."),
            ("is_active", flag(), "Whether its node is the one that signs."),
            ("decision", text(), "The kind of its decision."),
            ("sentence", text(), "The decision's sentence."),
            ("paging", list(text()), "The rules that fire there and page."),
            ("warning", list(text()), "The rules that fire there and warn."),
            ("version", text(), "eoskeeper's version there."),
            ("judged_at", time(), "When it judged, by its own clock."),
        ],
    )
}

fn pool() -> Value {
    let sample = object(
        "The pool's figures.",
        vec![
            ("at", time(), "When the pool answered."),
            ("online", count(), "Workers whose last share is recent."),
            ("offline", count(), "Workers that have been silent for a while."),
            ("hashrate", count(), "Hashes a second."),
            ("floor", maybe(count()), "The least it should be."),
        ],
    );
    let worker = object(
        "A worker that is offline.",
        vec![
            ("name", text(), "Its name."),
            ("silent_ms", count(), "How old its last share is, milliseconds."),
        ],
    );
    object(
        "The mining pool's account.",
        vec![
            ("sample", maybe(sample), "The last answer's figures."),
            ("is_fresh", flag(), "Whether that answer is recent."),
            ("offline", list(worker), "The workers that are offline."),
            ("failure", maybe(text()), "Why the last question had no usable answer."),
        ],
    )
}

fn finding() -> Value {
    object(
        "A rule's answer.",
        vec![
            ("rule", text(), "The rule."),
            ("class", word(&["api", "fork", "producer", "log", "host"]), "Its fault class."),
            ("state", word(&["fine", "firing", "unknown"]), "Fine, firing, or not known."),
            ("severity", severity(), "How bad it is when it fires."),
            ("saw", text(), "What was seen."),
            ("threshold", text(), "What it is measured by."),
            ("since", time(), "Since when it is in this state."),
        ],
    )
}

fn gate() -> Value {
    object(
        "A gate before a promotion.",
        vec![
            ("name", text(), "What it asks about."),
            ("closed", maybe(text()), "Why it is closed; null when it is open."),
            ("sentence", text(), "What it saw."),
            ("opens_in_ms", maybe(count()), "When it opens if nothing else changes."),
        ],
    )
}

fn promotion() -> Value {
    let positions = ["active", "standby", "arming", "handed_over"];
    object(
        "Where a promotion stands.",
        vec![
            ("stage", text(), "The stage."),
            ("position", word(&positions), "What this node is at the moment."),
            ("ready", flag(), "Whether it would take a handover now."),
            ("promoted_at", maybe(time()), "Since when this node signs by us, if it does."),
            ("incident", text(), "Its incident, empty when at rest."),
            ("promotions", list(time()), "Promotions remembered for the budget."),
            ("configured", flag(), "Whether acting is configured."),
            ("dry_run", flag(), "Whether nothing is really done."),
        ],
    )
}

fn alarms() -> Value {
    object(
        "The alarms.",
        vec![
            ("incidents", list(of("Incident")), "Incidents that stand, oldest first."),
            ("silences", list(of("Silence")), "Silences that run."),
            ("channels", list(of("ChannelStatus")), "The channels."),
        ],
    )
}

fn incident() -> Value {
    let joined = object(
        "A finding that is part of it.",
        vec![
            ("cause", text(), "The cause's name."),
            ("subject", text(), "What of several it is about."),
            ("severity", severity(), "How bad it is."),
            ("meaning", text(), "What it means."),
            ("saw", text(), "What was seen when it last fired."),
            ("next_step", text(), "What to do."),
            ("since", time(), "When it was first seen."),
            ("last", time(), "When it last fired."),
            ("fires", flag(), "Whether it fires, as far as is known."),
        ],
    );
    object(
        "An incident that stands.",
        vec![
            ("id", text(), "Its id."),
            ("severity", severity(), "The worst it was."),
            ("began", time(), "When it began."),
            ("ended", maybe(time()), "When it was over."),
            ("findings", list(joined), "What fires, or fired, the cause first."),
            ("more", count(), "Findings there was no room for."),
            ("told", maybe(time()), "When people were first told."),
            ("told_as", maybe(severity()), "The worst that people were told it is."),
            ("first_told_as", maybe(severity()), "How bad people were told it is when it began."),
            ("reminders", count(), "How often they were reminded."),
            ("last_told", maybe(time()), "When something about it was last told."),
            ("messages", count(), "Messages made so far."),
            ("quiet", maybe(text()), "Why nobody was told, where that is so."),
            ("part_of", maybe(text()), "The incident it turned out to be part of."),
            ("has_changed", flag(), "Whether it changed since people were last told."),
            ("returns", count(), "How often it had come again within an hour of its end."),
            ("began_as", text(), "The key of the cause it began with."),
        ],
    )
}

fn silence() -> Value {
    object(
        "Nobody is told of some causes until it ends.",
        vec![
            ("since", time(), "When it began."),
            ("until", time(), "When it ends."),
            ("cause", maybe(text()), "The cause it is about; null for every cause."),
            ("by", text(), "Who ordered it."),
            ("reason", text(), "Why."),
        ],
    )
}

fn channel() -> Value {
    let failing = json!({
        "type": "array",
        "prefixItems": [time(), text()],
        "minItems": 2,
        "maxItems": 2,
    });
    object(
        "How a channel stands.",
        vec![
            ("name", text(), "Its name."),
            ("waiting", count(), "Messages that wait."),
            ("failing", maybe(failing), "Since when nothing could be delivered, and why."),
            ("refuses_us", flag(), "Whether the service refuses us: a token, a key, an address."),
            ("sent", count(), "Delivered since the start."),
            ("given_up", count(), "Given up since the start."),
            ("last", maybe(time()), "When something was delivered last."),
        ],
    )
}

/// The thresholds are numbers, each named as its key in the configuration.
fn rules() -> Value {
    let fields = serde_json::to_value(Rules::default()).unwrap_or_default();
    let names: Vec<&String> = fields.as_object().into_iter().flat_map(Map::keys).collect();
    let properties: Map<String, Value> =
        names.iter().map(|name| ((*name).clone(), count())).collect();
    json!({
        "type": "object",
        "description": "Thresholds of [rules]; times end with _ms, milliseconds.",
        "properties": properties,
        "required": names,
    })
}
