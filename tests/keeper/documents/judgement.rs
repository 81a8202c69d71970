//! Rules, gates, roles, bounds and events: each is in its document, as the code has it.

use eoskeeper::config::keys::SECTIONS;
use eoskeeper::core::entitlement::{Ground, Position, Right};
use eoskeeper::core::event::EventName;
use eoskeeper::core::evidence::EVIDENCE_BYTES_MAX;
use eoskeeper::core::gates::HoldReason;
use eoskeeper::core::handover::{Fence, Handover};
use eoskeeper::core::incapable::Cause;
use eoskeeper::core::rules::Rule;
use eoskeeper::core::schedule::{SLOT_MS, TURN_SLOTS};
use eoskeeper::core::settings::{Role, Rules};

use super::sentences::{self, shape};
use super::{code, entries, flowed, read, serde_name, table};

#[test]
fn the_runbook_has_every_rule_with_its_severity_meaning_and_first_step() {
    let found = entries(&read("doc/runbook.md"));
    let expected: Vec<String> = Rule::ALL
        .iter()
        .map(|rule| format!("`{rule}` ({})", serde_name(&rule.severity())))
        .collect();
    let headings: Vec<&String> =
        found.iter().map(|(heading, _)| heading).take(expected.len()).collect();
    assert_eq!(headings, expected.iter().collect::<Vec<_>>());
    for (rule, (_, body)) in Rule::ALL.iter().zip(&found) {
        let meaning = rule.meaning();
        assert!(body.starts_with(meaning), "{rule} does not begin with: {meaning}\n{body}");
        let first = format!(" First: {}", rule.next_step());
        assert!(body.contains(&first), "{rule} lacks:{first}\n{body}");
        assert!(body.contains(" Look: "), "{rule} says not where to look");
    }
}

#[test]
fn the_truth_table_has_every_reason_in_the_order_of_the_gates() {
    let rows = table(&read("doc/decisions.md"), &["gate", "reason"]);
    let reasons: Vec<String> = rows.iter().map(|row| row[1].clone()).collect();
    let expected: Vec<String> =
        HoldReason::ALL.iter().map(|reason| format!("`{}`", serde_name(reason))).collect();
    assert_eq!(reasons, expected);
    for row in &rows {
        assert!(row.len() == 6 && !row[2].is_empty() && !row[4].is_empty(), "{row:?}");
    }
}

#[test]
fn the_example_of_each_reason_is_what_its_gate_says() {
    let said = sentences::all();
    for row in table(&read("doc/decisions.md"), &["gate", "reason"]) {
        let reason = row[1].trim_matches('`');
        let quoted = (row[0].clone(), shape(&row[5]));
        let heard = said.get(reason).unwrap_or_else(|| panic!("nobody said {reason}"));
        assert!(heard.contains(&quoted), "{reason}: {quoted:?} is none of {heard:#?}");
    }
}

#[test]
fn the_keys_of_the_gates_are_keys_of_the_configuration() {
    let known = |name: &str| {
        SECTIONS.iter().any(|section| {
            name == format!("[{}]", section.name) || section.keys.iter().any(|k| k.name == name)
        })
    };
    for row in table(&read("doc/decisions.md"), &["gate", "reason"]) {
        for name in code(&row[3]) {
            assert!(known(&name), "{}: no key {name}", row[1]);
        }
    }
}

#[test]
fn the_roles_wait_as_long_as_is_written() {
    let rows = table(&read("doc/decisions.md"), &["role", "is"]);
    let roles = [Role::Active, Role::FirstStandby, Role::SecondStandby, Role::Observer];
    assert_eq!(rows.len(), roles.len());
    let round_ms = 21 * u64::from(TURN_SLOTS) * SLOT_MS as u64 + Rules::default().round_grace_ms;
    for (role, row) in roles.iter().zip(rows) {
        let wait_s = round_ms * u64::from(role.wait_rounds()) / 1000;
        let expected = [
            role.letter().to_string(),
            role.meaning().to_owned(),
            role.wait_rounds().to_string(),
            format!("{wait_s} s"),
        ];
        assert_eq!(row[..4], expected);
    }
}

#[test]
fn the_memory_bound_is_the_one_of_the_code() {
    let text = flowed(&read("doc/decisions.md"));
    let bound = format!("below {} KiB (`EVIDENCE_BYTES_MAX`)", EVIDENCE_BYTES_MAX / 1024);
    assert!(text.contains(&bound), "{bound}");
}

