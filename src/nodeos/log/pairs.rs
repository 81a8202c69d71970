//! The `[key: value, …]` list behind a block.
//!
//! Its keys grew from four in DAWN 4 to nine in Spring, forks add their own, and the order differs;
//! so it is read by key, not by place. Also the numbers and ids of all messages.

use crate::core::event::{LogEvent, ShortId};
use crate::core::time::Timestamp;

/// Reads what we know from a list: `trxs`, `lib` (also `dpos`, `irreversible_blocknum`), `latency`
/// and `timestamp`. `whole` says that the closing bracket was there: without it the last value may
/// be cut, and is not used.
pub(super) fn read(list: &[u8], whole: bool, event: &mut LogEvent) {
    let list = if whole {
        list
    } else {
        let cut = list.iter().rposition(|byte| *byte == b',').unwrap_or(0);
        &list[..cut]
    };
    for pair in list.split(|byte| *byte == b',') {
        let Some(colon) = pair.iter().position(|byte| *byte == b':') else { continue };
        let (key, value) = (pair[..colon].trim_ascii(), pair[colon + 1..].trim_ascii());
        match key {
            b"trxs" => event.transactions = number(value),
            b"lib" | b"dpos" | b"irreversible_blocknum" => event.lib = number(value),
            b"latency" => event.latency_ms = number(value.strip_suffix(b"ms").unwrap_or(value)),
            b"timestamp" => event.block_time = Timestamp::from_bytes(value).ok(),
            _ => {}
        }
    }
}

/// A decimal number, `None` when it is none or too large for its type.
pub(super) fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits.trim_ascii()).ok()?.parse().ok()
}

/// The first 16 digits of an id, or all 8 that DAWN 3 prints.
pub(super) fn short_id(digits: &[u8]) -> Option<ShortId> {
    hex(&digits[..digits.len().min(16)]).map(ShortId)
}

/// The block number in the first 8 digits of a full id (`block_header.cpp`, `num_from_id`).
pub(super) fn number_of_id(id: &[u8]) -> Option<u32> {
    u32::try_from(hex(id.get(..8)?)?).ok()
}

fn hex(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::EventName;

    #[test]
    fn keys_are_found_in_any_order_and_a_cut_value_is_not_used() {
        for (list, whole, lib, latency) in [
            ("trxs: 0, lib: 7, conf: 0, latency: -271 ms", true, Some(7), Some(-271)),
            ("trxs: 0, lib: 7, confirmed: , confirmed: 0, latency: 3 ms", true, Some(7), Some(3)),
            ("trxs: 0, lib: 7, conf: 0, latency: -27", false, Some(7), None),
            ("trxs: 0, lib: 70", false, None, None),
            ("trxs", false, None, None),
            ("trxs: 0, dpos: 9, time: 1727797983669080 us", true, Some(9), None),
        ] {
            let mut event = LogEvent::new(EventName::BlockReceived);
            read(list.as_bytes(), whole, &mut event);
            assert_eq!((event.lib, event.latency_ms), (lib, latency), "{list}");
        }
    }
}
