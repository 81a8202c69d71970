//! The latch file.
