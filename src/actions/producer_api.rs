//! Pause and resume through nodeos's producer API.
