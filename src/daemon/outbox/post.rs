//! One channel's task: takes its lane's messages to the channel, one after the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::drawing::{self, Drawn, Easel};
use super::{DELIVERY_DEADLINE, Draw, Journal, WallClock};
use crate::actions::notify::channel::{Channel, Delivered, Delivery, DeliveryError, Picture};
use crate::core::alarm::lane::{Expired, Failed, Lane, Next, Parcel};
use crate::core::alarm::language::Language;
use crate::core::alarm::marks;
use crate::core::alarm::message::Message;
use crate::core::alarm::wording::fit;
use crate::core::status::ChannelStatus;
use crate::core::time::Timestamp;
use crate::history::store::Waiting;

/// Between two looks for messages to take back, and the longest wait without a look at the clock.
const LOOK: Duration = Duration::from_secs(15);

/// What a channel's task has.
pub(super) struct Post {
    pub(super) channel: Arc<dyn Channel>,
    pub(super) queue: mpsc::UnboundedReceiver<Parcel>,
    pub(super) journal: Journal,
    pub(super) draw: Draw,
    pub(super) easel: Easel,
    pub(super) clock: WallClock,
    pub(super) states: Arc<Mutex<Vec<ChannelStatus>>>,
    pub(super) index: usize,
    /// A message that is summed up when it waited for longer, milliseconds.
    pub(super) expire_ms: u64,
}

impl Post {
    /// Runs until nothing can come any more; after `stop` each waiting message has one try left.
    pub(super) async fn run(mut self, waiting: Vec<Waiting>, stop: CancellationToken) {
        let parcels =
            waiting.into_iter().map(|w| Parcel { id: w.id, queued: w.queued, message: w.message });
        let mut lane = Lane::new(parcels.collect());
        loop {
            while let Ok(parcel) = self.queue.try_recv() {
                lane.push(parcel);
            }
            self.expire(&mut lane).await;
            self.show(&lane);
            let is_ending = stop.is_cancelled();
            let wait = match lane.next((self.clock)()) {
                Next::Send(parcel) => {
                    self.deliver(&mut lane, *parcel).await;
                    continue;
                }
                Next::Wait(ms) => Duration::from_millis(ms).min(LOOK),
                Next::Nothing => LOOK,
            };
            if is_ending && self.queue.is_closed() {
                return;
            }
            self.take_back().await;
            tokio::select! {
                parcel = self.queue.recv() => match parcel {
                    Some(parcel) => lane.push(parcel),
                    // What waits stays on disk for the next start.
                    None => return,
                },
                (message, shown, pictures) = self.easel.late() => {
                    self.follow(message, shown, pictures).await;
                }
                () = sleep(wait) => {}
            }
        }
    }

    async fn expire(&self, lane: &mut Lane) {
        let now = (self.clock)();
        let Some(Expired { removed, summary }) = lane.expire(now, self.expire_ms) else { return };
        let channel = self.channel.name();
        tracing::warn!(
            channel,
            messages = removed.len(),
            "Messages are summed up: they are too old."
        );
        let parcel = self.journal.replace(channel, removed, now, summary).await;
        lane.push_front(parcel);
    }

    async fn deliver(&mut self, lane: &mut Lane, parcel: Parcel) {
        let channel = self.channel.name();
        let shown = match parcel.message.incident.as_str() {
            "" => None,
            incident => self.journal.shown(channel, incident).await,
        };
        let mut message = marked(&parcel, (self.clock)());
        let (pictures, follow) = self.pictures(&mut message).await;
        let delivery = Delivery { message, pictures, shown };
        let ended = timeout(DELIVERY_DEADLINE, self.channel.deliver(&delivery)).await;
        let ended = ended.unwrap_or_else(|_| {
            let why = format!("no end within {} s", DELIVERY_DEADLINE.as_secs());
            Err(DeliveryError::passing(why))
        });
        if follow && let Ok(delivered) = &ended {
            self.easel.owe(&parcel.message, delivered.shown.clone());
        }
        self.settle(lane, &parcel, ended).await;
    }

