//! What the code under test logs, as a test can read it.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

thread_local! {
    /// A test has its own thread, and its tasks run on it.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Collects what each thread logs. Every test calls it before anything is logged: a place that
/// logs before there is a subscriber may be switched off for good.
pub(crate) fn collect() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| tracing_subscriber::fmt().json().with_writer(|| Writer).init());
}

/// What this thread has logged, one value for each event.
pub(crate) fn lines() -> Vec<serde_json::Value> {
    let text = LOGGED.with_borrow(|bytes| String::from_utf8(bytes.clone()).unwrap());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
