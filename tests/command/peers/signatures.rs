//! What is signed verifies, and nothing else does.

use eoskeeper::core::time::Timestamp;
use eoskeeper::peers::envelope::{Envelope, Key, Nonce, Side};
use eoskeeper::peers::message::Topic;
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9.-]{1,32}"
}

prop_compose! {
    fn envelopes()(
        topic in prop::sample::select(Topic::ALL.to_vec()),
        from in name(), to in name(), at in any::<i64>(), nonce in any::<[u8; 16]>(),
    ) -> Envelope {
        Envelope { topic, from, to, at: Timestamp::from_ms(at), nonce: Nonce::from_bytes(nonce) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_verifies_and_no_altered_one_does(
        message in envelopes(), body in prop::collection::vec(any::<u8>(), 0..200),
        secret in prop::collection::vec(any::<u8>(), 32..64),
        at in any::<prop::sample::Index>(), bit in 0..8_u8, other in envelopes(),
    ) {
        let key = Key::new(&secret);
        let signature = message.sign(&key, Side::Request, &body);
        prop_assert!(message.is_signed(&key, Side::Request, &body, &signature));
        let (back, carried) = Envelope::read(message.topic, &message.headers(&signature)).unwrap();
        prop_assert_eq!((&back, &carried), (&message, &signature));

        prop_assert!(!message.is_signed(&key, Side::Answer, &body, &signature), "as an answer");
        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let place = at.index(bytes.len());
            bytes[place] ^= 1 << bit;
            bytes
        };
        if !body.is_empty() {
            prop_assert!(!message.is_signed(&key, Side::Request, &flipped(&body), &signature));
        }
        if let Ok(altered) = String::from_utf8(flipped(signature.as_bytes())) {
            prop_assert!(!message.is_signed(&key, Side::Request, &body, &altered), "{altered}");
        }
        let wrong = Key::new(&flipped(&secret));
        prop_assert!(!message.is_signed(&wrong, Side::Request, &body, &signature));
        // One part of another message at a time.
        let parts = [
            Envelope { topic: other.topic, ..message.clone() },
            Envelope { from: other.from, ..message.clone() },
            Envelope { to: other.to, ..message.clone() },
            Envelope { at: other.at, ..message.clone() },
            Envelope { nonce: other.nonce, ..message.clone() },
        ];
        for part in parts.iter().filter(|part| **part != message) {
            prop_assert!(!part.is_signed(&key, Side::Request, &body, &signature), "{part:?}");
        }
    }

    #[test]
    fn a_text_does_not_pass_from_one_part_to_the_next(
        message in envelopes(), body in "[a-z0-9\n]{1,40}", cut in any::<prop::sample::Index>(),
    ) {
        let key = Key::new(&[7; 32]);
        let signature = message.sign(&key, Side::Request, body.as_bytes());
        let cut = cut.index(body.len());
        prop_assume!(cut > 0);
        let longer = Envelope { to: format!("{}{}", message.to, &body[..cut]), ..message };
        prop_assert!(!longer.is_signed(&key, Side::Request, &body.as_bytes()[cut..], &signature));
    }
}

/// The example of `doc/peers.md`, so that others can check theirs against it.
#[test]
fn the_example_of_the_document_is_right() {
    let message = Envelope {
        topic: Topic::Hello,
        from: "a".to_owned(),
        to: "b".to_owned(),
        at: Timestamp::from_ms(1_795_258_800_000),
        nonce: Nonce::read("000102030405060708090a0b0c0d0e0f").unwrap(),
    };
    let key = Key::new(b"0123456789abcdef0123456789abcdef");
    let signature = message.sign(&key, Side::Request, b"{}");
    let document = include_str!("../../../doc/peers.md");
    assert!(document.contains(&signature), "doc/peers.md should have {signature}");
}
