//! What a person, or a program, is told.

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use super::draft::{Draft, LogPlace};
use super::look::Found;
use super::options::Options;
use crate::cli::check::{Row, State};
use crate::cli::print;
use crate::cli::style::{Style, printable};
use crate::core::settings::Role;
use crate::sources::nodes::{Output, Place};

/// Digits of a chain's id that tell chains apart.
const CHAIN_DIGITS: usize = 8;
/// Most names of producers in a line.
const NAMES_MAX: usize = 3;

/// Where it is told, and how.
pub(super) struct Page {
    is_json: bool,
    style: Style,
}

/// What was done.
pub(super) struct Written<'a> {
    pub(super) draft: &'a Draft,
    pub(super) chosen: &'a Found,
    pub(super) output: &'a Path,
    /// Where the one before it was kept.
    pub(super) old: Option<PathBuf>,
    /// The secret that was made.
    pub(super) secret: Option<PathBuf>,
    pub(super) rows: Vec<Row>,
}

impl Page {
    pub(super) fn new(options: &Options) -> Self {
        Self { is_json: options.json, style: Style::of_stdout() }
    }

    /// Says that it looks: a search of a busy host takes seconds.
    pub(super) fn begin(&self) {
        if stderr().is_terminal() && !self.is_json {
            eprintln!("Looking for nodeos …");
        }
    }

    /// Where it was looked.
    pub(super) fn looked(&self, looked: &[String]) {
        if self.is_json {
            return;
        }
        for sentence in looked {
            eprintln!("  {}", printable(sentence));
        }
    }

    /// The one the keeper is for.
    pub(super) fn chosen(&self, found: &Found) {
        if self.is_json {
            return;
        }
        eprintln!("Found {}", line(found));
        for unread in found.node.iter().flat_map(|node| &node.unread) {
            eprintln!("  could not be read: {}", printable(unread));
        }
    }

    /// The file, printed and not written.
    pub(super) fn dry_run(&self, draft: &Draft, text: &str) -> anyhow::Result<()> {
        if self.is_json {
            let value = json!({ "written": null, "config": text, "assumed": draft.assumed,
                "advice": draft.advice });
            return object(&value);
        }
        print(text)
    }

    /// What was written, what `check` says of it, and what comes next.
    pub(super) fn written(&self, done: &Written<'_>) -> anyhow::Result<()> {
        if self.is_json {
            return object(&as_json(done));
        }
        let style = self.style;
        let draft = done.draft;
        let mut text =
            format!("\n{}\n", style.bold(&format!("Written: {}", done.output.display())));
        let mut list = |head: &str, sentences: &[String]| {
            for sentence in sentences {
                text += &format!("  {head}{}\n", printable(sentence));
            }
        };
        list("kept the old one as ", &paths(&[&done.old]));
        list(
            "made the peers' secret, to be copied to the other hosts by a safe way: ",
            &paths(&[&done.secret]),
        );
        list("assumed: ", &draft.assumed);
        if !done.rows.is_empty() {
            text += &checked(&done.rows, style);
        }
        if !draft.advice.is_empty() {
            text += &format!("{}\n", style.bold("For nodeos:"));
            for advice in &draft.advice {
                text += &format!("  - {}\n", printable(advice));
            }
        }
        text += &format!("{}\n", style.bold("Next:"));
        for (at, step) in next(done).iter().enumerate() {
            text += &format!("  {}. {}\n", at + 1, printable(step));
        }
        print(&text)
    }
}

fn object(value: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value).context("no JSON")?;
    print(&format!("{text}\n"))
}

fn paths(given: &[&Option<PathBuf>]) -> Vec<String> {
    given.iter().filter_map(|path| path.as_ref().map(|path| path.display().to_string())).collect()
}

/// The rows that are not ok, and how many are.
fn checked(rows: &[Row], style: Style) -> String {
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let (good, failed) = (count(State::Ok), count(State::Fail));
    let others = rows.len() - good - failed;
    let mut text = format!("Checked: {good} ok, {others} to look at, {failed} failed.\n");
    for row in rows.iter().filter(|row| row.state != State::Ok) {
        let word = format!("{:4}", row.state.as_str());
        let word = if row.state == State::Fail { style.bad(&word) } else { style.warn(&word) };
        text += &format!("  {word}  {}: {}\n", row.what, row.detail);
        if let Some(next) = &row.next {
            text += &format!("        → {next}\n");
        }
    }
    text
}

