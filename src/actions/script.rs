//! Runs the operator's scripts.