/// The grounds, in the order in which they are asked.
fn grounds(given: &Handover) -> [Ground<'_>; 5] {
    [
        Ground::Handover(given),
        Ground::Right(Right::Restarted),
        Ground::NobodySigns,
        Ground::Lapsed(6),
        Ground::Silence,
    ]
}

const fn name_of(ground: Ground<'_>) -> &'static str {
    match ground {
        Ground::Handover(_) => "handover",
        Ground::Right(_) => "right",
        Ground::NobodySigns => "nobody signs",
        Ground::Lapsed(_) => "lapsed lease",
        Ground::Silence => "silence",
    }
}

#[test]
fn the_grounds_are_those_of_the_code_in_its_order() {
    let given = Handover {
        id: String::new(),
        from: "a".to_owned(),
        to: "b".to_owned(),
        producer: "eosstorebest".parse().unwrap(),
        chain_id: None,
        reason: String::new(),
        fence: Fence::Fenced,
        fenced_at: eoskeeper::core::time::Timestamp::default(),
        planned: false,
    };
    let rows = table(&read("doc/decisions.md"), &["ground", "looks"]);
    let found: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
    let looks = |ground: Ground<'_>| if ground.is_quick() { "1" } else { "`confirm_ticks`" };
    assert_eq!(found, grounds(&given).map(|ground| (name_of(ground), looks(ground))));
}

#[test]
fn the_causes_are_those_of_the_code_in_its_order() {
    let causes = [
        Cause::ProcessEnded,
        Cause::DatabaseFault,
        Cause::Forked,
        Cause::Hung,
        Cause::CutOff,
        Cause::PausedByHand,
        Cause::TurnMissed,
    ];
    let rows = table(&read("doc/decisions.md"), &["cause", "looks"]);
    let found: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let expected = causes.map(|cause| {
        let looks = if cause.is_certain() { "1" } else { "`confirm_ticks`" };
        (format!("`{}`", cause.as_str()), looks.to_owned())
    });
    assert_eq!(found, expected);
}

#[test]
fn the_positions_are_those_of_the_code() {
    let all = [Position::Active, Position::Standby, Position::Arming, Position::HandedOver];
    let rows = table(&read("doc/decisions.md"), &["position", "is"]);
    let found: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(found, all.map(|position| format!("`{}`", serde_name(&position))));
}

#[test]
fn what_force_passes_over_is_what_is_written() {
    let rows = table(&read("doc/orders.md"), &["reason", "--force"]);
    let found: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let expected: Vec<_> = HoldReason::ALL
        .iter()
        // An order waits for no second look, forced or not.
        .filter(|reason| **reason != HoldReason::NotConfirmed)
        .map(|reason| {
            let verdict = if reason.may_be_forced() { "passes" } else { "never" };
            (format!("`{}`", serde_name(reason)), verdict.to_owned())
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_sessions_of_orders_are_what_is_said() {
    let (answers, told) = sentences::orders();
    let text = read("doc/orders.md");
    let sessions: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let lines: Vec<&str> = sessions.iter().flat_map(|session| session.lines()).collect();
    let quoted = |prefix: &str| -> Vec<String> {
        lines.iter().filter_map(|line| line.strip_prefix(prefix)).map(shape).collect()
    };
    assert_eq!(quoted("  - "), answers);
    let progress = lines.iter().filter_map(|line| line.split_once(" UTC  "));
    let said = progress.map(|(_, said)| shape(said)).chain(quoted("Done: "));
    let said: Vec<String> = said.collect();
    assert!(said.len() >= 5, "{said:?}");
    for sentence in said {
        assert!(told.contains(&sentence), "nobody says {sentence:?}: {told:#?}");
    }
}

#[test]
fn every_event_is_in_the_page_on_log_lines() {
    let text = read("doc/log-lines.md");
    for name in event_names() {
        assert!(text.contains(&format!("`{name}`")), "doc/log-lines.md lacks `{name}`");
    }
}

/// Every name a log line can have, from the source: there is no list of them to ask.
fn event_names() -> Vec<String> {
    let source = read("src/core/event.rs");
    let start = source.find("impl EventName {").unwrap();
    let end = source[start..].find("impl fmt::Display for EventName").unwrap();
    let names: Vec<String> = source[start..start + end]
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split('"').nth(1))
        .map(str::to_owned)
        .collect();
    // The reading above understands the source as long as it finds names that there are.
    assert_eq!(names.first().map(String::as_str), Some(EventName::BlockReceived.as_str()));
    assert_eq!(names.last().map(String::as_str), Some(EventName::Other.as_str()));
    names
}
