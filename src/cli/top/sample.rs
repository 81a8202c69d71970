//! A status for tests: a real keeper's, with what its surroundings would have told it filled in.

use serde_json::{Value, json};

use crate::core::event::{ChainInfo, Event};
use crate::core::keeper::Keeper;
use crate::core::schedule::Schedule;
use crate::core::settings::{Role, Settings};
use crate::core::time::{Mono, Now, Timestamp};

/// When it is judged: 2026-11-21T02:48:37.098.
pub(super) fn at() -> Timestamp {
    Timestamp::from_ms(1_795_229_317_098)
}

/// The active node while all is well, with two standbys that are ready.
pub(super) fn signing() -> Value {
    let mut settings = Settings::new(Role::Active, "eosstorebest".parse().unwrap());
    settings.node = "tokyo-1".to_owned();
    settings.peers.names = vec!["oslo-1".to_owned(), "lima-1".to_owned()];
    let mut status = judged(settings);
    for at in 0..2 {
        let name = status["peers"][at]["name"].clone();
        status["peers"][at]["said_ago_ms"] = json!(400);
        status["peers"][at]["status"] = json!({
            "node": name, "role": if at == 0 { "B" } else { "C" }, "signing": "no",
            "ready": true, "head": 181_223_344, "head_moves": true,
            "sentence": "eosstorebest signs: its block #181223340 was seen 3 s ago.",
        });
        status["fleet"]["members"][at]["state"] = json!("reporting");
    }
    status["fleet"]["reporting"] = json!(2);
    status["fleet"]["never"] = json!(0);
    status["references"] = json!([{
        "name": "http://reference1", "standing": "agrees", "head": 181_223_344, "lag_blocks": 0,
        "failure": null,
    }]);
    status["chain"]["agree"] = json!(1);
    status["chain"]["lag_blocks"] = json!(0);
    status["producer"]["silent_ms"] = json!(3_000);
    status["producer"]["wait_ms"] = json!(260_000);
    status["producer"]["last_block"] = json!({
        "number": 181_223_340, "time": at().plus_ms(-3_000), "via": "produced",
        "seen_ago_ms": 3_000,
    });
    status
}

fn judged(settings: Settings) -> Value {
    let start = Now { mono: Mono::from_ms(1_000_000), wall: at().plus_ms(-2_000) };
    let head_producer = settings.producer;
    let mut keeper = Keeper::new(settings, start, Ok(None));
    let producers = ["otherone", "eosstorebest", "othertwo"];
    let producers = producers.map(|name| name.parse().unwrap()).to_vec();
    keeper.record(start, &Event::Schedule(Ok(Schedule { version: 1, producers })));
    keeper.record(start, &Event::Paused(Ok(false)));
    for step in 0..=2 {
        let now = start.plus_ms(step * 1_000);
        let info = ChainInfo {
            chain_id: Some("aca376f206b8fc25".repeat(4)),
            head: 181_223_342 + step as u32,
            head_id: "0acd3f3e".repeat(8),
            head_time: now.wall,
            head_producer,
            lib: 181_223_011,
            lib_id: Some("0acd3df3".repeat(8)),
            version: Some("v1.2.2".to_owned()),
        };
        keeper.record(now, &Event::Info(Ok(info)));
        keeper.tick(now);
    }
    serde_json::to_value(keeper.status(start.plus_ms(2_000))).unwrap()
}
