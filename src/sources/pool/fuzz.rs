//! The pool's answers, of any bytes.

use super::answer;
use crate::core::pool::WORKERS_MAX;

/// An answer: workers within the bound, or a short reason.
pub(crate) fn answer(body: &[u8]) {
    match answer::read(body) {
        Ok(report) => assert!(report.workers.len() <= WORKERS_MAX, "{}", report.workers.len()),
        Err(why) => assert!(!why.is_empty() && why.chars().count() < 500, "{why}"),
    }
}
