//! Signing and verifying: HMAC-SHA256 over everything a message means.
//!
//! What is signed is a text of seven lines and then the body; none of the lines can hold a line's
//! end, so that no two messages have the same text. An answer repeats the nonce of its request:
//! it fits no other one.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::message::Topic;
use crate::core::settings::is_node_name;
use crate::core::time::Timestamp;

/// The protocol and its version, as it is signed and as the header says it.
pub const PROTOCOL: &str = "eoskeeper-peer/1";
/// Header: [`PROTOCOL`].
pub const HEADER_PROTOCOL: HeaderName = HeaderName::from_static("eoskeeper-protocol");
/// Header: name of the sender's node.
pub const HEADER_FROM: HeaderName = HeaderName::from_static("eoskeeper-from");
/// Header: name of the addressee's node.
pub const HEADER_TO: HeaderName = HeaderName::from_static("eoskeeper-to");
/// Header: the sender's wall clock, milliseconds since 1970.
pub const HEADER_TIME: HeaderName = HeaderName::from_static("eoskeeper-time");
/// Header: the request's nonce, 32 hex digits.
pub const HEADER_NONCE: HeaderName = HeaderName::from_static("eoskeeper-nonce");
/// Header: the signature, 64 hex digits.
pub const HEADER_SIGNATURE: HeaderName = HeaderName::from_static("eoskeeper-signature");

/// The secret keepers share, ready to sign with; never printed.
#[derive(Clone)]
pub struct Key(hmac::Key);

/// 128 random bits that no other message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce([u8; 16]);

/// Whether a message asks or answers; one cannot be taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It asks.
    Request,
    /// It answers.
    Answer,
}

/// All of a message but its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What it is about.
    pub topic: Topic,
    /// Name of the sender's node.
    pub from: String,
    /// Name of the addressee's node.
    pub to: String,
    /// The sender's wall clock.
    pub at: Timestamp,
    /// The request's own; an answer has that of its request.
    pub nonce: Nonce,
}

impl Key {
    /// From the secret's bytes.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Nonce {
    /// A new one; `None` when the system gives no randomness.
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut bytes = [0; 16];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// From 32 hex digits in lower case.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        from_hex(text, &mut bytes).then_some(Self(bytes))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom("32 hex digits are expected"))
    }
}

impl Side {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
        }
    }
}

impl Envelope {
    /// The signature of a message, 64 hex digits.
    #[must_use]
    pub fn sign(&self, key: &Key, side: Side, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&key.0);
        context.update(self.text(side).as_bytes());
        context.update(body);
        to_hex(context.sign().as_ref())
    }

    /// Whether a signature is that of this message, compared in constant time.
    #[must_use]
    pub fn is_signed(&self, key: &Key, side: Side, body: &[u8], signature: &str) -> bool {
        let mut tag = [0; 32];
        if !from_hex(signature, &mut tag) {
            return false;
        }
        let mut signed = self.text(side).into_bytes();
        signed.extend_from_slice(body);
        hmac::verify(&key.0, &signed, &tag).is_ok()
    }

    /// The envelope of the answer to this request.
    #[must_use]
    pub fn answer(&self, at: Timestamp) -> Self {
        Self { topic: self.topic, from: self.to.clone(), to: self.from.clone(), at, ..*self }
    }

    /// The headers that carry it, with its signature.
    #[must_use]
    pub fn headers(&self, signature: &str) -> HeaderMap {
        let values = [
            (HEADER_PROTOCOL, PROTOCOL.to_owned()),
            (HEADER_FROM, self.from.clone()),
            (HEADER_TO, self.to.clone()),
            (HEADER_TIME, self.at.ms().to_string()),
            (HEADER_NONCE, self.nonce.to_string()),
            (HEADER_SIGNATURE, signature.to_owned()),
        ];
        // Names of nodes, digits and hex are always the value of a header.
        let value = |(name, text): (HeaderName, String)| {
            HeaderValue::try_from(text).ok().map(|value| (name, value))
        };
        values.into_iter().filter_map(value).collect()
    }

    /// Envelope and signature out of a message's headers.
    ///
    /// # Errors
    /// The header that is missing, there twice, or not readable.
    pub fn read(topic: Topic, headers: &HeaderMap) -> Result<(Self, String), HeaderName> {
        let text = |name: HeaderName| {
            let mut values = headers.get_all(&name).iter();
            match (values.next().map(HeaderValue::to_str), values.next()) {
                (Some(Ok(text)), None) => Ok(text.to_owned()),
                _ => Err(name),
            }
        };
        let node = |name: HeaderName| {
            text(name.clone()).and_then(|text| is_node_name(&text).then_some(text).ok_or(name))
        };
        if text(HEADER_PROTOCOL)? != PROTOCOL {
            return Err(HEADER_PROTOCOL);
        }
        let at: i64 = text(HEADER_TIME)?.parse().map_err(|_| HEADER_TIME)?;
        let envelope = Self {
            topic,
            from: node(HEADER_FROM)?,
            to: node(HEADER_TO)?,
            at: Timestamp::from_ms(at),
            nonce: Nonce::read(&text(HEADER_NONCE)?).ok_or(HEADER_NONCE)?,
        };
        Ok((envelope, text(HEADER_SIGNATURE)?))
    }

    fn text(&self, side: Side) -> String {
        let Self { topic, from, to, at, nonce } = self;
        let (side, path, at) = (side.as_str(), topic.path(), at.ms());
        format!("{PROTOCOL}\n{side}\nPOST {path}\n{from}\n{to}\n{at}\n{nonce}\n")
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fills `bytes` from exactly as many lower-case hex digits; false when the text is anything else.
fn from_hex(text: &str, bytes: &mut [u8]) -> bool {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    if text.len() != bytes.len() * 2 {
        return false;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return false };
        *byte = high * 16 + low;
    }
    true
}
