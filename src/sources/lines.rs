//! Bytes become lines.
