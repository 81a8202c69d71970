//! The command line: one file per command.
//!
//! Exit codes: 0 all is well, 1 it could not be done, 2 the arguments or the configuration are
//! wrong and nothing was started, 3 the keeper could not be reached and nothing was ordered.

pub mod chart;
pub mod check;
pub mod classify;
pub mod cloudwatch;
pub mod completions;
mod control_client;
pub mod demo;
pub mod demote;
pub mod doctor;
pub mod evidence;
pub mod failback;
pub mod fleet;
pub mod history;
pub mod incidents;
pub mod init;
mod keeper_client;
pub mod ledger;
mod length;
pub mod maintenance;
pub mod man;
pub mod notify;
mod order;
mod own_log;
mod progress;
pub mod promote;
pub mod rearm;
pub mod reload;
pub mod replay;
pub mod report;
pub mod run;
pub mod silence;
pub mod simulate;
mod span;
pub mod status;
mod style;
pub mod switchover;
pub mod top;
pub mod version;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::core::name::Name;
use crate::core::settings::Role;
use crate::core::time::Timestamp;

/// Exit code for wrong arguments or a wrong configuration.
pub const EXIT_USAGE: u8 = 2;
/// Exit code for a keeper that could not be reached: nothing was ordered.
pub const EXIT_NOT_REACHED: u8 = 3;

/// The program's name, as a shell knows it.
const NAME: &str = "eoskeeper";

const EXAMPLES: &str = "\
Examples:
  eoskeeper demo                              see it work, nothing needed
  eoskeeper init                              find nodeos, write a configuration
  eoskeeper check -c config.ini               try everything the configuration names
  eoskeeper doctor -c config.ini              advice on host, node and configuration
  eoskeeper run -c config.ini                 watch, tell, and promote if configured
  eoskeeper status --why                      ask the running keeper
  eoskeeper top                               the same, live
  eoskeeper history --since 24h               what did it decide, and why?
  eoskeeper replay -c config.ini nodeos.log   what would it have done?
  eoskeeper switchover --to b                 what would it take to move the producer?

Without -c, ./config.ini is read, then /etc/eoskeeper/config.ini.";

