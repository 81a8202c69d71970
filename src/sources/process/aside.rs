//! Looks into `/proc` on a thread of its own, with a deadline.
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
#[derive(Clone, Debug, Default)]
pub(super) struct Aside {
    is_busy: Arc<AtomicBool>,
}

impl Aside {
    /// Runs `look` within the deadline.
    ///
    /// # Errors
    /// One sentence: it hangs, or there is no thread for it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        if self.is_busy.swap(true, Ordering::SeqCst) {
            return Err("an earlier look into /proc hangs still".to_owned());
        }
        let (send, receive) = oneshot::channel();
        let is_busy = Arc::clone(&self.is_busy);
        let started = thread::Builder::new().name("process-look".to_owned()).spawn(move || {
            let found = look();
            is_busy.store(false, Ordering::SeqCst);
            // Nobody waits any more when the deadline has passed.
            let _ = send.send(found);
        });
        if let Err(error) = started {
            self.is_busy.store(false, Ordering::SeqCst);
            return Err(format!("there is no thread to look into /proc with: {error}"));
        }
        match timeout(DEADLINE, receive).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(_)) => Err("the look into /proc ended without a result".to_owned()),
            Err(_) => Err("/proc did not answer within 5 s".to_owned()),
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
        assert_eq!(refused, Err("an earlier look into /proc hangs still".to_owned()));
        drop(end);
        assert_eq!(hanging.await.unwrap(), Ok(true));
        assert_eq!(aside.run(|| 8).await, Ok(8));
    }
}
