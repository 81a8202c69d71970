//! `eoskeeper failback`: gives the producer back to the active node.

use std::process::ExitCode;

use crate::cli::order::{self, ActOptions, Goal, Order};
use crate::core::command::Command;

/// Says what would be done, or with `--yes` does it and follows it to its end.
#[must_use]
pub fn run(options: &ActOptions) -> ExitCode {
    let command = Command::Failback { force: options.force, dry_run: !options.yes };
    order::act(options, &Order { command, words: "failback".to_owned(), goal: Goal::Switchover })
}
