//! What can go wrong on this machine. What the service answers to its callers is a [`Refusal`](super::query::Refusal).

use crate::rds_local::state::home;
use crate::sql;
use std::path::PathBuf;

use crate::document::{Exit, Failure, Interrupted};
use crate::mysql;

/// Why `rds-local` cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No subcommand.
    #[error("say what to do: init, serve, fault, list or destroy")]
    NoVerb,
    /// A file operation failed.
    #[error("cannot {deed} {}", path.display())]
    File {
        /// What was tried.
        deed: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A directory that `rds-local init` did not make.
    #[error("{} is not a directory of rds-local (it has no {})", path.display(), home::MARKER)]
    NotOurs {
        /// Which.
        path: PathBuf,
    },
    /// A directory with something else in it.
    #[error("{} is not empty and was not made by rds-local", path.display())]
    NotEmpty {
        /// Which.
        path: PathBuf,
    },
    /// Another `rds-local` works on the directory.
    #[error("another rds-local works on {}", path.display())]
    Busy {
        /// Which.
        path: PathBuf,
    },
    /// `init` of a cluster that is there already.
    #[error("{} already holds a cluster {id}", path.display())]
    ClusterExists {
        /// The directory.
        path: PathBuf,
        /// The cluster.
        id: String,
    },
    /// A file of ours that cannot be read back.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// No server program.
    #[error("found no {0} server program on this machine")]
    NoServer(&'static str),
    /// The program is of the other engine.
    #[error("{} is not a {engine} server: it says {version:?}", path.display())]
    WrongServer {
        /// The program.
        path: PathBuf,
        /// What was wanted.
        engine: &'static str,
        /// What it says of itself.
        version: String,
    },
    /// The server program failed.
    #[error("{what} failed: {detail}")]
    Server {
        /// `installing the system tables`, `starting prod`.
        what: String,
        /// The last words of its log.
        detail: String,
    },
    /// Somebody else took the server's port before it did.
    #[error("{0} failed: somebody else has its port")]
    PortTaken(String),
    /// What a job needs was deleted.
    #[error("{0} is gone")]
    Gone(String),
    /// A name or a flag that cannot be used.
    #[error("{0}")]
    Usage(String),
    /// A statement of the seed file failed.
    #[error("{}, line {line}", path.display())]
    Seed {
        /// The file.
        path: PathBuf,
        /// Where the statement begins.
        line: u64,
        /// What the server said.
        source: Box<mysql::Error>,
    },
    /// The seed file cannot be cut into statements.
    #[error("{}", path.display())]
    SeedText {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sql::StatementsError,
    },
    /// The seed file holds bytes that the connection cannot carry.
    #[error("{}, line {line}: the statement is not UTF-8 text", path.display())]
    SeedBytes {
        /// The file.
        path: PathBuf,
        /// Where the statement begins.
        line: u64,
    },
    /// The running `rds-local` does not answer, or not with yes.
    #[error("{endpoint}: {detail}")]
    Endpoint {
        /// Its URL.
        endpoint: String,
        /// What happened.
        detail: String,
    },
    /// Talking to a server failed.
    #[error(transparent)]
    MySql(Box<mysql::Error>),
    /// A signal arrived.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn file(deed: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
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
    fn exit(&self) -> Exit {
        match self {
            Self::NoVerb | Self::Usage(_) => Exit::Usage,
            Self::File { .. } => Exit::CannotWrite,
            Self::NotOurs { .. } | Self::NotEmpty { .. } | Self::ClusterExists { .. } => Exit::Refused,
            Self::Busy { .. } => Exit::Temporary,
            Self::Damaged { .. } | Self::SeedText { .. } | Self::SeedBytes { .. } | Self::Seed { .. } => {
                Exit::BadInput
            }
            Self::Gone(_)
            | Self::NoServer(_)
            | Self::WrongServer { .. }
            | Self::Server { .. }
            | Self::PortTaken(_)
            | Self::Endpoint { .. } => Exit::Unavailable,
            Self::MySql(inner) => inner.exit(),
            Self::Interrupted(inner) => inner.exit(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoVerb | Self::Usage(_) => "usage",
            Self::Interrupted(_) => "interrupted",
            Self::MySql(inner) => inner.code(),
            _ => "rds-local",
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotOurs { .. } => "make one with: rds-local init --dir DIR --from FILE.sql",
            Self::NotEmpty { .. } => "name a directory that does not exist yet",
            Self::Busy { .. } => "stop the other one first, or use another --dir",
            Self::NoServer("MySQL") => "scripts/servers install mysql, or name it with --server PATH",
            Self::NoServer(_) => "apt-get install mariadb-server, or name it with --server PATH",
            Self::SeedBytes { .. } => "dump binary columns with --hex-blob",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
