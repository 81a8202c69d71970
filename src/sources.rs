//! What turns the outside into events.

pub mod chain_blocks;
pub mod docker;
pub mod file;
pub mod get_info;
pub mod lines;
pub mod log;
pub mod process;
pub mod references;
pub mod window;
