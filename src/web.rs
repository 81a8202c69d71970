//! The keeper's status over HTTP.
