//! What the tests of CloudWatch share.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use eoskeeper::actions::cloudwatch::client::Client;
use eoskeeper::actions::cloudwatch::{Access, Plan, Resolution, Selection};
use eoskeeper::actions::notify::channel::Delivery;
use eoskeeper::actions::notify::setup::WallClock;
use eoskeeper::clock::Clock;
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{MESSAGE_VERSION, Message, MessageKind};
use eoskeeper::core::keeper::Keeper;
use eoskeeper::core::settings::{Role, Settings};
use eoskeeper::core::status::Status;
use eoskeeper::core::time::Timestamp;

/// What the credentials of the tests are; nobody checks them.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY";
/// The region of the tests.
pub(crate) const REGION: &str = "eu-central-1";

/// The environment of the tests: credentials, and nothing of this machine's.
pub(crate) const ENVIRONMENT: [(&str, &str); 5] = [
    ("AWS_ACCESS_KEY_ID", "AKIAEOSKEEPERTEST"),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_CONFIG_FILE", "/nonexistent/config"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials"),
];

/// Whether this process has the credentials of the tests. If not, the running test is run again in
/// a process that has them, and there is nothing left to do here: a test cannot change its own
/// environment without touching that of the others.
pub(crate) fn is_again() -> bool {
    if std::env::var(ENVIRONMENT[0].0).is_ok_and(|id| id == ENVIRONMENT[0].1) {
        return false;
    }
    let test = std::thread::current().name().unwrap().to_owned();
    let again = Command::new(std::env::current_exe().unwrap())
        .args([&test, "--exact", "--test-threads=1"])
        .envs(ENVIRONMENT)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains(" 1 passed"), "{test}: {said}");
    true
}

/// A plan with a prefix of its own, so that tests do not meet in one account.
pub(crate) fn plan(prefix: &str) -> Plan {
    Plan {
        chain: "eos".to_owned(),
        producer: "eosstorebest".parse().unwrap(),
        node: "a".to_owned(),
        role: Role::Active,
        namespace: prefix.to_owned(),
        alarm_prefix: prefix.to_owned(),
        interval: Duration::from_secs(60),
        resolution: Resolution::Minute,
        selection: Selection::All,
        dead_man_minutes: 3,
        page_actions: vec![format!("arn:aws:sns:{REGION}:123456789012:page")],
        warn_actions: Vec::new(),
    }
}

/// A client of the server at an address.
#[allow(dead_code, reason = "not every test asks")]
pub(crate) fn client(url: &str) -> Client {
    let endpoint = Some(url.parse().unwrap());
    Client::new(Access { region: Some(REGION.to_owned()), profile: None, endpoint }).unwrap()
}

/// This machine's clock.
#[allow(dead_code, reason = "not every test asks")]
pub(crate) fn wall() -> WallClock {
    let clock = Clock::start();
    Arc::new(move || clock.now().wall)
}

/// What a keeper that has just started says, at a time.
pub(crate) fn status(at: Timestamp) -> Status {
    let settings = Settings::new(Role::Active, "eosstorebest".parse().unwrap());
    let now = Clock::start().now();
    let keeper = Keeper::new(settings, now, Ok(None));
    Status { at, ..keeper.status(now) }
}

/// A message on its way.
#[allow(dead_code, reason = "not every test sends one")]
pub(crate) fn delivery(kind: MessageKind, severity: Severity, incident: &str) -> Delivery {
    let at = Timestamp::from_ms(1_795_000_000_000);
    let message = Message {
        version: MESSAGE_VERSION,
        id: format!("{incident}-{}", kind.as_str()),
        kind,
        severity,
        incident: incident.to_owned(),
        cause: "head_stalled".to_owned(),
        title: "The head does not move.".to_owned(),
        proof: vec!["head block #700 moved 14 s ago".to_owned()],
        next_step: "See `eoskeeper status --why`.".to_owned(),
        marks: Vec::new(),
        node: "a".to_owned(),
        role: Role::Active,
        producer: "eosstorebest".parse().unwrap(),
        chain_id: None,
        at,
        began: at,
        ended: (kind == MessageKind::Resolved).then_some(at),
        reminder: 0,
        first_told_as: None,
        pictures: Vec::new(),
        language: Language::English,
    };
    Delivery { message, pictures: Vec::new(), shown: None }
}
