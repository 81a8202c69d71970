//! Messages of peers, of any bytes.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::envelope::{Envelope, Key, Side};
use super::message::{Give, Hello, Standing, Topic, Verdict, Wish};
use super::{Party, Remote};

/// Headers up to an empty line, and a body: nothing of it is signed, for nobody has the secret; and what
/// a peer that has it may say stays one bounded line.
pub(crate) fn messages(data: &[u8]) {
    let end = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let (head, body) = (&data[..end], data.get(end + 2..).unwrap_or_default());
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n') {
        let at = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(at + 1..).unwrap_or_default().trim_ascii();
        let name = HeaderName::from_bytes(&line[..at]);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let Some(secret) = super::envelope::Nonce::random() else { return };
    let key = Key::new(secret.to_string().as_bytes());
    for topic in Topic::ALL {
        if let Ok((envelope, signature)) = Envelope::read(topic, &headers) {
            assert!(!envelope.is_signed(&key, Side::Request, body, &signature), "signed by nobody");
        }
    }
    said(body, key);
}

fn said(body: &[u8], key: Key) {
    let _ = serde_json::from_slice::<Hello>(body);
    let _ = serde_json::from_slice::<Wish>(body);
    let _ = serde_json::from_slice::<Verdict>(body);
    let Ok(producer) = "eosstorebest".parse() else { return };
    let remotes = vec![Remote { name: "b".to_owned(), url: "http://127.0.0.1:1".to_owned() }];
    let party = Party { node: "a".to_owned(), producer, key, remotes };
    if let Ok(Standing { status, .. }) = serde_json::from_slice(body) {
        let own = status.clone();
        if let Ok(status) = party.status("b", &own, status) {
            assert!(status.producer == producer && is_line(&status.sentence), "{status:?}");
            let refused = status.refused.iter().flat_map(|one| [&one.to, &one.sentence]);
            let taken = status.taken.iter().map(|one| &one.sentence);
            assert!(refused.chain(taken).all(|text| is_line(text)), "{status:?}");
        }
    }
    if let Ok((Standing { status, .. }, give)) = serde_json::from_slice::<(Standing, Give)>(body)
        && let Ok(handover) = party.handover("b", &status, give.handover)
    {
        assert!(handover.producer == producer && is_line(&handover.reason), "{handover:?}");
    }
}

fn is_line(text: &str) -> bool {
    !text.contains(char::is_control) && text.chars().count() <= 1_000
}
