//! The database is dirty, full or damaged.

use crate::core::event::EventName::DatabaseFault;
use crate::core::event::Reason;
use crate::nodeos::log::shape::{Shape, says};

const fn fault(reason: Reason, starts: &'static str) -> Shape {
    says(DatabaseFault, starts).because(reason).words().open()
}

/// main.cpp, chain_plugin.cpp, resource_monitor_plugin.cpp; exceptions are in `exception.rs`.
pub(in crate::nodeos::log) const SHAPES: &[Shape] = &[
    // dawn-4.2 to Spring 2.0-dev; nodeos ends with exit code 2.
    fault(Reason::Dirty, "database dirty flag set"),
    // 2.1, 2.2.
    fault(Reason::Dirty, "Database dirty flag set"),
    // To 1.8.
    fault(Reason::Dirty, "database metadata dirty flag set"),
    // DAWN to 1.0: the place of the throw; `database dirty flag set` is two lines further down.
    says(DatabaseFault, "/")
        .because(Reason::Dirty)
        .then(r"[^(]*chainbase\.[ch]pp\([0-9]+\): Throw in function chainbase::database::database\(.*")
        .open(),
    // 1.1 to Spring 2.0-dev.
    fault(Reason::Memory, "Database has reached an unsafe level of usage"),
    // 1.1 to 2.2.
    fault(Reason::Memory, "Reversible block database has reached an unsafe level of usage"),
    fault(Reason::Memory, "reversible block database has reached an unsafe level of usage"),
    // 2.0 `quiting`, 2.1 to Spring `quitting`.
    fault(Reason::Memory, "database chain::guard_exception, quit"),
    fault(Reason::Memory, "database memory exhausted"),
    fault(Reason::Memory, "std::bad_alloc - memory exhausted"),
    fault(Reason::Memory, "bad alloc"),
    // 2.1 to Spring 2.0-dev; the path is the operator's.
    fault(Reason::Disk, "Space usage warning: "),
    fault(Reason::Disk, "Gracefully shutting down, exceeded file system configured threshold"),
    fault(Reason::Disk, "Shutting down, exceeded file system configured threshold"),
    // 2.1 to Spring 2.0-dev: a fork_database_exception; nodeos shuts down.
    says(DatabaseFault, "Cannot recover from ")
        .because(Reason::Other)
        .then(r".*Shutting down\.?")
        .open(),
];
