//! A stream of etcd's that says that the key has changed; it only hurries the next reading.
//!
//! What it says is not read: a stream can be late, and come from a member that is cut off. When it
//! ends it is opened again, and readings go on by the clock all the time.

use std::time::Duration;

use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use super::etcd::Etcd;
use super::{key_of, wire};
use crate::core::event::ApiFailure;
use crate::core::name::Name;

/// Between two tries to open it, at first; doubled up to [`REOPEN_MAX`].
const REOPEN: Duration = Duration::from_millis(500);
/// Between two tries at most.
const REOPEN_MAX: Duration = Duration::from_secs(10);
/// A stream that says nothing is looked at so often: whether questions go to another member now.
const SILENCE: Duration = Duration::from_secs(5);
/// A stream is opened anew after this long: a connection that died without a word says nothing.
const AGE_MAX: Duration = Duration::from_secs(120);

/// Watches the key for as long as it runs.
pub(super) async fn watch(
    etcd: &Etcd,
    (prefix, producer): (String, Name),
    mut chain_id: watch::Receiver<Option<String>>,
    poke: &Notify,
) {
    let mut wait = REOPEN;
    loop {
        let known = chain_id.borrow_and_update().clone();
        let Some(id) = known else {
            if chain_id.changed().await.is_err() {
                return;
            }
            continue;
        };
        let key = key_of(&prefix, &id, producer);
        tokio::select! {
            changed = chain_id.changed() => if changed.is_err() { return },
            ended = follow(etcd, &key, poke) => {
                match ended {
                    Ok(()) => wait = REOPEN,
                    Err(failure) => {
                        tracing::debug!(%failure, "No stream of the lease's key.");
                        wait = (wait * 2).min(REOPEN_MAX);
                    }
                }
                sleep(wait).await;
            }
        }
    }
}

/// Pokes for each piece of one stream, until it ends, is too old or hangs on the wrong member.
async fn follow(etcd: &Etcd, key: &str, poke: &Notify) -> Result<(), ApiFailure> {
    let question = json!({ "create_request": { "key": wire::encode(key) } });
    let (member, mut stream) = etcd.open("/v3/watch", &question).await?;
    let opened = Instant::now();
    while opened.elapsed() < AGE_MAX {
        match timeout(SILENCE, Etcd::piece(&mut stream)).await {
            Ok(Ok(Some(_))) => poke.notify_one(),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(failure)) => return Err(failure),
            Err(_) if etcd.first() != member => return Ok(()),
            Err(_) => {}
        }
    }
    Ok(())
}
