//! Reads the rows of a dump: connections to one or several servers that all see one state of the data, tables cut into chunks by
//! their key, and workers that read the chunks.

pub(super) mod chunk;
pub(super) mod readers;
pub(super) mod session;
pub(super) mod snapshot;
pub(super) mod workers;
