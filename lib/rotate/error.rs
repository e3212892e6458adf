//! How `mydump-rotate` can fail: the step of the pipe, and its other commands (`list`, `verify`, `cat`, …).

use crate::document::{Ending, Exit, Failure};
use crate::{archive, dump, mysql};

/// Why a dump was not written, not rotated or not looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Writing a dump, or restoring one on trial (`verify --deep`).
    #[error(transparent)]
    Dump(#[from] dump::Error),
    /// The file, or the directory of dumps.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The server of a target.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// The dump has no table of the name that was asked for, or several.
    #[error("{0}")]
    NotThere(String),
    /// A list could not be put together.
    #[error("cannot write the list")]
    Output(#[from] std::io::Error),
    /// What a command asks for does not make sense.
    #[error("{0}")]
    Usage(String),
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Dump(inner) => inner.ending(),
            Self::Archive(inner) => inner.ending(),
            Self::Server(inner) => inner.ending(),
            Self::NotThere(_) => Ending::new(Exit::BadInput, "not-there"),
            Self::Output(_) => Ending::new(Exit::Io, "output"),
            Self::Usage(_) => Ending::new(Exit::Usage, "usage"),
        }
    }
}