/// Watches a block producer's nodeos, tells people the truth about it, and makes a standby sign
/// when the active node cannot.
#[derive(Debug, Parser)]
#[command(name = NAME, version, about, after_help = EXAMPLES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the node, tell people, and act if that is configured. Ends on SIGTERM or Ctrl-C.
    #[command(
        after_help = "Examples:\n  eoskeeper run\n  eoskeeper run -c /etc/eoskeeper/config.ini"
    )]
    Run {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Ask the running keeper what it sees and what it decided.
    #[command(after_help = "Examples:\n  eoskeeper status\n  eoskeeper status --why\n  \
        eoskeeper status --json | jq .decision.sentence\n  eoskeeper status --url http://10.0.0.5:9880")]
    Status(status::Options),
    /// Watch live what the running keeper sees: decision, gates, turns, lag, incidents, peers.
    #[command(
        after_help = "Examples:\n  eoskeeper top\n  eoskeeper top --url http://10.0.0.5:9880\n  \
        eoskeeper top --once                     one plain frame, also into a pipe\n\n\
        Keys: q leaves, ? shows all."
    )]
    Top(top::Options),
    /// Show the keepers that the running keeper watches: peers and members of the fleet.
    #[command(after_help = "Examples:\n  eoskeeper fleet\n  \
        eoskeeper fleet --json | jq '.members[] | select(.state != \"reporting\") | .name'\n  \
        eoskeeper fleet --url http://10.0.0.5:9880\n\n\
        Exit code 1: a member is offline.")]
    Fleet(fleet::Options),
    /// Move the producer to another node, between two of our turns. A dry run without --yes.
    #[command(after_help = "Examples:\n  eoskeeper switchover --to b\n  \
        eoskeeper switchover --to b --yes\n  \
        eoskeeper switchover --to b --yes --json | jq -r .sentence\n\n\
        Run it on the node that signs.")]
    Switchover(switchover::Options),
    /// Make this node sign. A dry run without --yes.
    #[command(after_help = "Examples:\n  eoskeeper promote\n  eoskeeper promote --yes\n  \
        eoskeeper promote --force --yes")]
    Promote(order::ActOptions),
    /// Make this node stop signing; no other takes over by this. A dry run without --yes.
    #[command(after_help = "Examples:\n  eoskeeper demote\n  eoskeeper demote --yes\n  \
        eoskeeper demote --force --yes      also when no other node is ready")]
    Demote(order::ActOptions),
    /// Give the producer back to the active node. A dry run without --yes.
    #[command(after_help = "Examples:\n  eoskeeper failback\n  eoskeeper failback --yes\n\n\
        Run it on the standby that signs, or on the active node.")]
    Failback(order::ActOptions),
    /// No automatic act for a while; alarms go on. Without --for and --end, show what there is.
    #[command(after_help = "Examples:\n  \
        eoskeeper maintenance --for 2h --reason \"new disk\"\n  eoskeeper maintenance\n  \
        eoskeeper maintenance --end\n  eoskeeper maintenance --json | jq .until")]
    Maintenance(maintenance::Options),
    /// Tell nobody of a cause for a while; what happens is recorded. Without a time, show what runs.
    #[command(after_help = "Examples:\n  eoskeeper silence 30m --cause behind_references\n  \
        eoskeeper silence 2h --cause member_offline:tokyo-2 --reason \"moves house\"\n  \
        eoskeeper silence\n  eoskeeper silence --end")]
    Silence(silence::Options),
    /// Send a test message through a channel, or list the channels that are configured.
    #[command(after_help = "Examples:\n  eoskeeper notify --list\n  \
        eoskeeper notify --test email\n  \
        eoskeeper notify --test discord --severity page --kind resolved --with-picture\n  \
        eoskeeper notify --test pagerduty --json | jq .delivered")]
    Notify(notify::Options),
    /// Count promotions anew, after a person has seen why there were so many.
    #[command(after_help = "Examples:\n  eoskeeper rearm\n  eoskeeper rearm --json")]
    Rearm(rearm::Options),
    /// Say what this program is and how it was built.
    #[command(
        after_help = "Examples:\n  eoskeeper version\n  eoskeeper version --json | jq -r .commit"
    )]
    Version(version::Options),
    /// Have the keeper read its configuration anew.
    Reload(reload::Options),
    /// Watch a failover on a simulated network; nothing needed, a minute and a quarter.
    #[command(
        after_help = "Examples:\n  eoskeeper demo\n  eoskeeper demo --kill-after-block 12\n  \
        eoskeeper demo --json | jq -r .text"
    )]
    Demo(demo::Options),
    /// Play keepers, nodes and faults in virtual time, and look whether a promise is broken.
    #[command(after_help = "Examples:\n  eoskeeper simulate --seed 7 --hours 48\n  \
        eoskeeper simulate --seeds 100 --hours 24 --producers 21\n  \
        eoskeeper simulate --seeds 50 --faults kill,cut,keeper_crash --json\n\n\
        Exit code 1: a promise was broken; the run is made short and printed.")]
    Simulate(simulate::Options),
    /// Make, show or remove this node's alarms at Amazon CloudWatch.
    #[command(after_help = "Examples:\n  eoskeeper cloudwatch setup --dry-run\n  \
        eoskeeper cloudwatch setup\n  eoskeeper cloudwatch show\n  \
        eoskeeper cloudwatch teardown --dry-run\n\n\
        Run it for each node, with the configuration of its keeper.")]
    Cloudwatch(cloudwatch::Options),
    /// Find the nodeos of this host and write a configuration for its keeper.
    #[command(after_help = "Examples:\n  eoskeeper init\n  eoskeeper init --yes --role B\n  \
        eoskeeper init --container nodeos --producer eosstorebest --dry-run\n  \
        eoskeeper init --pid 4711 --reference https://api.example.org -o b.ini --json | jq .assumed\n\n\
        On a terminal it asks; else, and with --yes, it takes what it finds and says what it assumed.\n\
        Exit code 1: written, and check finds a fault. 2: it must be told more, nothing was written.")]
    Init(Box<init::Options>),
    /// Try everything the configuration names, and say what works.
    #[command(
        after_help = "Examples:\n  eoskeeper check\n  eoskeeper check -c config.ini --offline\n  \
        eoskeeper check --json | jq '.[] | select(.state == \"fail\")'"
    )]
    Check {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only the configuration itself; touch nothing it names.
        #[arg(long)]
        offline: bool,
        /// Print the table as a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Check, and give advice on host, node and configuration: clock, keys, peers, ports, disks.
    #[command(after_help = "Examples:\n  eoskeeper doctor\n  eoskeeper doctor --send\n  \
        eoskeeper doctor --json > b.json         on b, then on a:\n  \
        eoskeeper doctor --with b.json\n  \
        eoskeeper doctor --json | jq '.advice[] | select(.verdict == \"danger\")'\n\n\
        Exit code 1: something failed or is dangerous.")]
    Doctor(doctor::Options),
    /// Feed recorded logs through the keeper, in log time, and tell what it would have done.
    #[command(after_help = "Examples:\n  eoskeeper replay -c config.ini nodeos.log\n  \
        eoskeeper replay nodeos.log.2.gz nodeos.log.1 nodeos.log\n  \
        eoskeeper replay --role B --from 2026-11-21T02:50 nodeos.log --json\n\n\
        On a terminal it says how far it is, on standard error.")]
    Replay(ReplayArguments),
    /// Draw what was measured: lag, host, production, slots or pool, as PNG or SVG.
    #[command(after_help = "Examples:\n  eoskeeper chart lag --last 6h -o lag.png\n  \
        eoskeeper chart slots --last day --time-zone Asia/Shanghai -o slots.svg\n  \
        eoskeeper chart host --last week --size 1920x1080 -o - | display")]
    Chart(chart::Options),
    /// Tell what the keeper decided and did, and on what evidence, from its state on disk.
    #[command(
        after_help = "Examples:\n  eoskeeper history\n  eoskeeper history --since 24h --evidence\n  \
        eoskeeper history --since 2026-11-21T02:50 -n 1000 --json | jq 'select(.what == \"order\")'"
    )]
    History(history::Options),
    /// Tell what became of our slots: met, late, forked off, missed or unknown, and by what.
    #[command(after_help = "Examples:\n  eoskeeper ledger --since 7d\n  \
        eoskeeper ledger --since 24h --turns\n  \
        eoskeeper ledger --json | jq .summary.causes")]
    Ledger(ledger::Options),
    /// Tell what was the matter, from when to when.
    #[command(after_help = "Examples:\n  eoskeeper incidents\n  \
        eoskeeper incidents --since 30d --json | jq -r 'select(.severity == \"page\") | .title'")]
    Incidents(incidents::Options),
    /// Put all that is known of an incident into one archive, nothing secret.
    #[command(after_help = "Examples:\n  eoskeeper incidents\n  \
        eoskeeper evidence 20261121T0248\n  \
        eoskeeper evidence 20261121T024837-api_down -o /tmp/api_down.tar.gz\n  \
        eoskeeper evidence 20261121T0248 --json | jq .manifest.missing")]
    Evidence(evidence::Options),
    /// Print the report of some hours, as the channels get it.
    #[command(after_help = "Examples:\n  eoskeeper report --last 6h\n  \
        eoskeeper report --last week --language zh\n  eoskeeper report --last day --json")]
    Report(report::Options),
    /// Tell what each line of a nodeos log means, one JSON object a line.
    #[command(after_help = "Examples:\n  eoskeeper classify nodeos.log\n  \
        journalctl -u nodeos -o cat | eoskeeper classify - | jq -r .event\n\n\
        It always prints JSON.")]
    Classify {
        /// The log; `-` or nothing is standard input.
        #[arg(value_name = "FILE")]
        input: Option<PathBuf>,
    },
    /// Print what a shell needs to complete our commands and options.
    #[command(after_help = "Examples:\n  \
        eoskeeper completions bash > /etc/bash_completion.d/eoskeeper\n  \
        eoskeeper completions zsh > \"${fpath[1]}/_eoskeeper\"\n  \
        eoskeeper completions fish > ~/.config/fish/completions/eoskeeper.fish")]
    Completions(completions::Options),
    /// Print the manual page of a command, or write all of them.
    #[command(after_help = "Examples:\n  eoskeeper man status | man -l -\n  \
        eoskeeper man cloudwatch setup | man -l -\n  \
        eoskeeper man --out /usr/local/share/man/man1")]
    Man(man::Options),
}