    async fn settle(
        &self,
        lane: &mut Lane,
        parcel: &Parcel,
        ended: Result<Delivered, DeliveryError>,
    ) {
        let (channel, now) = (self.channel.name(), (self.clock)());
        let id = parcel.message.id.as_str();
        match ended {
            Ok(Delivered { shown, remove_after }) => {
                let remove_at = remove_after.map(|after| now.plus_ms(ms(after).cast_signed()));
                // Recorded after success: a crash in between sends it twice, never not at all.
                self.journal.delivered(parcel, channel, now, shown, remove_at).await;
                if lane.failing().is_some() {
                    tracing::info!(channel, "The channel delivers again.");
                }
                lane.delivered();
                self.count(|state| {
                    state.refuses_us = false;
                    state.sent += 1;
                    state.last = Some(now);
                });
            }
            Err(DeliveryError::Passing { why, retry_after }) => {
                if lane.failing().is_none() {
                    tracing::warn!(channel, id, why, "A message waits: the channel fails.");
                }
                lane.failed(now, &why, retry_after.map(ms));
                self.count(|state| state.refuses_us = false);
            }
            // Kept: a token that was revoked is replaced, and then people want to know.
            Err(DeliveryError::Refused(why)) => {
                if lane.failing().is_none_or(|(_, before)| *before != fit(&why)) {
                    tracing::error!(
                        channel,
                        id,
                        why,
                        "The channel refuses us: messages wait until its token, key or address is mended."
                    );
                }
                lane.failed(now, &why, None);
                self.count(|state| state.refuses_us = true);
            }
            Err(DeliveryError::Lasting(why)) => {
                tracing::error!(channel, id, why, "The channel refuses a message.");
                self.count(|state| state.refuses_us = false);
                if let Failed::GivenUp(parcel) = lane.refused(now, &why) {
                    tracing::error!(channel, id, "The message was given up.");
                    self.journal.give_up(&parcel, channel, now, &why).await;
                    self.count(|state| state.given_up += 1);
                }
            }
        }
    }

    /// The pictures of a message, and whether they are to follow it. Those that are not drawn in time
    /// do not hold it up, and it says so.
    async fn pictures(&mut self, message: &mut Message) -> (Vec<Picture>, bool) {
        if !self.channel.takes_pictures() || message.pictures.is_empty() {
            return (Vec::new(), false);
        }
        let drawn = self.easel.pictures(&self.draw, message).await;
        let may_follow = self.channel.takes_late_pictures() && drawing::may_follow(message);
        let (note, follows): (fn(Language) -> &'static str, _) = match drawn {
            Drawn::Here(pictures) => return (pictures, false),
            Drawn::Late if may_follow => (marks::picture_follows, true),
            Drawn::Late | Drawn::Busy => (marks::picture_left_out, false),
        };
        let (channel, why) = (self.channel.name(), note(Language::English));
        tracing::warn!(
            channel,
            id = message.id,
            why,
            "A message leaves before its picture is drawn."
        );
        message.marks.push(note(message.language).to_owned());
        (Vec::new(), follows)
    }

    /// Shows pictures whose message has left; what fails is left out, for that has been read.
    async fn follow(&self, message: Message, shown: Option<String>, pictures: Vec<Picture>) {
        let (channel, about) = (self.channel.name(), message.clone());
        let delivery = Delivery { message, pictures, shown };
        match timeout(DELIVERY_DEADLINE, self.channel.follow(&delivery)).await {
            Ok(Ok(Delivered { shown: Some(shown), .. })) => {
                self.journal.shows(&about, channel, (self.clock)(), shown).await;
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(channel, %error, "A late picture was left out."),
            Err(_) => tracing::warn!(channel, "A late picture was left out: no end in time."),
        }
    }

    /// Takes back what is due; one a look, so that messages are not kept waiting.
    async fn take_back(&self) {
        let (channel, now) = (self.channel.name(), (self.clock)());
        let Some(removal) = self.journal.removal(channel, now).await else { return };
        match timeout(DELIVERY_DEADLINE, self.channel.remove(&removal.shown)).await {
            Err(_) | Ok(Err(DeliveryError::Passing { .. })) => {}
            Ok(Ok(_)) => self.journal.removed(channel, removal.incident).await,
            Ok(Err(DeliveryError::Refused(why) | DeliveryError::Lasting(why))) => {
                tracing::warn!(channel, why, "A message could not be taken back; it stays.");
                self.journal.removed(channel, removal.incident).await;
            }
        }
    }

    fn show(&self, lane: &Lane) {
        self.count(|state| {
            state.waiting = lane.len();
            state.failing = lane.failing().cloned();
        });
    }

    fn count(&self, change: impl FnOnce(&mut ChannelStatus)) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = states.get_mut(self.index) {
            change(state);
        }
    }
}

/// A message that comes late says so.
fn marked(parcel: &Parcel, now: Timestamp) -> Message {
    let mut message = parcel.message.clone();
    let late_ms = u64::try_from(now.since_ms(parcel.queued)).unwrap_or(0);
    if late_ms >= 60_000 {
        message.marks.push(marks::late(message.language, late_ms));
    }
    message
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
