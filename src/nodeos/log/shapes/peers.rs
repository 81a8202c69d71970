//! How many peers are connected.

use crate::core::event::EventName::PeerCounts;
use crate::nodeos::log::shape::{Shape, says};

/// net_plugin.cpp, 1.8.10 and 2.0.1 to Spring 2.0-dev: every 30 s while there is a connection.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[says(PeerCounts, "p2p client connections: ")
    .then("%count/%N, peer connections: %more/%N(?:, block producer peers: %N)?")
    .network()];
