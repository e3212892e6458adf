//! The rows of a dump on their way out: connections that all see one state of the data, on one server or several; tables cut into
//! chunks of their key; workers that read those.

pub(super) mod chunk;
pub(super) mod readers;
pub(super) mod session;
pub(super) mod snapshot;
pub(super) mod workers;
