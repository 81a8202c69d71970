//! Follows a container's log.
