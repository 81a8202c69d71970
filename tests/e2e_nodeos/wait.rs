//! Waiting for a condition with a bound, instead of sleeping and hoping.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(250);

/// Waits until `probe` returns something, and returns it; fails the test after `seconds`.
pub(crate) fn until<T>(what: &str, seconds: u64, probe: impl FnMut() -> Option<T>) -> T {
    until_or(what, seconds, String::new, probe)
}

/// The same; where nothing comes, `story` says what there was instead.
pub(crate) fn until_or<T>(
    what: &str,
    seconds: u64,
    story: impl Fn() -> String,
    mut probe: impl FnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        // Asked before the look: one that begins in time counts, however long it takes.
        let is_over = Instant::now() >= end;
        if let Some(found) = probe() {
            return found;
        }
        assert!(!is_over, "waited {seconds} s for {what}\n{}", story());
        sleep(PAUSE);
    }
}

/// Looks at `check` all through `seconds`; it panics when something happens that must not.
pub(crate) fn all_through(seconds: u64, mut check: impl FnMut()) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        check();
        sleep(PAUSE);
    }
}
