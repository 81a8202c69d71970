//! Follows a log file.
//!
//! [`follow`] looks at the file whenever linemux reports a change to it, and every 250 ms in any
//! case, and reads the bytes itself: linemux 0.3.0 hands out a torn line as two lines, loses what
//! is written to a renamed file and stops at bytes that are no UTF-8. What to read, and in which
//! order, is decided by the [`follower::Follower`]; `doc/log-sources.md` tells every case.

pub mod follower;
mod place;
mod siblings;
mod tail;
mod waker;
mod window;

pub use window::window;

use std::path::PathBuf;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::core::event::LogSourceEvent;
use crate::sources::file::follower::{Follower, Look};
use crate::sources::file::waker::Waker;
use crate::sources::lines::LogItem;

/// Follows the file at `path` and sends its lines and what happens to it, until `stop` is
/// cancelled or the receiver is gone. It starts at the end of a file that is there, and at the
/// beginning of one that appears later. A full channel holds the reader up; nothing is lost by
/// that, the file is the buffer. At most 256 KiB of text and one torn line are held in memory.
pub async fn follow(path: PathBuf, tx: mpsc::Sender<LogItem>, stop: CancellationToken) {
    let waker = Waker::watching(&path).unwrap_or_else(|error| {
        tracing::warn!(%error, path = %path.display(),
            "The log file cannot be watched; it is looked at four times a second instead.");
        Waker::polling()
    });
    let following = look_and_send(Follower::new(path), &tx, &waker);
    stop.run_until_cancelled(following).await;
}

async fn look_and_send(mut follower: Follower, tx: &mpsc::Sender<LogItem>, waker: &Waker) {
    loop {
        let look;
        (follower, look) = look_aside(follower).await;
        for item in look.items {
            if tx.send(told_how(item, waker)).await.is_err() {
                return;
            }
        }
        if !look.more {
            waker.wait().await;
        }
    }
}

/// Looks on a thread where waiting for the disk holds nobody up.
async fn look_aside(mut follower: Follower) -> (Follower, Look) {
    let looked = tokio::task::spawn_blocking(move || {
        let look = follower.look(Instant::now());
        (follower, look)
    });
    match looked.await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this task with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Adds to the news that the file is followed how it is.
fn told_how(item: LogItem, waker: &Waker) -> LogItem {
    match item {
        LogItem::Source(LogSourceEvent::Following { what }) if waker.is_polling() => {
            let what = format!("{what} (looked at four times a second; inotify is not available)");
            LogItem::Source(LogSourceEvent::Following { what })
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    async fn next(rx: &mut mpsc::Receiver<LogItem>) -> LogItem {
        let bound = std::time::Duration::from_secs(20);
        tokio::time::timeout(bound, rx.recv()).await.expect("nothing came").expect("ended")
    }

    #[tokio::test]
    async fn without_a_watcher_the_file_is_read_and_it_is_told_how() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodeos.log");
        let mut file = std::fs::File::create(&path).unwrap();
        let (tx, mut rx) = mpsc::channel(4);
        let follower = Follower::new(path.clone());
        let task = tokio::spawn(async move {
            look_and_send(follower, &tx, &Waker::polling()).await;
        });
        let LogItem::Source(LogSourceEvent::Following { what }) = next(&mut rx).await else {
            panic!("not told that the file is followed")
        };
        assert!(what.ends_with("(looked at four times a second; inotify is not available)"));
        file.write_all(b"a line\n").unwrap();
        assert_eq!(next(&mut rx).await, LogItem::Lines(vec![b"a line".to_vec()]));
        task.abort();
    }
}
