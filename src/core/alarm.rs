//! What people are told, and how often: one pipeline from findings to messages.
//!
//! Each stage is a file: `signal` (what fires) → `inhibit` (what explains what) → `incident`
//! (findings of one cause) → `silence`, `hours` (who wants to hear nothing now) → `escalate` (when
//! to say it again) → `wording` (the message). [`desk::Desk`] runs them once a second. Where a
//! message goes, and what becomes of it there, is [`lane`]'s, one for each channel.

pub mod desk;
pub mod ending;
pub mod escalate;
pub mod flap;
pub mod hours;
pub mod incident;
pub mod inhibit;
pub mod lane;
pub mod language;
pub mod marks;
pub mod message;
pub mod neighbours;
pub mod settings;
pub mod signal;
pub mod silence;
pub mod texts;
pub mod wording;