/// What to do now, in order.
fn next(done: &Written<'_>) -> Vec<String> {
    let output = done.output.display();
    let mut steps = Vec::new();
    if done.rows.iter().any(|row| row.state == State::Fail) {
        steps.push(format!("Mend what failed, then: eoskeeper check -c {output}"));
    }
    steps.push(format!("eoskeeper doctor -c {output}     advice on this host and its node"));
    if let LogPlace::File(path) = &done.draft.log {
        steps.push(format!(
            "eoskeeper replay -c {output} {}     what it would have done",
            path.display()
        ));
    }
    steps.push(format!(
        "eoskeeper run -c {output}     and beside it: eoskeeper status --why -c {output}"
    ));
    if done.draft.references.is_empty() {
        steps.push(
            "Name other nodes of the chain under [references], so that it knows when this one is \
            cut off."
                .to_owned(),
        );
    }
    if done.draft.role != Role::Observer {
        steps.push("Give it a channel (doc/alarms.md), let the keepers know each other ([peers]), and set \
            dry_run = false when you trust it (doc/start.md).".to_owned());
    }
    steps
}

fn as_json(done: &Written<'_>) -> Value {
    let (draft, found) = (done.draft, done.chosen);
    let info = found.info.as_ref();
    let node = found.node.as_ref();
    let log = match &draft.log {
        LogPlace::File(path) => path.display().to_string(),
        LogPlace::Docker { container, .. } => format!("docker:{container}"),
        LogPlace::Journal { unit } => format!("journal:{unit}"),
    };
    json!({
        "written": done.output, "old": done.old, "secret": done.secret,
        "node": {
            "place": found.words(), "pid": found.pid(), "url": found.url,
            "version": info.and_then(|info| info.version.as_ref()),
            "chain_id": info.and_then(|info| info.chain_id.as_ref()),
            "config": node.and_then(|node| node.config.as_ref()),
            "plugins": node.map(|node| &node.options.plugins),
            "p2p_listen": node.map(|node| &node.options.p2p_listen),
            "paused": found.paused, "peers": found.peers,
        },
        "role": draft.role.letter().to_string(), "producer": draft.producer, "log": log,
        "assumed": draft.assumed, "advice": draft.advice, "check": done.rows,
    })
}

/// A nodeos in one line.
pub(super) fn line(found: &Found) -> String {
    let mut parts = vec![found.words()];
    if let Some(node) = &found.node {
        parts[0] += &format!(" ({})", node.program);
    }
    match (&found.info, &found.failure) {
        (Some(info), _) => {
            let version = info.version.as_deref().unwrap_or("of unknown version");
            let chain: String =
                info.chain_id.iter().flat_map(|id| id.chars()).take(CHAIN_DIGITS).collect();
            let url = found.url.as_deref().unwrap_or_default();
            parts.push(format!("{version} at {url}, chain {chain}, head #{}", info.head));
        }
        (None, Some(why)) => parts.push(format!("does not answer: {why}")),
        (None, None) => {}
    }
    let names = found.producers();
    if !names.is_empty() {
        let more = if names.len() > NAMES_MAX { ", …" } else { "" };
        let shown: Vec<&str> = names.iter().take(NAMES_MAX).map(|name| name.as_str()).collect();
        parts.push(format!("signs for {}{more}", shown.join(", ")));
    }
    match found.paused {
        Some(true) => parts.push("paused".to_owned()),
        Some(false) => parts.push("not paused".to_owned()),
        None => {}
    }
    parts.extend(found.peers.map(|count| format!("{count} peers")));
    if let Some(node) = &found.node {
        parts.push(output(&node.output));
    }
    printable(&parts.join(", "))
}

fn output(output: &Output) -> String {
    match output {
        Output::File(path) | Output::Deleted(path) => format!("log {}", path.display()),
        Output::Journal => "log in the journal".to_owned(),
        Output::Docker => "log in Docker".to_owned(),
        Output::Pipe { reader, .. } => {
            format!("log piped to {}", reader.as_deref().unwrap_or("another program"))
        }
        Output::Terminal(name) => format!("log on {name}"),
        Output::Nowhere => "log thrown away".to_owned(),
        Output::Unknown(_) => "log unseen".to_owned(),
    }
}

/// Nothing was found: where it was looked, and how to go on.
pub(super) fn nothing(options: &Options, looked: &[String]) -> String {
    let what = match (options.pid, &options.container) {
        (Some(pid), _) => format!("process {pid} is no nodeos"),
        (None, Some(name)) => format!("no running container {} runs nodeos", printable(name)),
        (None, None) => "no nodeos was found".to_owned(),
    };
    let looked: String = looked.iter().map(|line| format!("\n  {}", printable(line))).collect();
    format!(
        "{what}; start it, run this as root, or say where it is: --url http://127.0.0.1:8888 --log-file \
         /var/log/nodeos/nodeos.log. Looked at:{looked}"
    )
}

/// There are several, and nobody to ask.
pub(super) fn several(found: &[Found]) -> String {
    let each: String = found
        .iter()
        .map(|found| {
            let way = match found.node.as_ref().map(|node| &node.place) {
                Some(Place::Container { name, .. }) => format!("--container {}", printable(name)),
                Some(Place::Process { pid }) => format!("--pid {pid}"),
                None => format!("--url {}", found.url.as_deref().unwrap_or_default()),
            };
            format!("\n  {way:16}  {}", line(found))
        })
        .collect();
    format!("there are {} nodeos, and each has a keeper of its own; say which:{each}", found.len())
}
