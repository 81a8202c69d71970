//! A network of `scripts/testnet`, as a value: up when made, down when dropped.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use eoskeeper::core::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::http;
use crate::wait::until;

/// The producer whose key nodes a, b and c carry.
pub(crate) const OURS: &str = "eosstorebest";
/// Ports of one network; the last ones of them are free for keepers.
const PORTS: u16 = 50;
/// Networks find their ports from here on, below the range the kernel gives to clients.
const FIRST_PORT: u16 = 20_000;
/// How many places for a network there are.
const PLACES: u16 = 200;

/// Counts the networks of this test run, so that two of them don't try the same ports.
static NEXT_PLACE: AtomicU16 = AtomicU16::new(0);

/// A running network of boot (all other producers), a (ours, producing), b and c (ours, paused)
/// and f (observer).
pub(crate) struct Network {
    dir: PathBuf,
    port_base: u16,
}

/// A line by which a node says that it signed a block for our producer.
#[derive(Debug)]
pub(crate) struct Produced {
    /// Block time.
    pub(crate) time: Timestamp,
}

/// What a fault cost, as `scripts/testnet count` counts it from the logs.
#[derive(Debug, Deserialize)]
pub(crate) struct Cost {
    /// Our producer's turns, oldest first.
    pub(crate) turns: Vec<Turn>,
    /// Blocks missing in all of them.
    pub(crate) blocks_lost: u32,
    /// Slots that two nodes signed.
    pub(crate) double_produced: u32,
}

/// One turn of our producer.
#[derive(Debug, Deserialize)]
pub(crate) struct Turn {
    /// When it began.
    pub(crate) start: Timestamp,
    /// Blocks that came, 0..=12.
    pub(crate) produced: u32,
}

impl Network {
    /// Starts a network and waits until every node follows the schedule.
    pub(crate) fn up(test: &str, producers: u32) -> Self {
        Self::up_with(test, producers, &[])
    }

    /// The same with a genesis of another time: a chain of its own, with another id.
    pub(crate) fn up_since(test: &str, producers: u32, genesis: &str) -> Self {
        Self::up_with(test, producers, &["--genesis", genesis])
    }

    fn up_with(test: &str, producers: u32, more: &[&str]) -> Self {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("e2e").join(test);
        let own = std::process::id();
        // Another run of these tests may have taken the place: then the next one is tried.
        for _ in 0..20 {
            let place = NEXT_PLACE.fetch_add(1, Ordering::Relaxed) as u32 + own * 7;
            let port_base = FIRST_PORT + (place % u32::from(PLACES)) as u16 * PORTS;
            let net = Self { dir: dir.clone(), port_base };
            let (producers, port, owner) =
                (producers.to_string(), port_base.to_string(), own.to_string());
            let args = ["--producers", &producers, "--port-base", &port, "--owner", &owner];
            let done = net.run("up", &[&args[..], &["--fresh"], more].concat());
            if done.status.success() {
                return net;
            }
            let why = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(why.contains("Address already in use"), "the network did not start: {why}");
        }
        panic!("no free ports for a network from {FIRST_PORT} on");
    }

    fn run(&self, command: &str, args: &[&str]) -> Output {
        Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/testnet"))
            .arg(command)
            .arg("--dir")
            .arg(&self.dir)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .expect("scripts/testnet can be run")
    }

