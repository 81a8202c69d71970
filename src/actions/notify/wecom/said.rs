//! What WeCom answers.
//!
//! Facts: HTTP 200 with `errcode` and `errmsg`; the codes are those of WeCom's "global error codes"
//! (document 90313). `errmsg` carries a hint with the time and the caller's address.

use std::time::Duration;

use serde_json::Value;

use super::super::call::quoted;
use super::super::channel::DeliveryError;

/// When the robot sent too much and WeCom does not say for how long.
const BUSY: Duration = Duration::from_secs(60);

/// What came of a call.
pub(super) fn outcome(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
) -> Result<(), DeliveryError> {
    let said: Option<Value> = serde_json::from_slice(body).ok();
    let code = said.as_ref().and_then(|said| said["errcode"].as_i64());
    let passing = |why: String, retry_after| Err(DeliveryError::Passing { why, retry_after });
    let (Some(said), Some(code)) = (said, code) else {
        return match status {
            429 => passing("WeCom asks for rest".to_owned(), retry_after.or(Some(BUSY))),
            500..=599 => passing(format!("WeCom fails with status {status}"), retry_after),
            _ => passing(
                format!("HTTP status {status} and no answer of WeCom; see [wecom] api_url"),
                retry_after,
            ),
        };
    };
    let text = quoted(said["errmsg"].as_str().unwrap_or_default());
    match code {
        0 => Ok(()),
        // Too many calls a minute; too many at once.
        45009 | 45033 => {
            passing(format!("WeCom asks for rest (errcode {code})"), retry_after.or(Some(BUSY)))
        }
        // The key is no robot's, or the robot was removed from its group.
        93000 | 93004 | 93008 => Err(DeliveryError::Refused(format!(
            "WeCom does not know the robot (errcode {code}); copy the key from the robot's \
             webhook address again, or add a robot to the group"
        ))),
        // What was sent is refused: kinds, sizes, contents.
        40000..=40999 | 41000..=41999 | 44000..=44999 | 45002 => Err(DeliveryError::Lasting(
            format!("WeCom refuses the message (errcode {code}: {text}); report this"),
        )),
        _ => passing(format!("WeCom fails (errcode {code}: {text})"), retry_after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_whether_to_try_again() {
        let minute = Some(Duration::from_secs(60));
        for (name, status, body, expected) in [
            ("sent", 200, r#"{"errcode":0,"errmsg":"ok"}"#, None),
            ("invalid key", 200, r#"{"errcode":93000,"errmsg":"x"}"#, Some(("refused", None))),
            ("too many", 200, r#"{"errcode":45009,"errmsg":"x"}"#, Some(("passing", minute))),
            ("busy", 200, r#"{"errcode":-1,"errmsg":"system busy"}"#, Some(("passing", None))),
            ("bad picture", 200, r#"{"errcode":40009,"errmsg":"x"}"#, Some(("lasting", None))),
            ("too long", 200, r#"{"errcode":45002,"errmsg":"x"}"#, Some(("lasting", None))),
            ("not known", 200, r#"{"errcode":60020}"#, Some(("passing", None))),
            ("no code", 200, "{}", Some(("passing", None))),
            ("a page", 302, "<html>", Some(("passing", None))),
            ("broken", 500, "", Some(("passing", None))),
            ("429", 429, "", Some(("passing", minute))),
        ] {
            let got = outcome(status, None, body.as_bytes()).err().map(|error| match error {
                DeliveryError::Passing { retry_after, .. } => ("passing", retry_after),
                DeliveryError::Refused(_) => ("refused", None),
                DeliveryError::Lasting(_) => ("lasting", None),
            });
            assert_eq!(got, expected, "{name}");
        }
    }
}