#[derive(Debug, Args)]
struct ReplayArguments {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// The parts of one node's log, oldest first, plain or gzip; `-` is standard input.
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// One JSON object a line instead of text.
    #[arg(long)]
    json: bool,
    /// The producers of the schedule at the start, in order; otherwise found out from the log.
    #[arg(long, value_name = "NAMES", value_parser = parse_names)]
    schedule: Option<NameList>,
    /// Another role than the configuration's: A, B, C or F.
    #[arg(long, value_parser = replay::parse_role)]
    role: Option<Role>,
    /// Pass over lines before this time (UTC), for example 2026-11-21T02:50.
    #[arg(long, value_name = "TIME", value_parser = replay::parse_time)]
    from: Option<Timestamp>,
    /// Pass over lines after this time (UTC).
    #[arg(long, value_name = "TIME", value_parser = replay::parse_time)]
    to: Option<Timestamp>,
    /// Do not say on the terminal how far it is.
    #[arg(long)]
    no_progress: bool,
}

/// Names of a schedule as one argument; a bare `Vec` would be read as an argument given many times.
#[derive(Clone, Debug)]
struct NameList(Vec<Name>);

impl ReplayArguments {
    fn options(self) -> replay::Options {
        replay::Options {
            config: self.config,
            node: self.node,
            logs: self.logs,
            json: self.json,
            schedule: self.schedule.map(|names| names.0),
            role: self.role,
            from: self.from,
            to: self.to,
            has_progress: !self.no_progress,
        }
    }
}

