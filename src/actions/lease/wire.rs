//! etcd's JSON gateway: 64-bit numbers as strings, bytes as base64, zeros left out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::core::event::ApiFailure;

/// Longest text of etcd that is handed on.
const TEXT_MAX: usize = 200;

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Bytes of an answer; a field that is left out is empty.
pub(super) fn bytes(object: &Value, field: &str) -> Result<Vec<u8>, ApiFailure> {
    match object.get(field) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => STANDARD.decode(text).map_err(|_| odd(field)),
        Some(_) => Err(odd(field)),
    }
}

/// A number of an answer; one that is left out is 0. etcd's numbers are never negative here.
pub(super) fn number(object: &Value, field: &str) -> Result<u64, ApiFailure> {
    match object.get(field) {
        None => Ok(0),
        Some(Value::String(text)) => text.parse().map_err(|_| odd(field)),
        Some(Value::Number(number)) => number.as_u64().ok_or_else(|| odd(field)),
        Some(_) => Err(odd(field)),
    }
}

/// A field that has to be there.
pub(super) fn part<'v>(object: &'v Value, field: &str) -> Result<&'v Value, ApiFailure> {
    object.get(field).ok_or_else(|| odd(field))
}

/// An answer, read as the object it has to be.
pub(super) fn object(body: &[u8]) -> Result<Value, ApiFailure> {
    match serde_json::from_slice::<Map<String, Value>>(body) {
        Ok(object) => Ok(Value::Object(object)),
        Err(error) => Err(ApiFailure::NotJson(error.to_string())),
    }
}

/// The sentence and the gRPC code of a refusal; whatever comes from outside is bounded.
pub(super) fn refusal(body: &[u8]) -> Option<(String, u64)> {
    let value = object(body).ok()?;
    let said = value.get("error").or_else(|| value.get("message"))?.as_str()?;
    let text = said.trim_start_matches("etcdserver: ");
    let text = text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect();
    Some((text, number(&value, "code").unwrap_or_default()))
}

fn odd(field: &str) -> ApiFailure {
    ApiFailure::Other(format!("etcd's answer has no usable field {field:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_as_text_or_not_at_all() {
        let answer = object(br#"{"a":"18446744073709551615","b":7,"c":"x","d":-1}"#).unwrap();
        assert_eq!(number(&answer, "a"), Ok(u64::MAX));
        assert_eq!(number(&answer, "b"), Ok(7));
        assert_eq!(number(&answer, "absent"), Ok(0));
        assert!(number(&answer, "c").is_err());
        assert!(number(&answer, "d").is_err());
    }

    #[test]
    fn a_refusal_is_read_and_bounded() {
        let body =
            br#"{"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14}"#;
        assert_eq!(refusal(body), Some(("no leader".to_owned(), 14)));
        let long = format!("{{\"error\":\"{}\"}}", "x".repeat(1_000));
        assert_eq!(refusal(long.as_bytes()).map(|(text, _)| text.len()), Some(TEXT_MAX));
        assert_eq!(refusal(b"<html>"), None);
    }
}
