//! Why a channel cannot be used at all.

use std::sync::Arc;

use crate::core::time::Timestamp;

/// A channel could not be set up, in a sentence with what to do after its first semicolon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(pub String);

/// What time it is; only `clock.rs` reads clocks.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
