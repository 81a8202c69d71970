//! A line of nodeos's log becomes a typed event.
