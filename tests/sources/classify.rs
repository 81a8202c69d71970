//! nodeos's log lines, from DAWN to Spring, become the events a reader finds in them.

mod expect;
mod hostile;
mod recorded;
mod samples;
mod wrappers;
