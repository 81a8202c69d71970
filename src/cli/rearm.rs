//! `eoskeeper rearm`: a person has seen why there were so many promotions; they are counted anew.

use std::process::ExitCode;

use clap::Args;

use crate::cli::order::{self, Common};
use crate::core::command::Command;

/// How to answer.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    common: Common,
}

/// Gives the order.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    order::tell(&options.common, &Command::Rearm)
}
