//! Asks the node for blocks of the final chain that the slot ledger wants to be told of.
//!
//! About fourteen questions a turn of ours, after it became irreversible; a millisecond each on
//! this host.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::core::event::{ChainBlock, Event};
use crate::nodeos::rpc::Client;

/// The same numbers are asked for again after so long: they were not answered.
const AGAIN: Duration = Duration::from_secs(5);
/// Between two questions, so that a node that catches up is not kept from it.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks for the numbers in `wanted`, one after another, until `stop` or until nobody receives any
/// more. An answer that finds no room is dropped: the ledger asks again.
pub async fn ask(
    client: Arc<Client>,
    mut wanted: watch::Receiver<Vec<u32>>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    let asking = async {
        loop {
            if matches!(timeout(AGAIN, wanted.changed()).await, Ok(Err(_))) {
                return;
            }
            let numbers = wanted.borrow_and_update().clone();
            for number in numbers {
                let answer = client.block_facts(number).await;
                let is_answered = answer.is_ok();
                let event = Event::ChainBlock(ChainBlock { number, answer });
                if matches!(events.try_send(event), Err(mpsc::error::TrySendError::Closed(_))) {
                    return;
                }
                if !is_answered {
                    // The rest would be refused too; they are asked for again.
                    break;
                }
                sleep(PAUSE).await;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = asking => {}
    }
}
