//! The key's value: JSON, for a person with `etcdctl get` as well as for keepers.
//!
//! `{"holder":"a"}` while it is held; `{"holder":"a","released":{…}}` once it was let go of, with
//! the [`Handover`] inside.

use serde::{Deserialize, Serialize};

use crate::core::handover::Handover;
use crate::core::lease::LeaseRecord;

/// Largest value that is read, bytes. A record with a handover is about 500.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Value {
    holder: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released: Option<Handover>,
}

/// The value of a key: held by `holder`, or let go of by it.
///
/// # Errors
/// Never in practice: text and numbers are always JSON.
pub fn write(holder: &str, released: Option<&Handover>) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Value { holder: holder.to_owned(), released: released.cloned() })
}

/// What a value says. `token` is the key's `mod_revision`.
///
/// # Errors
/// One clause, when it is no record: whoever wrote it, nobody may take the lease for free.
pub fn read(value: &[u8], token: u64) -> Result<LeaseRecord, String> {
    if value.len() > VALUE_BYTES_MAX {
        return Err(format!("it is larger than {VALUE_BYTES_MAX} bytes"));
    }
    let value: Value = serde_json::from_slice(value).map_err(|error| error.to_string())?;
    if value.holder.is_empty() {
        return Err("it names no holder".to_owned());
    }
    Ok(LeaseRecord { holder: value.holder, token, released: value.released })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::handover::Fence;
    use crate::core::time::Timestamp;

    fn handover() -> Handover {
        Handover {
            id: "20261121T024837-database_fault".to_owned(),
            from: "a".to_owned(),
            to: String::new(),
            producer: "eosstorebest".parse().unwrap(),
            chain_id: Some("8a34".to_owned()),
            reason: "The database of a is broken.".to_owned(),
            fence: Fence::Fenced,
            fenced_at: Timestamp::from_ms(1_795_229_317_000),
            planned: false,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for released in [None, Some(handover())] {
            let value = write("a", released.as_ref()).unwrap();
            let record = LeaseRecord { holder: "a".to_owned(), token: 7, released };
            assert_eq!(read(&value, 7), Ok(record));
        }
        assert_eq!(write("a", None).unwrap(), b"{\"holder\":\"a\"}");
    }

    #[test]
    fn what_is_no_record_is_never_free() {
        let huge = format!("{{\"holder\":\"{}\"}}", "a".repeat(VALUE_BYTES_MAX));
        let cases: [(&str, &[u8]); 9] = [
            ("empty", b""),
            ("text", b"free"),
            ("not UTF-8", b"\xff\xfe"),
            ("null", b"null"),
            ("no holder", b"{}"),
            ("empty holder", b"{\"holder\":\"\"}"),
            ("a field of another version", b"{\"holder\":\"a\",\"until\":5}"),
            ("half a handover", b"{\"holder\":\"a\",\"released\":{\"id\":\"x\"}}"),
            ("too large", huge.as_bytes()),
        ];
        for (name, value) in cases {
            assert!(read(value, 1).is_err(), "{name}");
        }
    }
}
