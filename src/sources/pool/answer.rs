//! The answers of f2pool's API, and of those made like it.
//!
//! Known shapes (f2pool's own documents, and clients of others that read it):
//! - version 1, GET: an object with `hashrate`, `worker_length`, `worker_length_online` and
//!   `workers`, a list of lists: name, hashrate, hashrate of the last hour, rejected, hashes of the
//!   day, stale hashes of the day, time of the last share (`2018-06-19T10:02:19.810789Z`), and more.
//! - version 2, POST: `workers`, a list of objects with `hash_rate_info` (`name`, `hash_rate`),
//!   `last_share_at` in Unix seconds and `status` (0 online, 1 offline, 2 dead); no total.
//! - objects without `hash_rate_info`: `name`, `hashrate`, `last_share`.
//!
//! Numbers come as numbers or as text. The pool's own word for who is online is not used where it
//! tells times: whether ten minutes are long is for the operator to say.

use serde_json::{Map, Value};

use crate::core::pool::{PoolReport, WORKERS_MAX, Worker};
use crate::core::time::Timestamp;

/// Places in a worker's list.
const NAME: usize = 0;
const HASHRATE: usize = 1;
const LAST_SHARE: usize = 6;
/// Largest part of an answer that a message repeats, characters.
const QUOTE_CHARS: usize = 80;

/// Reads an answer.
///
/// # Errors
/// One sentence: why it is none of the known shapes.
pub(super) fn read(body: &[u8]) -> Result<PoolReport, String> {
    let answer: Value = serde_json::from_slice(body)
        .map_err(|error| format!("what the pool answers is no JSON: {error}"))?;
    let Some(fields) = answer.as_object() else {
        return Err(format!("what the pool answers is no object: {}", quote(&answer)));
    };
    let workers = match fields.get("workers") {
        Some(Value::Array(workers)) => workers,
        Some(other) => return Err(format!("workers is no list: {}", quote(other))),
        None => return Err(format!("the answer has no workers: {}", quote(&said(fields)))),
    };
    if workers.len() > WORKERS_MAX {
        let count = workers.len();
        return Err(format!("{count} workers; at most {WORKERS_MAX} can be watched"));
    }
    let mut report = PoolReport { counted: counted(fields)?, ..PoolReport::default() };
    let mut sum = 0_u64;
    for (at, value) in workers.iter().enumerate() {
        let (worker, hashrate) = match value {
            Value::Array(places) => listed(places),
            Value::Object(fields) => named(fields),
            other => Err(format!("neither a list nor an object: {}", quote(other))),
        }
        .map_err(|why| format!("worker {} is {why}", at + 1))?;
        sum = sum.saturating_add(hashrate);
        report.workers.push(worker);
    }
    report.hashrate = match field(fields, &["hashrate", "hash_rate"]) {
        Some(total) => number(total).ok_or_else(|| format!("hashrate is {}", quote(total)))?,
        // Version 2 tells that of each worker alone.
        None => sum,
    };
    Ok(report)
}

/// An error of the pool's own is told; the whole answer is not: it holds what the account is paid.
fn said(fields: &Map<String, Value>) -> Value {
    let told = field(fields, &["msg", "message", "error", "status"]);
    told.cloned().unwrap_or_else(|| fields.keys().map(String::as_str).collect::<Vec<_>>().into())
}

fn counted(fields: &Map<String, Value>) -> Result<Option<(u32, u32)>, String> {
    let count = |names: &[&str]| match field(fields, names) {
        None => Ok(None),
        Some(value) => {
            let count = number(value).and_then(|count| u32::try_from(count).ok());
            count.map(Some).ok_or_else(|| format!("{} is {}", names[0], quote(value)))
        }
    };
    let all = count(&["worker_length", "worker_length_all"])?;
    Ok(all.zip(count(&["worker_length_online"])?))
}

fn listed(places: &[Value]) -> Result<(Worker, u64), String> {
    let name = places.get(NAME).and_then(Value::as_str);
    let hashrate = places.get(HASHRATE).and_then(number);
    let (Some(name), Some(hashrate)) = (name, hashrate) else {
        return Err("a list that does not begin with a name and a hashrate".to_owned());
    };
    let last_share = places.get(LAST_SHARE).map_or(Ok(None), time)?;
    Ok((Worker { name: name.to_owned(), last_share }, hashrate))
}

fn named(fields: &Map<String, Value>) -> Result<(Worker, u64), String> {
    let info = fields.get("hash_rate_info").and_then(Value::as_object).unwrap_or(fields);
    let name = field(info, &["name", "worker_name"]).and_then(Value::as_str);
    let name = name.ok_or_else(|| "an object without a name".to_owned())?.to_owned();
    let hashrate = match field(info, &["hash_rate", "hashrate"]) {
        Some(value) => number(value).ok_or_else(|| format!("of hashrate {}", quote(value)))?,
        None => 0,
    };
    let last = field(fields, &["last_share_at", "last_share", "last_share_time"]);
    Ok((Worker { name, last_share: last.map_or(Ok(None), time)? }, hashrate))
}

fn field<'a>(fields: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| fields.get(*name)).filter(|value| !value.is_null())
}

/// A count or a hashrate; fractions are cut.
fn number(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) if number.is_u64() => return number.as_u64(),
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        _ => return None,
    };
    // Above 2^64 there is no such hashrate yet.
    (number.is_finite() && (0.0..1.8e19).contains(&number)).then_some(number as u64)
}

/// Unix seconds or milliseconds, or a text of the form nodeos uses, too; 0 and nothing are never.
fn time(value: &Value) -> Result<Option<Timestamp>, String> {
    let wrong = || format!("one whose last share is {}", quote(value));
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
            unix(text.parse().map_err(|_| wrong())?).ok_or_else(wrong)
        }
        Value::String(text) => text.parse().map(Some).map_err(|_| wrong()),
        Value::Number(number) => unix(number.as_f64().ok_or_else(wrong)?).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// `Some(None)`: never.
fn unix(number: f64) -> Option<Option<Timestamp>> {
    match number {
        0.0 => Some(None),
        // Seconds reach this in the year 5138.
        n if (0.0..1e11).contains(&n) => Some(Some(Timestamp::from_ms((n * 1_000.0) as i64))),
        n if (1e11..1e14).contains(&n) => Some(Some(Timestamp::from_ms(n as i64))),
        _ => None,
    }
}

fn quote(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTE_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
