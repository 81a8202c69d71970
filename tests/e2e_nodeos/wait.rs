//! Waiting for a condition with a bound, instead of sleeping and hoping.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(250);

/// Waits until `probe` returns something, and returns it; fails the test after `seconds`.
pub(crate) fn until<T>(what: &str, seconds: u64, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < end, "waited {seconds} s for {what}");
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