fn parse_names(text: &str) -> Result<NameList, String> {
    replay::parse_schedule(text).map(NameList)
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Run { config } => run::run(config.as_deref()),
        Command::Status(options) => status::run(&options),
        Command::Top(options) => top::run(&options),
        Command::Fleet(options) => fleet::run(&options),
        Command::Switchover(options) => switchover::run(&options),
        Command::Promote(options) => promote::run(&options),
        Command::Demote(options) => demote::run(&options),
        Command::Failback(options) => failback::run(&options),
        Command::Maintenance(options) => maintenance::run(&options),
        Command::Silence(options) => silence::run(&options),
        Command::Notify(options) => notify::run(&options),
        Command::Rearm(options) => rearm::run(&options),
        Command::Reload(options) => reload::run(&options),
        Command::Cloudwatch(options) => cloudwatch::run(&options),
        Command::Init(options) => init::run(&options),
        Command::Check { config, offline, json } => runtime()
            .map_or_else(failed, |runtime| runtime.block_on(check::run(config, offline, json))),
        Command::Doctor(options) => doctor::run(&options),
        Command::Replay(arguments) => replay::run(arguments.options()).unwrap_or_else(failed),
        Command::Simulate(options) => simulate::run(&options).unwrap_or_else(failed),
        Command::Demo(options) => {
            ended(runtime().and_then(|runtime| runtime.block_on(demo::run(options))))
        }
        Command::Chart(options) => chart::run(&options),
        Command::History(options) => history::run(&options),
        Command::Ledger(options) => ledger::run(&options),
        Command::Incidents(options) => incidents::run(&options),
        Command::Evidence(options) => evidence::run(&options),
        Command::Report(options) => report::run(&options),
        Command::Completions(options) => completions::run(&options),
        Command::Man(options) => man::run(&options),
        Command::Version(options) => ended(version::run(&options)),
        Command::Classify { input } => {
            ended(classify::run(input.filter(|path| path.as_os_str() != "-")))
        }
    }
}

/// Arguments that are each well and make no sense together, one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// An error as a person reads it, and its exit code.
#[allow(clippy::needless_pass_by_value, reason = "what `unwrap_or_else` hands over")]
fn failed(error: anyhow::Error) -> ExitCode {
    eprintln!("eoskeeper: {error:#}");
    if error.is::<Usage>() { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    result.map_or_else(failed, |()| ExitCode::SUCCESS)
}

/// Prints to standard output; a reader that closed the pipe has read what it wanted.
fn print(text: &str) -> anyhow::Result<()> {
    use anyhow::Context;
    use std::io::{ErrorKind, Write, stdout};
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("standard output cannot be written"),
    }
}

/// A runtime with two threads: one for the loop, one for what must not hold it up.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    use anyhow::Context;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no threads to run on")
}
