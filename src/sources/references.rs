//! Asks other nodes of the chain where it stands.
//!
//! Each reference has a task of its own, so that one that hangs holds nobody up. Beside
//! `get_info` it is asked now and then for its block at the height of our last irreversible block:
//! another id there means that one of the two is on a fork.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::core::event::{Event, ReferenceAnswer, ReferenceEvent};
use crate::nodeos::rpc::Client;

/// How often a reference is asked; public ones limit their callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two `get_info`.
    pub info: Duration,
    /// Between two questions for a block id.
    pub block: Duration,
}

impl Pace {
    /// The daemon's: `get_info` every 3 s, a block id every 30 s.
    pub const DAEMON: Self = Self { info: Duration::from_secs(3), block: Duration::from_secs(30) };
}

/// Asks one reference until `stop` or until nobody receives any more. `lib` is the number of our
/// last irreversible block, 0 while it is not known. An event that finds no room is dropped: the
/// next answer is as good.
pub async fn ask(
    client: Client,
    index: usize,
    pace: Pace,
    lib: watch::Receiver<u32>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    let asking = async {
        let mut ticks = interval(pace.info);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next_block = Instant::now();
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            let answer = client.get_info_dated().await;
            let took_ms = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
            let (answer, date) = match answer {
                Ok((info, date)) => (Ok(info), date),
                Err(failure) => (Err(failure), None),
            };
            let is_there = answer.is_ok();
            // First: what lies between the answer and its taking blurs it.
            if let Some(date) = date {
                tell(&events, index, ReferenceAnswer::Date { date, took_ms });
            }
            let mut told = tell(&events, index, ReferenceAnswer::Info(answer));
            let number = *lib.borrow();
            if told && is_there && number > 0 && Instant::now() >= next_block {
                next_block = Instant::now() + pace.block;
                let id = client.block_id(number).await;
                told = tell(&events, index, ReferenceAnswer::BlockId { number, id });
            }
            if !told {
                return;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = asking => {}
    }
}

/// False when nobody receives any more.
fn tell(events: &mpsc::Sender<Event>, index: usize, answer: ReferenceAnswer) -> bool {
    let event = Event::Reference(ReferenceEvent { index, answer });
    !matches!(events.try_send(event), Err(mpsc::error::TrySendError::Closed(_)))
}
