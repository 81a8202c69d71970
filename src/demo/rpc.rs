//! The part of nodeos's RPC that eoskeeper asks: `chain_api_plugin` and `producer_api_plugin`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::demo::block::{Node, digits};
use crate::demo::chain::Chain;
use crate::demo::dialect::Dialect;
use crate::demo::network::World;

/// The public key nodeos's own tutorials and configuration files use.
const KEY: &str = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";

#[derive(Clone)]
struct Served {
    node: Node,
    world: Arc<World>,
}

/// The calls of one node. Any method is accepted, as nodeos does; producer calls answer 201.
pub(super) fn routes(node: Node, world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/chain/get_info", any(get_info))
        .route("/v1/chain/get_producer_schedule", any(get_producer_schedule))
        .route("/v1/producer/pause", any(pause))
        .route("/v1/producer/resume", any(resume))
        .route("/v1/producer/paused", any(paused))
        .with_state(Served { node, world })
}

/// A connection serves one call: a killed node then has none left to answer on.
fn answer(status: StatusCode, body: Value) -> Response {
    (status, [(header::CONNECTION, "close")], Json(body)).into_response()
}

async fn get_info(State(served): State<Served>) -> Response {
    let info = served.world.look(|chain| info(chain, served.node.dialect()));
    answer(StatusCode::OK, info)
}

async fn get_producer_schedule(State(served): State<Served>) -> Response {
    answer(StatusCode::OK, served.world.look(schedule))
}

async fn pause(State(served): State<Served>) -> Response {
    served.world.set_paused(served.node, true);
    answer(StatusCode::CREATED, json!({ "result": "ok" }))
}

async fn resume(State(served): State<Served>) -> Response {
    served.world.set_paused(served.node, false);
    answer(StatusCode::CREATED, json!({ "result": "ok" }))
}

async fn paused(State(served): State<Served>) -> Response {
    let paused = served.world.look(|chain| chain.is_paused(served.node));
    answer(StatusCode::CREATED, Value::Bool(paused))
}

/// The fields of EOSIO 2.0; Leap and Spring have four more.
fn info(chain: &Chain, dialect: Dialect) -> Value {
    let (head, lib) = (chain.head(), chain.lib());
    let mut info = json!({
        "server_version": &digits(chain.seed())[..8],
        "chain_id": digits(chain.seed()),
        "head_block_num": head.number,
        "last_irreversible_block_num": lib.number,
        "last_irreversible_block_id": lib.id,
        "head_block_id": head.id,
        "head_block_time": head.slot.time(),
        "head_block_producer": head.producer,
        "virtual_block_cpu_limit": 200_000_000,
        "virtual_block_net_limit": 1_048_576_000,
        "block_cpu_limit": 200_000,
        "block_net_limit": 1_048_576,
        "server_version_string": dialect.version(),
        "fork_db_head_block_num": head.number,
        "fork_db_head_block_id": head.id,
        "server_full_version_string": dialect.version(),
    });
    if dialect != Dialect::Eosio2 {
        info["last_irreversible_block_time"] = json!(lib.slot.time());
        info["total_cpu_weight"] = json!("0");
        info["total_net_weight"] = json!("0");
        info["earliest_available_block_num"] = json!(1);
    }
    info
}

/// `get_producer_schedule_result`, with authorities as from 2.0 on.
fn schedule(chain: &Chain) -> Value {
    let row = |name| {
        let keys = json!([{ "key": KEY, "weight": 1 }]);
        json!({ "producer_name": name, "authority": [0, { "threshold": 1, "keys": keys }] })
    };
    let rows: Vec<Value> = chain.schedule().producers.iter().map(row).collect();
    let active = json!({ "version": chain.schedule().version, "producers": rows });
    json!({ "active": active, "pending": null, "proposed": null })
}
