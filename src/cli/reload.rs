//! `eoskeeper reload`: the keeper of this host reads its configuration anew, and says what came of it.

use std::process::ExitCode;

use clap::Args;

use crate::cli::order::{self, Common};
use crate::core::command::Command;

/// How to answer.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  eoskeeper reload
  eoskeeper reload -c /etc/eoskeeper/config.ini --json
  systemctl reload eoskeeper

A file with a fault (exit code 2), or with a change that needs a restart (exit code 1), changes
nothing: the configuration before stays in force, and this says why. `eoskeeper check` tries a file
without the keeper.")]
pub struct Options {
    #[command(flatten)]
    common: Common,
}

/// Gives the order.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    order::tell_all(&options.common, &Command::Reload)
}
