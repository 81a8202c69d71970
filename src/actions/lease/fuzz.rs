//! etcd's answers, of any bytes.

use super::{key, record, wire};

/// What a member may answer, and what may stand in the key: a record has a holder, and one that cannot
/// be read is never a free lease.
pub(crate) fn answers(body: &[u8]) {
    if let Some((text, _)) = wire::refusal(body) {
        assert!(!text.contains('\n'), "{text}");
    }
    if let Ok(answer) = wire::object(body)
        && let Ok(reading) = key::reading(&answer)
        && let Some(found) = reading.found
    {
        assert!(found.revision > 0, "a key that was never written");
        let _ = found.record("k");
    }
    if let Ok(record) = record::read(body, 7) {
        assert!(!record.holder.is_empty(), "held by nobody");
    }
}