    /// Runs a command of the testnet (`kill`, `freeze`, `isolate`…); the test fails if it does.
    pub(crate) fn order(&self, command: &str, args: &[&str]) -> String {
        let done = self.run(command, args);
        let why = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "testnet {command} {args:?}: {why}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// A path inside the network's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The file a node's log goes to.
    pub(crate) fn log_path(&self, node: &str) -> PathBuf {
        self.path(&format!("{node}.log"))
    }

    /// A node's log so far.
    pub(crate) fn log(&self, node: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path(node)).unwrap_or_default()).into_owned()
    }

    /// The RPC port of a node, through the relay that `mute-api` silences.
    pub(crate) fn rpc_port(&self, node: &str) -> u16 {
        self.http_port(node) + 20
    }

    /// The RPC port that is nodeos's own.
    pub(crate) fn http_port(&self, node: &str) -> u16 {
        let order = ["boot", "a", "b", "c", "f"];
        let index = order.iter().position(|n| *n == node).expect("a node of the network");
        self.port_base + index as u16
    }

    /// The number of the node's process, or `null`.
    pub(crate) fn pid(&self, node: &str) -> String {
        let told: Value = serde_json::from_str(&self.order("info", &["--json"])).unwrap();
        told["nodes"][node]["pid"].to_string()
    }

    /// A port for a keeper's status page, `index` 0..=8.
    pub(crate) fn spare_port(&self, index: u16) -> u16 {
        self.port_base + 41 + index
    }

    /// The node's `get_info`, or None while it doesn't answer.
    pub(crate) fn info(&self, node: &str) -> Option<Value> {
        http::get_json(self.rpc_port(node), "/v1/chain/get_info").ok()
    }

    /// The node's head block number; waits while it doesn't answer.
    pub(crate) fn head(&self, node: &str) -> u64 {
        until("a head block", 20, || self.info(node)?["head_block_num"].as_u64())
    }

    /// Whether the node says that its production is paused; None while it doesn't answer.
    pub(crate) fn paused(&self, node: &str) -> Option<bool> {
        http::get_json(self.rpc_port(node), "/v1/producer/paused").ok()?.as_bool()
    }

    /// Blocks the node itself signed for our producer, from its log, oldest first.
    pub(crate) fn produced_blocks(&self, node: &str) -> Vec<Produced> {
        self.log(node).lines().filter_map(produced_by_us).collect()
    }

    /// Waits until the node has signed all of a turn that began after now, and for its last block to be
    /// the newest of ours; returns that block's time.
    pub(crate) fn turn_just_over(&self, node: &str, seconds: u64) -> Timestamp {
        let seen = self.produced_blocks(node).len();
        until("a whole turn", seconds, || {
            let blocks = self.produced_blocks(node);
            let last = blocks.last()?.time;
            // A turn starts at a multiple of 12 slots (6 s), so its last block is 5.5 s after that.
            (blocks.len() >= seen + 12 && last.ms().rem_euclid(6_000) == 5_500).then_some(last)
        })
    }

    /// Writes an executable script into the network's directory; it finds the same nodeos.
    pub(crate) fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path(name);
        let venv = std::env::var("EOSKEEPER_NODEOS_VENV").unwrap_or_default();
        let given = if venv.is_empty() {
            String::new()
        } else {
            format!("export EOSKEEPER_NODEOS_VENV='{venv}'\n")
        };
        fs::write(&path, format!("#!/bin/bash\nset -eu\n{given}{body}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        path
    }

    /// The line of a shell that gives the testnet an order about this network.
    pub(crate) fn line(&self, order: &str) -> String {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/testnet");
        format!("{program} {order} --dir '{}'", self.dir.display())
    }

    /// Block time of the last block the node signed for our producer.
    pub(crate) fn last_block(&self, node: &str) -> Timestamp {
        self.produced_blocks(node).last().expect("a block of the node").time
    }

    /// Counts lost and doubly signed blocks from all logs, from block time `since` on.
    pub(crate) fn cost(&self, since: Timestamp) -> Cost {
        let told = self.order("count", &["--json", "--since", &since.to_string()]);
        serde_json::from_str(&told).expect("what count prints")
    }

    /// Prints what a fault cost, for the person who reads the test's output.
    pub(crate) fn print_cost(&self, what: &str, since: Timestamp) -> Cost {
        let cost = self.cost(since);
        let (lost, twice, turns) = (cost.blocks_lost, cost.double_produced, cost.turns.len());
        println!("{what}: {lost} blocks lost in {turns} turns, {twice} produced twice");
        cost
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The logs stay for whoever looks into a failure; the next run cleans them away.
        self.run("down", &[]);
    }
}

/// Reads `… ] Produced block ID... #N K @ TIME singer: NAME [` of this build of Leap 4.1.
fn produced_by_us(line: &str) -> Option<Produced> {
    let (_, rest) = line.split_once("] Produced block ")?;
    let (_, rest) = rest.split_once(" @ ")?;
    let mut words = rest.split(' ');
    let time = words.next()?.parse().ok()?;
    (words.nth(1)? == OURS).then_some(Produced { time })
}
