//! The pictures: what is in them, whatever is fed to them.

mod command;
mod data;
mod odd;
mod pictures;
mod structure;
mod svg;
