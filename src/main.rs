//! The `eoskeeper` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    eoskeeper::cli::main()
}
