//! nodeos's log lines, from DAWN to Spring, become the events a reader finds in them.

#[path = "log_classify/expect.rs"]
mod expect;
#[path = "log_classify/hostile.rs"]
mod hostile;
#[path = "log_classify/recorded.rs"]
mod recorded;
#[path = "log_classify/samples.rs"]
mod samples;
#[path = "log_classify/wrappers.rs"]
mod wrappers;
