//! The client of nodeos's HTTP RPC.
//!
//! Every call has one deadline for all of it, a bound on the answer's size, and a failure with a
//! name of its own ([`ApiFailure`]). Facts: `chain_api_plugin` and `producer_api_plugin`, the same
//! from EOSIO 1.1 to Spring 2.0-dev; chain calls answer 200, producer calls 201, any HTTP method
//! works and an empty body is accepted.
//!
//! # Caveat
//! A connection serves one call. Keeping one open would save a millisecond a second on loopback,
//! and would make a restart of nodeos look like a failure of the call after it.

mod answers;
mod connections;
mod failure;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod resolver;
mod transport;

use std::time::Duration;

use reqwest::Method;

use crate::core::event::{ApiFailure, BlockFacts, ChainInfo};
use crate::core::name::Name;
use crate::core::schedule::Schedule;
use crate::core::time::Timestamp;
use transport::Transport;

pub use connections::Connection;
pub use transport::ClientError;
// For the client of etcd, which is HTTP with the same bounds.
pub(crate) use failure::{of_body, of_request, text as failure_text};
pub(crate) use resolver::SystemResolver;
pub(crate) use transport::{install_tls, read_body};

/// Bound on the answers that are a few numbers: `get_info` is about 1 KiB in every version.
pub const SMALL_ANSWER_BYTES: usize = 64 * 1024;
/// Bound on a schedule: 125 producers, each with an authority of several keys, three times
/// (active, pending, proposed), stay under 200 KiB.
pub const SCHEDULE_ANSWER_BYTES: usize = 1024 * 1024;

/// Bound on the peers: some 1 KiB each, and a public node has hundreds.
pub const CONNECTIONS_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Bound on a whole block as JSON: 1 MiB of transactions, unpacked and with their hex.
pub const BLOCK_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// A nodeos as its HTTP RPC shows it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
}

impl Client {
    /// A client of the nodeos at `url`, for example `http://127.0.0.1:8888`; a path in it is kept
    /// as a prefix. `deadline` bounds each call as a whole, half of it the connection. Proxies of
    /// the environment are not used and redirects are not followed. Nothing is connected yet.
    ///
    /// # Errors
    /// [`ClientError`] when the address is none of `http://…` or `https://…`, or TLS cannot be set
    /// up on this machine.
    pub fn new(url: &str, deadline: Duration) -> Result<Self, ClientError> {
        Ok(Self { transport: Transport::new(url, deadline)? })
    }

    /// `/v1/chain/get_info`: where the node's chain stands.
    ///
    /// # Errors
    /// [`ApiFailure`], named after what went wrong.
    pub async fn get_info(&self) -> Result<ChainInfo, ApiFailure> {
        let answer =
            self.transport.call(Method::GET, "/v1/chain/get_info", SMALL_ANSWER_BYTES).await?;
        answers::chain_info(&answer)
    }

    /// The same, with the time the HTTP server put on its answer, in whole seconds: nodeos itself
    /// puts none, a proxy in front of it does.
    ///
    /// # Errors
    /// [`ApiFailure`], named after what went wrong.
    pub async fn get_info_dated(&self) -> Result<(ChainInfo, Option<Timestamp>), ApiFailure> {
        let path = "/v1/chain/get_info";
        let (answer, date) =
            self.transport.call_dated(Method::GET, path, SMALL_ANSWER_BYTES).await?;
        Ok((answers::chain_info(&answer)?, date))
    }

    /// `/v1/chain/get_producer_schedule` (EOSIO 1.1 and later): the active schedule.
    ///
    /// # Errors
    /// [`ApiFailure`], named after what went wrong; a schedule of none or of more than 125
    /// producers is [`ApiFailure::UnexpectedAnswer`].
    pub async fn producer_schedule(&self) -> Result<Schedule, ApiFailure> {
        let path = "/v1/chain/get_producer_schedule";
        let answer = self.transport.call(Method::GET, path, SCHEDULE_ANSWER_BYTES).await?;
        answers::active_schedule(&answer)
    }

