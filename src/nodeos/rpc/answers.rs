//! JSON of nodeos to our types. What we do not use is not looked at; what we use must be right.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::core::event::{ApiFailure, BlockFacts, ChainInfo};
use crate::core::name::Name;
use crate::core::schedule::{PRODUCERS_MAX, Schedule};
use crate::nodeos::keys;

/// How much of a wrong value is quoted.
const QUOTE_CHARS: usize = 60;
/// Most keys of one producer that are read; the contract allows no more than a handful.
const KEYS_MAX: usize = 32;
/// A block id or chain id: 32 bytes in hex.
const ID_DIGITS: usize = 64;

/// `get_info_results` (`chain_plugin.hpp`).
pub(super) fn chain_info(body: &[u8]) -> Result<ChainInfo, ApiFailure> {
    let answer = json(body)?;
    let info = object(&answer, "the answer")?;
    Ok(ChainInfo {
        chain_id: optional(info, "chain_id", id)?,
        head: required(info, "head_block_num", number)?,
        head_id: required(info, "head_block_id", id)?,
        head_time: required(info, "head_block_time", parsed)?,
        head_producer: required(info, "head_block_producer", parsed)?,
        lib: required(info, "last_irreversible_block_num", number)?,
        lib_id: optional(info, "last_irreversible_block_id", id)?,
        version: optional(info, "server_version_string", version)?,
    })
}

/// The active part of `get_producer_schedule_result` (`chain_plugin.hpp`). A row is
/// `{"producer_name":…,"block_signing_key":…}` in EOSIO 1 and
/// `{"producer_name":…,"authority":[0,{…}]}` from 2.0 on; only the name is used here.
pub(super) fn active_schedule(body: &[u8]) -> Result<Schedule, ApiFailure> {
    schedule_in(&json(body)?)
}

/// The same, and the public keys, `PUB_K1_…`, with which blocks of `producer` may be signed.
pub(super) fn schedule_and_keys(
    body: &[u8],
    producer: Name,
) -> Result<(Schedule, Vec<String>), ApiFailure> {
    let answer = json(body)?;
    let schedule = schedule_in(&answer)?;
    let rows = answer["active"]["producers"].as_array();
    let ours = rows.into_iter().flatten().find(|row| row["producer_name"] == producer.as_str());
    Ok((schedule, ours.map(signing_keys).unwrap_or_default()))
}

/// The keys of a schedule's row. One that cannot be read is left out: it is not one of ours.
fn signing_keys(row: &Value) -> Vec<String> {
    let one = row.get("block_signing_key");
    // `[0,{"threshold":1,"keys":[{"key":"EOS…","weight":1}]}]`
    let many = row["authority"][1]["keys"].as_array().into_iter().flatten();
    let all = one.into_iter().chain(many.filter_map(|each| each.get("key")));
    all.filter_map(|key| keys::normal(key.as_str()?).ok()).take(KEYS_MAX).collect()
}

fn schedule_in(answer: &Value) -> Result<Schedule, ApiFailure> {
    let active = object(answer, "the answer")?.get("active").unwrap_or(&Value::Null);
    let active = object(active, "active")?;
    let version = required(active, "version", number)?;
    let Some(Value::Array(rows)) = active.get("producers") else {
        return unexpected("active.producers is not a list");
    };
    if rows.is_empty() || rows.len() > PRODUCERS_MAX {
        let count = rows.len();
        return unexpected(format!("{count} producers in the schedule, not 1 to {PRODUCERS_MAX}"));
    }
    let mut producers: Vec<Name> = Vec::with_capacity(rows.len());
    for row in rows {
        let name = required(object(row, "a row of active.producers")?, "producer_name", parsed)?;
        if producers.contains(&name) {
            return unexpected(format!("{name} is in the schedule twice"));
        }
        producers.push(name);
    }
    Ok(Schedule { version, producers })
}

/// `id` of `get_block_info` and `get_block`.
pub(super) fn block_id(body: &[u8]) -> Result<String, ApiFailure> {
    let answer = json(body)?;
    required(object(&answer, "the answer")?, "id", id)
}

/// The head of the same: `timestamp`, `producer` and `id`.
pub(super) fn block_facts(body: &[u8]) -> Result<BlockFacts, ApiFailure> {
    let answer = json(body)?;
    let block = object(&answer, "the answer")?;
    Ok(BlockFacts {
        time: required(block, "timestamp", parsed)?,
        producer: required(block, "producer", parsed)?,
        id: required(block, "id", id)?,
    })
}

/// A bare `true` or `false`.
pub(super) fn paused(body: &[u8]) -> Result<bool, ApiFailure> {
    let answer = json(body)?;
    answer.as_bool().map_or_else(
        || unexpected(format!("paused is neither true nor false: {}", quote(&answer))),
        Ok,
    )
}

/// `{"result":"ok"}`.
pub(super) fn result_ok(body: &[u8]) -> Result<(), ApiFailure> {
    let answer = json(body)?;
    if answer.get("result").and_then(Value::as_str) == Some("ok") {
        return Ok(());
    }
    unexpected(format!("no {{\"result\":\"ok\"}}: {}", quote(&answer)))
}

fn json(body: &[u8]) -> Result<Value, ApiFailure> {
    serde_json::from_slice(body).map_err(|error| ApiFailure::NotJson(error.to_string()))
}

fn unexpected<T>(why: impl Display) -> Result<T, ApiFailure> {
    Err(ApiFailure::UnexpectedAnswer(why.to_string()))
}

/// A value as JSON, cut to a length a log line can bear.
fn quote(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTE_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, ApiFailure> {
    let Value::Object(fields) = value else {
        return unexpected(format!("{what} is not an object: {}", quote(value)));
    };
    Ok(fields)
}

/// Reads a field; its absence, `null` and a wrong value are failures that name it.
fn required<T>(
    fields: &Map<String, Value>,
    name: &str,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<T, ApiFailure> {
    let found = optional(fields, name, read)?;
    found.map_or_else(|| unexpected(format!("{name} is missing")), Ok)
}

/// Reads a field that older versions do not have.
fn optional<T>(
    fields: &Map<String, Value>,
    name: &str,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<Option<T>, ApiFailure> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match read(value) {
            Ok(read) => Ok(Some(read)),
            Err(why) => unexpected(format!("{name} is {}: {why}", quote(value))),
        },
    }
}

fn number(value: &Value) -> Result<u32, String> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| format!("not a number of 0 to {}", u32::MAX))
}

fn parsed<T: FromStr<Err: Display>>(value: &Value) -> Result<T, String> {
    let text = value.as_str().ok_or("not a text")?;
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn id(value: &Value) -> Result<String, String> {
    let is_id = |text: &&str| {
        text.len() == ID_DIGITS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let text = value.as_str().filter(is_id);
    text.map(str::to_owned).ok_or_else(|| format!("not {ID_DIGITS} lower-case hex digits"))
}

/// The version as it prints itself, for example `v4.1.0`; shown to people, so cut short and
/// without control characters.
fn version(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("not a text")?;
    Ok(text.chars().filter(|c| !c.is_control()).take(QUOTE_CHARS).collect())
}
