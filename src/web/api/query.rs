//! What is asked for: a span of time, how many rows, and where the page before ended.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::core::time::Timestamp;
use crate::history::store::Span;
use crate::web::answer::Refusal;
use crate::web::facts::Facts;

/// Most rows of one answer.
pub(in crate::web) const LIMIT_MAX: u32 = 1_000;
/// Rows of an answer when nothing is said.
pub(in crate::web) const LIMIT_DEFAULT: u32 = 100;
/// The span when nothing is said: a day, milliseconds.
pub(in crate::web) const SPAN_DEFAULT_MS: i64 = 86_400_000;
/// 9999-12-31T23:59:59.999Z, the last time that has a year of four digits.
pub(in crate::web) const TIME_MS_MAX: i64 = 253_402_300_799_999;
/// Most bytes of what comes after `?`.
const QUERY_BYTES_MAX: usize = 2_048;
/// Most bytes of the part of a cursor that tells rows of one time apart.
const ROW_BYTES_MAX: usize = 200;

/// What every address of the past can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// From when on, and before when.
    pub(super) span: Span,
    /// How many rows.
    pub(super) limit: u32,
    /// The last row of the page before: its time, and what tells it from others of that time.
    pub(super) after: Option<(Timestamp, String)>,
    /// What only some addresses know.
    extra: Vec<(String, String)>,
}

impl Asked {
    /// The value of a parameter that this address knows beside the common ones, one of `words`.
    pub(super) fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Refusal> {
        let Some((_, value)) = self.extra.iter().find(|(key, _)| key == name) else {
            return Ok(None);
        };
        match words.contains(&value.as_str()) {
            true => Ok(Some(value)),
            false => Err(Refusal::parameter(name, format!("give one of {}", words.join(", ")))),
        }
    }

    /// Refuses what this address does not know: a name that is misspelt must not pass unseen.
    pub(super) fn knows(&self, names: &[&str]) -> Result<(), Refusal> {
        match self.extra.iter().find(|(key, _)| !names.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, _)) => {
                let mut known = vec!["since", "until", "limit", "cursor"];
                known.extend(names);
                let message = format!("no such parameter; there are {}", known.join(", "));
                Err(Refusal::parameter(key, message))
            }
        }
    }

    fn read(pairs: Vec<(String, String)>, now: Timestamp) -> Result<Self, Refusal> {
        let (mut since, mut until, mut limit, mut after) = (None, None, None, None);
        let mut extra: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            let is_twice = match name.as_str() {
                "since" => since.replace(time("since", &value)?).is_some(),
                "until" => until.replace(time("until", &value)?).is_some(),
                "limit" => limit.replace(count(&value)?).is_some(),
                "cursor" => after.replace(cursor(&value)?).is_some(),
                _ if extra.iter().any(|(known, _)| *known == name) => true,
                _ => {
                    extra.push((name.clone(), value));
                    false
                }
            };
            if is_twice {
                return Err(Refusal::parameter(&name, "it is given twice; give it once"));
            }
        }
        // What happens in this very millisecond belongs to it.
        let until = until.unwrap_or(now.plus_ms(1));
        let since = since.unwrap_or(until.plus_ms(-SPAN_DEFAULT_MS));
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        Ok(Self { span: (since, until), limit, after, extra })
    }
}

impl FromRequestParts<Facts> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, facts: &Facts) -> Result<Self, Refusal> {
        let length = parts.uri.query().map_or(0, str::len);
        if length > QUERY_BYTES_MAX {
            let message =
                format!("what is asked has {length} bytes, {QUERY_BYTES_MAX} are allowed");
            return Err(Refusal::parameter("", message));
        }
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Refusal::parameter("", "what comes after ? is not NAME=VALUE&…"))?;
        Self::read(pairs.0, facts.now())
    }
}

/// Any address: refused, or within the limits.
#[cfg(feature = "fuzz")]
pub(super) fn any(uri: &axum::http::Uri) {
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else { return };
    if let Ok(asked) = Asked::read(pairs, Timestamp::from_ms(1_795_000_000_000)) {
        assert!((1..=LIMIT_MAX).contains(&asked.limit), "{}", asked.limit);
        assert!(asked.span.0.ms() <= TIME_MS_MAX && asked.span.1.ms() <= TIME_MS_MAX + 1);
        let _ = asked.knows(&["kind"]);
    }
}

