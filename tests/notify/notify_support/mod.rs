//! Messages and deliveries for the tests of channels.

use std::sync::Arc;

use eoskeeper::actions::notify::channel::{Delivery, DeliveryError, Picture};
use eoskeeper::actions::notify::setup::WallClock;
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{
    MESSAGE_VERSION, Message, MessageKind, PROOF_MAX, PictureKind, SENTENCE_BYTES_MAX,
};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::Timestamp;

/// What may come from a log, a peer or a service: it must arrive as text.
pub(crate) const HOSTILE: &str = "</title><script>x</script> <!channel> <@U1> @everyone & \"q\" 'a' \
                                  *b* _c_ [d](http://e) \r\nBcc: evil@example.com\r\n\r\n.\r\n\u{202e}";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// 2026-11-21T03:00:00, always.
pub(crate) fn clock() -> WallClock {
    Arc::new(|| time("2026-11-21T03:00:00.000"))
}

/// A message of an incident that pages.
pub(crate) fn message(kind: MessageKind) -> Message {
    let is_over = kind == MessageKind::Resolved;
    Message {
        version: MESSAGE_VERSION,
        id: format!("20261121T024837-a-api_down-{}", kind.as_str()),
        kind,
        severity: Severity::Page,
        incident: "20261121T024837-a-api_down".to_owned(),
        cause: "api_down".to_owned(),
        title: "nodeos does not answer: connection refused.".to_owned(),
        proof: vec![
            "api_down: 5 polls in a row failed.".to_owned(),
            "No block for 31 s.".to_owned(),
        ],
        next_step: "See https://example.org/runbook#api_down.".to_owned(),
        marks: vec!["Dry run.".to_owned()],
        node: "tokyo-1".to_owned(),
        role: Role::Active,
        producer: "eosstorebest".parse().unwrap(),
        chain_id: Some("8a34ec7d".repeat(8)),
        at: time("2026-11-21T02:48:37.098"),
        began: time("2026-11-21T02:44:17.098"),
        ended: is_over.then(|| time("2026-11-21T02:48:37.098")),
        reminder: 0,
        first_told_as: None,
        pictures: vec![PictureKind::Lag],
        language: Language::English,
    }
}

/// The same with everything of it hostile, and as long as it may be.
pub(crate) fn hostile(kind: MessageKind) -> Message {
    let mut long = HOSTILE.repeat(10);
    while long.len() > SENTENCE_BYTES_MAX {
        long.pop();
    }
    Message {
        title: long.clone(),
        proof: vec![long.clone(); PROOF_MAX],
        next_step: long.clone(),
        marks: vec![long; 3],
        node: HOSTILE.to_owned(),
        cause: HOSTILE.to_owned(),
        ..message(kind)
    }
}

pub(crate) fn delivery(message: Message) -> Delivery {
    Delivery { message, pictures: Vec::new(), shown: None }
}

/// A picture that is none: nobody on the way looks into it.
pub(crate) fn picture(kind: PictureKind, bytes: usize) -> Picture {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(bytes.max(8), 7);
    Picture { kind, caption: format!("What {} shows: <b>\"lag\"</b>", kind.as_str()), png }
}

/// What follows from an error, and its words.
#[track_caller]
pub(crate) fn fault<T: std::fmt::Debug>(
    result: Result<T, DeliveryError>,
) -> (&'static str, String) {
    match result {
        Ok(done) => panic!("it was delivered: {done:?}"),
        Err(DeliveryError::Passing { why, .. }) => ("passing", why),
        Err(DeliveryError::Refused(why)) => ("refused", why),
        Err(DeliveryError::Lasting(why)) => ("lasting", why),
    }
}

/// The wish to be left alone that came with an error, milliseconds.
#[track_caller]
pub(crate) fn wish<T: std::fmt::Debug>(result: Result<T, DeliveryError>) -> Option<u128> {
    match result {
        Err(DeliveryError::Passing { retry_after, .. }) => retry_after.map(|wish| wish.as_millis()),
        other => panic!("no passing failure: {other:?}"),
    }
}
