//! nodeos's answers, of any bytes.

use super::{answers, connections};
use crate::core::schedule::PRODUCERS_MAX;

/// Every answer that is asked for; the first byte only chooses for whom the keys are looked up.
pub(crate) fn answers(body: &[u8]) {
    if let Ok(info) = answers::chain_info(body) {
        assert!(info.chain_id.is_none_or(|id| id.len() == 64), "the id of no chain");
    }
    if let Ok(schedule) = answers::active_schedule(body) {
        let count = schedule.producers.len();
        assert!((1..=PRODUCERS_MAX).contains(&count), "{count} producers");
    }
    if let Ok(producer) = "eosstorebest".parse() {
        let _ = answers::schedule_and_keys(body, producer);
    }
    if let Ok(id) = answers::block_id(body) {
        assert!(id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    }
    let _ = answers::block_facts(body);
    let _ = answers::paused(body);
    let _ = answers::result_ok(body);
    let _ = connections::read(body);
    let _ = connections::finalizer_keys(body);
}
