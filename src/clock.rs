//! The one place that reads clocks.
