//! What a look at this host found, and what it could not find.

use crate::core::sample::HostSample;

/// A resource of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Processors.
    Cpu,
    /// Memory.
    Memory,
    /// Swap.
    Swap,
    /// One of the disks.
    Disk,
    /// nodeos's open files.
    OpenFiles,
}

/// A look at the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostReading {
    /// What was found; its clock offset is the evidence's, not the reader's.
    pub sample: HostSample,
    /// What could not be read, and why: a few words.
    pub unknown: Vec<(Resource, String)>,
    /// The control group whose limit the memory is measured by; `None`: the host's own memory.
    pub memory_group: Option<String>,
}
