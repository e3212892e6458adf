//! Who reads, and in which pieces: connections that see one state of the data.

pub(super) mod chunk;
pub(super) mod readers;
pub(super) mod session;
pub(super) mod snapshot;
pub(super) mod workers;
