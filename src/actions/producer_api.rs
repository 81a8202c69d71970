//! Pause and resume through nodeos's producer API.
//!
//! # Caveat
//! `paused` is nodeos's word and not a block: a promotion is proven only on the chain. The state
//! is in nodeos's memory; after its restart `pause-on-startup` decides. A call that a hanging nodeos
//! has not read yet is obeyed when it wakes, long after the deadline: Leap 4.1, stopped by SIGSTOP
//! and continued, carried out every call of which the client had given up.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::core::action::{Act, ActResult};
use crate::core::event::ApiFailure;
use crate::nodeos::rpc::Client;

/// How often `paused` is asked for the wanted answer: the flag is set before the call that sets
/// it is answered, so one is enough unless another operator is at work.
const CONFIRMATIONS: u32 = 5;
/// Between two of them.
const CONFIRMATION_GAP: Duration = Duration::from_millis(200);

/// Resumes or pauses production of the node behind `client` and confirms it by `paused`, all
/// within `deadline`.
///
/// [`ActResult::Refused`] where the call did not reach nodeos, so that nothing was changed;
/// [`ActResult::Failed`] where that is not known, and for acts that are none of
/// nodeos's.
pub async fn run(client: &Client, act: Act, deadline: Duration) -> ActResult {
    let wanted = match act {
        Act::Promote => Wanted { paused: false, call: "resume" },
        Act::Demote => Wanted { paused: true, call: "pause" },
        Act::PromoteRemote
        | Act::Fence
        | Act::Restart
        | Act::AcquireLease
        | Act::ReleaseLease
        | Act::HandOver
        | Act::Ask => {
            return ActResult::Refused(
                "nodeos can only be paused and resumed; anything else needs a script".to_owned(),
            );
        }
    };
    match timeout(deadline, wanted.reach(client)).await {
        Ok(result) => result,
        Err(_) => ActResult::Failed(format!(
            "/v1/producer/{} was not confirmed within {} ms; look whether this nodeos produces",
            wanted.call,
            deadline.as_millis()
        )),
    }
}

/// The state that is to be reached.
struct Wanted {
    paused: bool,
    call: &'static str,
}

impl Wanted {
    async fn reach(&self, client: &Client) -> ActResult {
        let called = if self.paused { client.pause().await } else { client.resume().await };
        if let Err(failure) = called {
            return self.not_done(&failure);
        }
        let mut seen = client.paused().await;
        for _ in 1..CONFIRMATIONS {
            if seen == Ok(self.paused) {
                break;
            }
            sleep(CONFIRMATION_GAP).await;
            seen = client.paused().await;
        }
        match seen {
            Ok(paused) if paused == self.paused => {
                ActResult::Done(format!("nodeos says paused = {paused}"))
            }
            Ok(paused) => ActResult::Failed(format!(
                "/v1/producer/{} answered ok, but nodeos still says paused = {paused}; from Spring \
                 1.0 on, missing votes pause too: look for \"no votes\" in its log",
                self.call
            )),
            Err(failure) => ActResult::Failed(format!(
                "/v1/producer/{} answered ok, but /v1/producer/paused did not confirm it: \
                 {failure}; look whether this nodeos produces",
                self.call
            )),
        }
    }

    fn not_done(&self, failure: &ApiFailure) -> ActResult {
        let call = self.call;
        match failure {
            ApiFailure::NoSuchApi => ActResult::Refused(format!(
                "/v1/producer/{call} is not there; load eosio::producer_api_plugin (Leap 5 and \
                 later: on this address, category producer_rw)"
            )),
            // nodeos looks at the Host header before it looks at the call.
            ApiFailure::HttpStatus(400) => ActResult::Refused(format!(
                "/v1/producer/{call}: {failure}; write http_url with the address nodeos listens \
                 on, or add that host as http-alias to nodeos's config.ini"
            )),
            ApiFailure::ConnectionRefused
            | ApiFailure::NameNotFound(_)
            | ApiFailure::ConnectTimeout => ActResult::Refused(format!(
                "/v1/producer/{call} did not reach nodeos: {failure}; is it running, and is \
                 http_url right?"
            )),
            ApiFailure::AnswerTimeout => ActResult::Failed(format!(
                "/v1/producer/{call}: {failure}; a nodeos that hangs obeys when it wakes: look then \
                 whether it produces"
            )),
            _ => ActResult::Failed(format!(
                "/v1/producer/{call}: {failure}; whether nodeos obeyed is not known: look whether \
                 it produces"
            )),
        }
    }
}
