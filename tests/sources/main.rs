//! What feeds the keeper: log files, processes, the node's API, scripts, the pool, the lease's client.

mod classify;
mod file;
mod file_model;
#[path = "../support/http.rs"]
mod http;
mod lease_client;
#[path = "../support/log.rs"]
mod own_log;
mod poller;
mod pool;
mod process;
mod producer_api;
#[path = "../source_support/received.rs"]
mod received;
mod rpc;
mod script;
#[path = "../source_support/log.rs"]
mod source_log;
