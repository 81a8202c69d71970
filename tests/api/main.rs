//! What the keeper answers over HTTP: JSON, health, metrics, and to whom.

mod asking;
mod connections;
mod description;
mod facts;
mod figures;
mod guard;
mod live;
mod nodes;
mod past;
#[cfg(feature = "real-prometheus")]
mod prometheus;
#[cfg(feature = "real-http")]
mod schemathesis;
