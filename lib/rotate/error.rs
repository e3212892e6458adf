//! Why `mydump-rotate` fails: as a step of the pipe, and in its other commands (`list`, `verify`, `cat`, …).

use crate::document::{Ending, Exit, Failure};
use crate::{archive, dump, mysql};

/// Why a dump was not written, not rotated or not looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Writing a dump failed, or loading it on trial (`verify --deep`), or renaming its database (`cat --as`).
    #[error(transparent)]
    Dump(#[from] dump::Error),
    /// The dump file or the directory of dumps cannot be used.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The login of a target's server is wrong.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// The dump has no table of the wanted name, or has several.
    #[error("{0}")]
    NotThere(String),
    /// The output of a command could not be written.
    #[error("cannot write the list")]
    Output(#[from] std::io::Error),
    /// A command names a target that the configuration does not have.
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