/// A time: milliseconds since 1970, or as RFC 3339 writes it.
fn time(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    let wrong = || {
        let message = "give milliseconds since 1970 or a time like 2026-11-21T02:48:37Z";
        Refusal::parameter(name, message)
    };
    let ms = match is_number(text, 15) {
        true => text.parse().map_err(|_| wrong())?,
        // As the answers print it, UTC; or with an offset, whose + came in as a blank where it was
        // not escaped.
        false => match text.parse::<Timestamp>() {
            Ok(time) => time.ms(),
            Err(_) => {
                let with_offset = text.replace(' ', "+").parse::<jiff::Timestamp>();
                with_offset.map_err(|_| wrong())?.as_millisecond()
            }
        },
    };
    match ms {
        ..=TIME_MS_MAX => Ok(Timestamp::from_ms(ms)),
        _ => Err(wrong()),
    }
}

fn count(text: &str) -> Result<u32, Refusal> {
    let wrong = || Refusal::parameter("limit", format!("give 1 to {LIMIT_MAX}"));
    if !is_number(text, 10) {
        return Err(wrong());
    }
    let count: u32 = text.parse().map_err(|_| wrong())?;
    if (1..=LIMIT_MAX).contains(&count) { Ok(count) } else { Err(wrong()) }
}

/// `MILLISECONDS.ROW`, as the page before gave it.
fn cursor(text: &str) -> Result<(Timestamp, String), Refusal> {
    let wrong = || Refusal::parameter("cursor", "give the `next` of the page before, unchanged");
    let (ms, row) = text.split_once('.').ok_or_else(wrong)?;
    let is_row = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    if !is_number(ms, 15) || row.len() > ROW_BYTES_MAX || !row.bytes().all(is_row) {
        return Err(wrong());
    }
    Ok((Timestamp::from_ms(ms.parse().map_err(|_| wrong())?), row.to_owned()))
}

fn is_number(text: &str, digits: usize) -> bool {
    (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_795_000_000_000);

    fn read(text: &str) -> Result<Asked, Refusal> {
        let uri = format!("/api/history?{text}").parse().unwrap();
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap();
        Asked::read(pairs.0, NOW)
    }

    #[test]
    fn what_is_not_said_is_the_last_day() {
        let asked = read("").unwrap();
        let until = NOW.plus_ms(1);
        assert_eq!(asked.span, (until.plus_ms(-86_400_000), until));
        assert_eq!((asked.limit, asked.after), (100, None));
    }

    #[test]
    fn a_time_is_a_number_or_as_people_write_it() {
        for (text, ms) in [
            ("0", 0),
            ("1795000000000", 1_795_000_000_000),
            ("2026-11-21T02:48:37Z", 1_795_229_317_000),
            ("2026-11-21T02:48:37.000", 1_795_229_317_000),
            ("2026-11-21T02:48:37.5Z", 1_795_229_317_500),
            ("2026-11-21T03:48:37%2B01:00", 1_795_229_317_000),
            ("2026-11-21T03:48:37+01:00", 1_795_229_317_000),
        ] {
            assert_eq!(read(&format!("since={text}")).unwrap().span.0.ms(), ms, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_name() {
        for (text, name) in [
            ("since=yesterday", "since"),
            ("since=", "since"),
            ("since=-1", "since"),
            ("until=9999999999999999999", "until"),
            ("until=999999999999999", "until"),
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=1e2", "limit"),
            ("limit=+5", "limit"),
            ("limit=5&limit=6", "limit"),
            ("cursor=12", "cursor"),
            ("cursor=12.'; drop table history", "cursor"),
            ("cursor=-1.0", "cursor"),
            ("what=order&what=order", "what"),
        ] {
            let refusal = read(&text.replace(' ', "%20")).unwrap_err();
            let wanted = Refusal::parameter(name, "");
            assert_eq!(refusal.status(), 400, "{text}");
            assert!(format!("{refusal:?}").contains(&format!("{name:?}")), "{text}: {wanted:?}");
            assert_eq!(refusal.into_response().status(), 400);
        }
    }

    #[test]
    fn what_an_address_does_not_know_is_refused() {
        let asked = read("what=order&whta=x").unwrap();
        assert_eq!(asked.word("what", &["order", "decision"]).unwrap(), Some("order"));
        assert!(asked.word("what", &["decision"]).is_err());
        assert!(asked.knows(&["what"]).is_err() && asked.knows(&["what", "whta"]).is_ok());
    }
}
