//! What the project promises of itself: rooms, purity, and an example file that agrees with the code.

mod config;
mod purity;
mod rooms;
