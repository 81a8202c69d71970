//! Keeps a peer and us up to date: our standing there, its standing here, about once a second, and
//! at once when ours changes in what matters. Each peer has a task of its own: one that hangs holds
//! nobody up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::client::{Answer, Client, Fault};
use super::heard::Heard;
use crate::clock::Clock;
use crate::core::event::Event;
use crate::core::handover::{PeerEvent, PeerSaid, PeerStatus, Signing, TakenState};
use crate::core::time::Timestamp;

/// Between two statuses.
const PACE: Duration = Duration::from_secs(1);
/// Least time between two statuses: at most ten a second, whatever changes.
const GAP: Duration = Duration::from_millis(100);

/// What is told at once when it changes; the rest waits for the next second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    signing: Signing,
    ready: bool,
    taken: Option<(String, TakenState)>,
    maintenance_until: Option<Timestamp>,
    refused_at: Option<Timestamp>,
}

impl Digest {
    /// Of a status.
    #[must_use]
    pub fn of(status: &PeerStatus) -> Self {
        Self {
            signing: status.signing,
            ready: status.ready,
            taken: status.taken.as_ref().map(|taken| (taken.id.clone(), taken.state)),
            maintenance_until: status.maintenance_until,
            refused_at: status.refused.as_ref().map(|refused| refused.at),
        }
    }
}

/// Exchanges statuses with the peer at `index` until `stop`, or until nobody receives any more.
pub async fn exchange(
    client: Arc<Client>,
    index: usize,
    clock: Clock,
    mut own: watch::Receiver<Arc<PeerStatus>>,
    heard: Arc<Heard>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    let name = client.party().remotes.get(index).map(|remote| remote.name.clone());
    let mut talk = Talk { name: name.unwrap_or_default(), index, clock, heard, events, last: None };
    let exchanging = async {
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told: Option<Digest> = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                is_there = changed(&mut own, &told) => if !is_there { return },
            }
            let status = Arc::clone(&own.borrow_and_update());
            let answer = client.status(index, &status).await;
            // Also after a failure: the next second tries again, and not before.
            told = Some(Digest::of(&status));
            if !talk.tell(answer) {
                return;
            }
            sleep(GAP).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = exchanging => {}
    }
}

/// Comes when our standing differs from what was told; false when there will be none any more.
async fn changed(own: &mut watch::Receiver<Arc<PeerStatus>>, told: &Option<Digest>) -> bool {
    own.wait_for(|status| Some(&Digest::of(status)) != told.as_ref()).await.is_ok()
}

/// What is said of a peer, to the keeper and to our log.
struct Talk {
    name: String,
    index: usize,
    clock: Clock,
    heard: Arc<Heard>,
    events: mpsc::Sender<Event>,
    /// Whether the last try got an answer; the log has a line when that changes.
    last: Option<bool>,
}

impl Talk {
    /// False when nobody receives any more.
    fn tell(&mut self, answer: Result<Answer<PeerStatus>, Fault>) -> bool {
        let now = self.clock.now();
        self.log(answer.as_ref().map(|answer| answer.skew_ms));
        let said = match answer {
            Ok(answer) if self.heard.note(self.index, answer.signed, now) => {
                PeerSaid::Status(Box::new(answer.content))
            }
            // It has told us something newer itself, meanwhile.
            Ok(_) => return !self.events.is_closed(),
            Err(fault) if self.heard.is_silent(self.index, now) => {
                PeerSaid::Silent(format!("{} {fault}", self.name))
            }
            // It reaches us, though we do not reach it.
            Err(_) => return !self.events.is_closed(),
        };
        let event = Event::Peer(PeerEvent { index: self.index, said });
        // A full queue drops it: the next one is as good.
        !matches!(self.events.try_send(event), Err(mpsc::error::TrySendError::Closed(_)))
    }

    fn log(&mut self, answer: Result<i64, &Fault>) {
        let answers = answer.is_ok();
        if self.last.replace(answers) == Some(answers) {
            return;
        }
        let peer = &self.name;
        match answer {
            Ok(skew_ms) => tracing::info!(target: "peers", peer, skew_ms, "The peer answers."),
            Err(fault) => tracing::warn!(target: "peers", peer, "The peer {fault}."),
        }
    }
}
