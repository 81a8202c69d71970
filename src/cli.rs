//! The command line: one file per command.
//!
//! Exit codes: 0 all is well, 1 it could not be done, 2 the arguments or the configuration are
//! wrong and nothing was started.

pub mod classify;
pub mod demo;
mod own_log;
pub mod run;
pub mod status;
mod style;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exit code for wrong arguments or a wrong configuration.
pub const EXIT_USAGE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  eoskeeper demo                              see it work, nothing needed
  eoskeeper check -c config.ini               try everything the configuration names
  eoskeeper run -c config.ini                 watch, tell, and promote if configured
  eoskeeper status --why                      ask the running keeper
  eoskeeper replay -c config.ini nodeos.log   what would it have done?

Without -c, ./config.ini is read, then /etc/eoskeeper/config.ini.";

/// Watches a block producer's nodeos, tells people the truth about it, and makes a standby sign
/// when the active node cannot.
#[derive(Debug, Parser)]
#[command(name = "eoskeeper", version, about, after_help = EXAMPLES, max_term_width = 100)]
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
    /// Watch a failover on a simulated network; nothing needed, a minute and a quarter.
    #[command(
        after_help = "Examples:\n  eoskeeper demo\n  eoskeeper demo --kill-after-block 12\n  \
        eoskeeper demo --json | jq -r .text"
    )]
    Demo(demo::Options),
    /// Tell what each line of a nodeos log means, one JSON object a line.
    #[command(after_help = "Examples:\n  eoskeeper classify nodeos.log\n  \
        journalctl -u nodeos -o cat | eoskeeper classify -")]
    Classify {
        /// The log; `-` or nothing is standard input.
        #[arg(value_name = "FILE")]
        input: Option<PathBuf>,
    },
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Run { config } => run::run(config.as_deref()),
        Command::Status(options) => status::run(&options),
        Command::Demo(options) => {
            ended(runtime().and_then(|runtime| runtime.block_on(demo::run(options))))
        }
        Command::Classify { input } => {
            ended(classify::run(input.filter(|path| path.as_os_str() != "-")))
        }
    }
}

/// An error as a person reads it, and its exit code.
fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("eoskeeper: {error:#}");
            ExitCode::FAILURE
        }
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
