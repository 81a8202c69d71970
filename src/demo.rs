//! A simulated network of nodeos look-alikes.
