//! What turns the outside into events.

pub mod chain_blocks;
pub mod docker;
pub mod file;
pub mod fleet;
pub mod get_info;
pub mod host;
pub mod journal;
pub mod lines;
pub mod log;
pub mod nodes;
pub mod pool;
pub mod process;
pub mod references;
pub mod web;
pub mod window;