    /// The same, with the public keys, in the form `PUB_K1_…`, by which the active schedule lets
    /// `producer` sign; none when it is not in it.
    ///
    /// # Errors
    /// As [`Self::producer_schedule`].
    pub async fn schedule_and_keys(
        &self,
        producer: Name,
    ) -> Result<(Schedule, Vec<String>), ApiFailure> {
        let path = "/v1/chain/get_producer_schedule";
        let answer = self.transport.call(Method::GET, path, SCHEDULE_ANSWER_BYTES).await?;
        answers::schedule_and_keys(&answer, producer)
    }

    /// The id of a block, 64 hex digits, by `/v1/chain/get_block_info` (EOSIO 2.1, Leap 3.1 and
    /// later) or else `/v1/chain/get_block`.
    ///
    /// # Errors
    /// [`ApiFailure`]; a node that does not have the block answers [`ApiFailure::HttpStatus`].
    pub async fn block_id(&self, number: u32) -> Result<String, ApiFailure> {
        answers::block_id(&self.block_answer(number).await?)
    }

    /// Time, signer and id of a block, by the same calls.
    ///
    /// # Errors
    /// As [`Self::block_id`].
    pub async fn block_facts(&self, number: u32) -> Result<BlockFacts, ApiFailure> {
        answers::block_facts(&self.block_answer(number).await?)
    }

    async fn block_answer(&self, number: u32) -> Result<Vec<u8>, ApiFailure> {
        let body = format!("{{\"block_num\":{number}}}").into_bytes();
        let path = "/v1/chain/get_block_info";
        match self.transport.post(path, body, SMALL_ANSWER_BYTES).await {
            Err(ApiFailure::NoSuchApi) => {
                let body = format!("{{\"block_num_or_id\":{number}}}").into_bytes();
                self.transport.post("/v1/chain/get_block", body, BLOCK_ANSWER_BYTES).await
            }
            answer => answer,
        }
    }

    /// `/v1/producer/paused`: up to Leap 5 whether production was paused by hand or API; from
    /// Spring 1.0 also whether missing votes pause it.
    ///
    /// # Errors
    /// [`ApiFailure`]; [`ApiFailure::NoSuchApi`] where `producer_api_plugin` is not loaded.
    pub async fn paused(&self) -> Result<bool, ApiFailure> {
        let answer =
            self.transport.call(Method::GET, "/v1/producer/paused", SMALL_ANSWER_BYTES).await?;
        answers::paused(&answer)
    }

    /// `/v1/producer/pause`: no block is begun after this; one being made may still be finished.
    /// The state is lost when nodeos restarts.
    ///
    /// # Errors
    /// [`ApiFailure`]; after a timeout or a cut connection it may have been paused all the same.
    pub async fn pause(&self) -> Result<(), ApiFailure> {
        self.order("/v1/producer/pause").await
    }

    /// `/v1/producer/resume`: from the next block on, production is allowed.
    ///
    /// # Errors
    /// [`ApiFailure`]; after a timeout or a cut connection it may have been resumed all the same.
    pub async fn resume(&self) -> Result<(), ApiFailure> {
        self.order("/v1/producer/resume").await
    }

    /// `/v1/net/connections`: the peers that are connected, or tried.
    ///
    /// # Errors
    /// [`ApiFailure`]; [`ApiFailure::NoSuchApi`] where `net_api_plugin` is not loaded.
    pub async fn connections(&self) -> Result<Vec<Connection>, ApiFailure> {
        let path = "/v1/net/connections";
        let answer = self.transport.call(Method::POST, path, CONNECTIONS_ANSWER_BYTES).await?;
        connections::read(&answer)
    }

    /// `/v1/chain/get_finalizer_info` (Spring 1.0 and later): the public keys, `PUB_BLS_…`, of the
    /// finalizers whose votes count.
    ///
    /// # Errors
    /// [`ApiFailure`]; [`ApiFailure::NoSuchApi`] in earlier versions.
    pub async fn finalizer_keys(&self) -> Result<Vec<String>, ApiFailure> {
        let path = "/v1/chain/get_finalizer_info";
        let answer = self.transport.call(Method::POST, path, SCHEDULE_ANSWER_BYTES).await?;
        connections::finalizer_keys(&answer)
    }

    /// Calls what changes the node and answers `{"result":"ok"}`.
    async fn order(&self, path: &str) -> Result<(), ApiFailure> {
        let answer = self.transport.call(Method::POST, path, SMALL_ANSWER_BYTES).await?;
        answers::result_ok(&answer)
    }
}
