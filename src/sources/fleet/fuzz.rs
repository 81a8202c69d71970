//! What members of the fleet answer, of any bytes.

use super::report;

/// A status, or a reason.
pub(crate) fn status(body: &[u8]) {
    if let Err(why) = report::read(body) {
        assert!(!why.is_empty(), "a refusal without a reason");
    }
}
