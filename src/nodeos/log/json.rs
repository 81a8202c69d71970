//! An event as one line of JSON.

use std::borrow::Cow;

use serde::Serialize;

use crate::core::event::{EventName, Level, LogEvent, Reason, ShortId};
use crate::core::name::Name;
use crate::core::time::Timestamp;

/// What is printed of a line; fields that do not apply are left out.
#[derive(Serialize)]
struct Line<'a> {
    line: Cow<'a, str>,
    event: EventName,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    producer: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lib: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transactions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logged_at: Option<Timestamp>,
}

/// One JSON object: the line as text (bytes that are no UTF-8 replaced), its event, and what
/// applies of the event's fields. Times are UTC, as nodeos prints them.
#[must_use]
pub fn json_line(line: &[u8], event: &LogEvent) -> String {
    let line = Line {
        line: String::from_utf8_lossy(line),
        event: event.name,
        reason: event.reason,
        block: event.block,
        block_id: event.block_id.map(digits),
        producer: event.producer,
        block_time: event.block_time,
        lib: event.lib,
        latency_ms: event.latency_ms,
        transactions: event.transactions,
        count: event.count,
        level: event.level,
        logged_at: event.logged_at,
    };
    // Text, numbers and names: nothing here can fail to be JSON.
    serde_json::to_string(&line).expect("an event is always JSON")
}

/// As printed: 16 digits, or the 8 of DAWN 3, which hold less than 2^32.
fn digits(id: ShortId) -> String {
    if id.0 <= u64::from(u32::MAX) { format!("{:08x}", id.0) } else { format!("{:016x}", id.0) }
}
