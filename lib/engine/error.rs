//! Why work with a server on this machine fails, and how a tool ends then.

use std::path::{Path, PathBuf};

use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::mysql;

/// Why a server cannot be found, made, run or copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {deed} {}", path.display())]
    File {
        /// What was tried, as a verb: `read`, `write`, `make` …
        deed: &'static str,
        /// Path of the file or directory.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// There is a symbolic link in a data directory that is copied.
    #[error("{} is a link: a copy of the data would share what it points to", path.display())]
    Link {
        /// Path of the symbolic link.
        path: PathBuf,
    },
    /// This host has no server program of the engine.
    #[error("found no {0} server program on this machine")]
    NoServer(&'static str),
    /// The program is of the other engine.
    #[error("{} is not a {engine} server: it says {version:?}", path.display())]
    WrongServer {
        /// Path of the program that was named.
        path: PathBuf,
        /// The engine that was wanted: `MySQL` or `MariaDB`.
        engine: &'static str,
        /// What the program says of itself.
        version: String,
    },
    /// The server program failed at its work.
    #[error("{what} failed: {detail}")]
    Server {
        /// What was done, as a fragment: `installing the system tables`.
        what: String,
        /// The line of its log, or of the operating system, that explains it.
        detail: String,
    },
    /// The server did not end, not even by SIGKILL: its data directory is left as it is.
    #[error("the server of {} does not end, not even when it is killed", data.display())]
    StillAlive {
        /// Path of the server's data directory.
        data: PathBuf,
    },
    /// Another process has the server's port.
    #[error("{0} failed: somebody else has its port")]
    PortTaken(String),
    /// A profile of AppArmor keeps the program out of the directory.
    #[error("AppArmor keeps {} out of {}", program.display(), directory.display())]
    Confined {
        /// Path of the server program.
        program: PathBuf,
        /// Path of the directory that it is to work in.
        directory: PathBuf,
        /// The lines for the profile that would allow it.
        lines: String,
        /// Path of the file for these lines.
        local: String,
        /// Path of the profile, which must be loaded again afterwards.
        profile: String,
    },
    /// A login to a server, or a statement there, failed.
    #[error(transparent)]
    MySql(Box<mysql::Error>),
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Error {
    /// Makes an error of a file operation, for `map_err`.
    pub(crate) fn file(deed: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { deed, path, source }
    }
}

impl From<mysql::Error> for Error {
    fn from(error: mysql::Error) -> Self {
        Self::MySql(Box::new(error))
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        let unavailable = || Ending::new(Exit::Unavailable, "engine");
        match self {
            Self::File { .. } => Ending::new(Exit::CannotWrite, "engine"),
            Self::Link { .. } => Ending::new(Exit::Refused, "engine"),
            Self::Confined { lines, local, profile, .. } => Ending::new(Exit::Refused, "confined")
                .hint(format!("add to {local}:\n{lines}\nand then: apparmor_parser -r {profile}")),
            Self::NoServer("MySQL") => {
                unavailable().hint("scripts/servers install mysql, or name it with --server PATH")
            }
            Self::NoServer(_) => {
                unavailable().hint("apt-get install mariadb-server, or name it with --server PATH")
            }
            Self::WrongServer { .. } | Self::Server { .. } | Self::StillAlive { .. } | Self::PortTaken(_) => {
                unavailable()
            }
            Self::MySql(inner) => inner.ending(),
            Self::Interrupted(inner) => inner.ending(),
        }
    }
}
