//! What people are told, and how often: from findings to messages.

pub mod ending;
pub mod language;
pub mod message;
