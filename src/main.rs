//! The `eoskeeper` command.

fn main() {}
