//! Looks into `/proc`, or at a file system, on a thread of its own, with a deadline.
//!
//! A file of `/proc` can hang on a process that does (its command line needs its memory's lock). A
//! look that hangs is left behind, and no second is begun beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a look may take: thousands of processes are looked at in tenths of a second.
const DEADLINE: Duration = Duration::from_secs(5);

/// Runs one look at a time.
#[derive(Clone, Debug)]
pub(in crate::sources) struct Aside {
    /// What is looked at.
    what: Arc<str>,
    is_busy: Arc<AtomicBool>,
}

/// Whoever looks next may look, however this look ended.
struct Busy(Arc<AtomicBool>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Default for Aside {
    fn default() -> Self {
        Self::of("/proc")
    }
}

impl Aside {
    /// For looks at one thing.
    pub(in crate::sources) fn of(what: impl Into<Arc<str>>) -> Self {
        Self { what: what.into(), is_busy: Arc::default() }
    }

    /// Runs `look` within the deadline.
    ///
    /// # Errors
    /// One sentence: it hangs, or there is no thread for it.
    pub(in crate::sources) async fn run<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        if self.is_busy.swap(true, Ordering::SeqCst) {
            return Err(format!("an earlier look at {} hangs still", self.what));
        }
        let (send, receive) = oneshot::channel();
        let busy = Busy(Arc::clone(&self.is_busy));
        let started = thread::Builder::new().name("host-look".to_owned()).spawn(move || {
            let found = look();
            drop(busy);
            // Nobody waits any more when the deadline has passed.
            let _ = send.send(found);
        });
        if let Err(error) = started {
            return Err(format!("there is no thread to look at {} with: {error}", self.what));
        }
        match timeout(DEADLINE, receive).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(_)) => Err(format!("the look at {} ended without a result", self.what)),
            Err(_) => Err(format!("{} did not answer within 5 s", self.what)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_look_at_a_time() {
        let aside = Aside::default();
        assert_eq!(aside.run(|| 7).await, Ok(7));
        let (end, hang) = std::sync::mpsc::channel::<()>();
        let hanging = tokio::spawn({
            let aside = aside.clone();
            async move { aside.run(move || hang.recv().is_err()).await }
        });
        while !aside.is_busy.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        let refused = aside.run(|| false).await;
        assert_eq!(refused, Err("an earlier look at /proc hangs still".to_owned()));
        drop(end);
        assert_eq!(hanging.await.unwrap(), Ok(true));
        assert_eq!(aside.run(|| 8).await, Ok(8));
    }
}
