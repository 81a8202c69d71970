//! One connection: who is it, the order, the answer.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::{ANSWER_DEADLINE, ORDER_BYTES, Request, bounds};
use crate::config::is_node_name;
use crate::core::command::{Command, CommandAnswer};

/// How long the order may take to come.
const READ_DEADLINE: Duration = Duration::from_secs(2);
/// How long the answer may take to be taken.
const WRITE_DEADLINE: Duration = Duration::from_secs(2);

/// Takes one order and answers it.
pub(super) async fn attend(mut stream: UnixStream, orders: mpsc::Sender<Request>) {
    let answer = match hear(&mut stream).await {
        Ok((heard, uid)) => pass_on(heard, uid, &orders).await,
        Err(why) => {
            tracing::warn!("An order was not heard: {why}");
            refusal(why)
        }
    };
    let line = line(&answer);
    // Whoever does not wait for the answer finds it in the log and in the status.
    let _ = timeout(WRITE_DEADLINE, stream.write_all(&line)).await;
}

/// Says that there are too many connections, without waiting for anything.
pub(super) fn turn_away(stream: &UnixStream) {
    let answer = refusal("Too many orders at once; nothing was done, try again.".to_owned());
    let _ = stream.try_write(&line(&answer));
}

fn refusal(sentence: String) -> CommandAnswer {
    CommandAnswer { accepted: false, sentences: vec![sentence] }
}

fn line(answer: &CommandAnswer) -> Vec<u8> {
    let mut line = serde_json::to_vec(answer).unwrap_or_default();
    line.push(b'\n');
    line
}

/// An order, and the node it is for where one is named.
#[derive(Debug)]
struct Heard {
    command: Command,
    node: Option<String>,
}

/// The order, within its bounds, and whose it is; else a sentence.
async fn hear(stream: &mut UnixStream) -> Result<(Heard, u32), String> {
    let peer = stream.peer_cred().map_err(|error| format!("Who asks is not known: {error}."))?;
    let (uid, own) = (peer.uid(), rustix::process::geteuid().as_raw());
    if !may_order(uid, own) {
        return Err(format!(
            "Orders are taken from user {own}, whose keeper this is, and from root, not from \
             user {uid}."
        ));
    }
    let line = timeout(READ_DEADLINE, read_line(stream))
        .await
        .map_err(|_| format!("No order came within {} s.", READ_DEADLINE.as_secs()))??;
    let heard = understand(&line)?;
    bounds::check(&heard.command)?;
    Ok((heard, uid))
}

fn understand(line: &[u8]) -> Result<Heard, String> {
    let wrong = |error: String| {
        format!("The order was not understood: {error}. Use the command of the keeper's version.")
    };
    let mut order: Value =
        serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
    let node = order.as_object_mut().and_then(|order| order.remove("node"));
    let node = match node {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) if is_node_name(&name) => Some(name),
        Some(_) => return Err(wrong("node is no name of a [node:NAME]".to_owned())),
    };
    let command = serde_json::from_value(order).map_err(|error| wrong(error.to_string()))?;
    Ok(Heard { command, node })
}

/// The user the keeper runs as, and root, who can do anything anyway.
const fn may_order(uid: u32, own: u32) -> bool {
    uid == own || uid == 0
}

async fn read_line(stream: &mut UnixStream) -> Result<Vec<u8>, String> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(stream.take(ORDER_BYTES as u64 + 1));
    let read = reader.read_until(b'\n', &mut line).await;
    read.map_err(|error| format!("The order could not be read: {error}."))?;
    if line.len() > ORDER_BYTES {
        return Err(format!("The order is longer than {ORDER_BYTES} bytes."));
    }
    // Half an order must not be taken for a whole one.
    if line.pop() != Some(b'\n') {
        return Err("The order broke off before the end of its line.".to_owned());
    }
    Ok(line)
}

/// Hands the order to the loop and waits for the answer.
async fn pass_on(heard: Heard, uid: u32, orders: &mpsc::Sender<Request>) -> CommandAnswer {
    let (reply, mut answer) = oneshot::channel();
    let Heard { command, node } = heard;
    if let Err(error) = orders.try_send(Request { command, node, uid, reply }) {
        return refusal(match error {
            mpsc::error::TrySendError::Full(_) => {
                "The keeper has too many orders to answer; nothing was done, try again.".to_owned()
            }
            mpsc::error::TrySendError::Closed(_) => ending(),
        });
    }
    match timeout(ANSWER_DEADLINE, &mut answer).await {
        Ok(Ok(answer)) => answer,
        // The loop ended with the order still in the queue: it answers at once, or never begins.
        Ok(Err(_)) => refusal(ending()),
        Err(_) => refusal(format!(
            "The keeper did not answer within {} s; whether it took the order is not known: see \
             `eoskeeper status`.",
            ANSWER_DEADLINE.as_secs()
        )),
    }
}

fn ending() -> String {
    "The keeper is ending; nothing was done. Give the order again when it runs.".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rearm() -> Heard {
        Heard { command: Command::Rearm, node: None }
    }

    #[test]
    fn an_order_may_name_a_node() {
        for (line, node) in [
            (r#"{"command":"rearm"}"#, Ok(None)),
            (r#"{"command":"rearm","node":null}"#, Ok(None)),
            (r#"{"command":"rearm","node":"WAX_1"}"#, Ok(Some("WAX_1"))),
            (r#"{"command":"rearm","node":"../x"}"#, Err("node is no name")),
            (r#"{"command":"rearm","node":7}"#, Err("node is no name")),
            (
                r#"{"command":"promote","force":false,"dry_run":true,"nodes":"a"}"#,
                Err("unknown field"),
            ),
            (r#"{"command":"promote","force":false,"dry_run":true,"node":"a"}"#, Ok(Some("a"))),
            ("7", Err("not understood")),
        ] {
            let heard = understand(line.as_bytes()).map(|heard| heard.node);
            match node {
                Ok(node) => assert_eq!(heard.unwrap().as_deref(), node, "{line}"),
                Err(words) => assert!(heard.unwrap_err().contains(words), "{line}"),
            }
        }
    }

    #[test]
    fn only_the_own_user_and_root_are_heard() {
        for (uid, own, is_heard) in
            [(1000, 1000, true), (0, 1000, true), (1001, 1000, false), (1000, 0, false)]
        {
            assert_eq!(may_order(uid, own), is_heard, "{uid} to the keeper of {own}");
        }
    }

    #[tokio::test]
    async fn an_order_that_the_loop_never_sees_is_said_to_be_undone() {
        let (orders, inbox) = mpsc::channel(1);
        let asking = tokio::spawn(async move { pass_on(rearm(), 0, &orders).await });
        drop(inbox);
        let answer = asking.await.unwrap();
        assert_eq!(answer, refusal(ending()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_hangs_is_not_guessed_about() {
        let (orders, mut inbox) = mpsc::channel(1);
        let answer = pass_on(rearm(), 0, &orders).await;
        assert!(answer.sentences[0].contains("is not known"), "{answer:?}");
        let late = inbox.recv().await.unwrap();
        assert!(late.reply.is_closed(), "the loop must see that nobody waits");
    }
}
