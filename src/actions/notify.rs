//! Tells people: one trait, one file per channel.
