//! What survives a restart.

pub mod latch;
