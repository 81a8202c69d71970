//! `eoskeeper switchover`: gives the producer to another node, between two of our turns.

use std::process::ExitCode;

use clap::Args;

use crate::cli::order::{self, Goal, Order};
use crate::core::command::Command;
use crate::daemon::control::bounds::check_node;

/// Who is to take it, and how.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the node that is to sign, as `[peers] nodes` has it.
    #[arg(long, value_name = "NAME", value_parser = parse_node)]
    to: String,
    #[command(flatten)]
    order: order::ActOptions,
}

fn parse_node(text: &str) -> Result<String, String> {
    check_node(text).map(|()| text.to_owned())
}

/// Says what would be done, or with `--yes` does it and follows it to its end.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let Options { to, order: how } = options;
    let command = Command::Switchover { to: to.clone(), force: how.force, dry_run: !how.yes };
    let words = format!("switchover --to {to}");
    order::act(how, &Order { command, words, goal: Goal::Switchover })
}
