//! What must survive a restart, and what happened: one SQLite file.

pub mod entry;
pub mod gather;
pub mod record;
pub mod store;
