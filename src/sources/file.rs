//! Follows a log file.
