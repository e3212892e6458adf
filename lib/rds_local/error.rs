//! What can go wrong on this machine. What the service answers to its callers is a [`ServiceError`](super::http::query::ServiceError).

use std::path::PathBuf;

use super::state::model::MARKER;
use crate::document::{Ending, Exit, Failure, Interrupted, JournalError};
use crate::sql;
use crate::{engine, mysql};

/// Why `rds-local` cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No subcommand was given, so there is nothing to do.
    #[error("say what to do: init, serve, fault, list, destroy, copy or drop")]
    NoVerb,
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
    /// A directory that `rds-local init` did not make.
    #[error("{} is not a directory of rds-local (it has no {})", path.display(), MARKER)]
    NotOurs {
        /// Path of the directory without our marker.
        path: PathBuf,
    },
    /// A directory with something else in it.
    #[error("{} is not empty and was not made by rds-local", path.display())]
    NotEmpty {
        /// Path of the directory that is not empty.
        path: PathBuf,
    },
    /// Another `rds-local` works on the directory.
    #[error("another rds-local works on {}", path.display())]
    Busy {
        /// Path of the directory that is worked on.
        path: PathBuf,
    },
    /// `init` of a cluster that is there already.
    #[error("{} already holds a cluster {id}", path.display())]
    ClusterExists {
        /// Path of the directory that `rds-local` works on.
        path: PathBuf,
        /// Identifier of the cluster that is there.
        id: String,
    },
    /// A file of ours that cannot be read back.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// Path of the damaged file.
        path: PathBuf,
        /// Where its JSON is wrong.
        source: serde_json::Error,
    },
    /// A server on this machine failed.
    #[error(transparent)]
    Engine(engine::Error),
    /// What a job needs was deleted meanwhile.
    #[error("{0} is gone")]
    Gone(String),
    /// A name, a flag, a line of a file of faults or a place for sockets that cannot be used; the text says why.
    #[error("{0}")]
    Usage(String),
    /// A statement of the seed file failed.
    #[error("{}, line {line}", path.display())]
    Seed {
        /// Path of the seed file.
        path: PathBuf,
        /// Line on which the statement begins, counted from 1.
        line: u64,
        /// What the server answered to the statement.
        source: Box<mysql::Error>,
    },
    /// A text of SQL, a seed file or what a dump program writes, cannot be cut into statements.
    #[error("{}", path.display())]
    SeedText {
        /// Path of the seed file, or of the log of the dump program.
        path: PathBuf,
        /// Why the text cannot be cut.
        source: sql::StatementsError,
    },
    /// The seed file holds bytes that the connection cannot carry.
    #[error("{}, line {line}: the statement is not UTF-8 text", path.display())]
    SeedBytes {
        /// Path of the seed file.
        path: PathBuf,
        /// Line on which the statement begins, counted from 1.
        line: u64,
    },
    /// An endpoint cannot be used: what is there gives no good answer, or nobody can listen there.
    #[error("{endpoint}: {detail}")]
    Endpoint {
        /// URL, address or directory of it.
        endpoint: String,
        /// What came instead of a good answer, or why nobody can listen.
        detail: String,
    },
    /// Talking to a server failed.
    #[error(transparent)]
    MySql(Box<mysql::Error>),
    /// The source cannot be copied in the way that was asked for.
    #[error("the source cannot be copied by {way}: {why}")]
    NoWay {
        /// The way that was asked for: `clone`, `mariadb-backup` …
        way: &'static str,
        /// What is in the way of it.
        why: String,
    },
    /// A directory where no server's data belongs.
    #[error("no copy is put below {}: {why}", path.display())]
    Place {
        /// Path of the directory that was named.
        path: PathBuf,
        /// Why no server's data belongs there.
        why: String,
    },
    /// A server program that the user of the copy cannot run.
    #[error("{} cannot run the copy: {why}", path.display())]
    Program {
        /// Path of the server program.
        path: PathBuf,
        /// Why it cannot be run there.
        why: String,
    },
    /// The file system has too little room for a copy.
    #[error("{} has {free} bytes free, and a copy of the source takes {needed}", path.display())]
    Disk {
        /// Bytes that the copy takes, by estimate.
        needed: u64,
        /// Bytes that are free there.
        free: u64,
        /// Path of the directory of the copies.
        path: PathBuf,
    },
    /// There is nobody to run the copy's server as.
    #[error("there is no user {0} on this host, and no server is run by root")]
    NoUser(String),
    /// A directory that we cannot prove to be a copy of ours, and so do not touch.
    #[error("{} is left alone: {why}", path.display())]
    NoCopy {
        /// Path of the directory that is left alone.
        path: PathBuf,
        /// Why it is not known as a copy of ours.
        why: String,
    },
    /// A program, or a step of our own, that works for us failed.
    #[error("{what} failed: {detail}")]
    Helper {
        /// The program or the step that failed: `mysqldump`, `cloning the source`.
        what: String,
        /// The last lines of what it said.
        detail: String,
    },
    /// The journal cannot be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Error {
    /// Makes an error of a file operation, for `map_err`.
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

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::MySql(inner) => Self::MySql(inner),
            engine::Error::Interrupted(inner) => Self::Interrupted(inner),
            other => Self::Engine(other),
        }
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        let ours = |exit| Ending::new(exit, "rds-local");
        match self {
            Self::NoVerb | Self::Usage(_) => Ending::new(Exit::Usage, "usage"),
            Self::File { .. } => ours(Exit::CannotWrite),
            Self::NotOurs { .. } => {
                ours(Exit::Refused).hint("make one with: rds-local init --dir DIR --from FILE.sql")
            }
            Self::NotEmpty { .. } => ours(Exit::Refused).hint("name a directory that does not exist yet"),
            Self::Busy { .. } => ours(Exit::Temporary).hint("stop the other one first, or use another --dir"),
            Self::ClusterExists { .. } => ours(Exit::Refused),
            Self::Seed { source, .. } if source.number().is_some_and(is_denied) => ours(Exit::BadInput).hint(
                "a seed is loaded with every right on its databases and none on the server: no FILE, SET GLOBAL or CREATE USER",
            ),
            Self::Damaged { .. } | Self::Seed { .. } | Self::SeedText { .. } => ours(Exit::BadInput),
            Self::SeedBytes { .. } => ours(Exit::BadInput).hint("dump binary columns with --hex-blob"),
            // One code for whatever went wrong with a server of ours.
            Self::Engine(inner) => Ending { code: "rds-local", ..inner.ending() },
            Self::Gone(_) | Self::Endpoint { .. } | Self::Helper { .. } => ours(Exit::Unavailable),
            Self::NoWay { .. } => ours(Exit::Unavailable).hint("--by dump copies any server"),
            Self::Place { .. } => ours(Exit::Refused).hint("name another directory with --dir"),
            Self::Program { .. } => {
                ours(Exit::Refused).hint("name another program with --server: one that everybody may run")
            }
            Self::Disk { .. } => ours(Exit::CannotWrite)
                .hint("name a directory on a larger disk with --dir; rds-local drop --expired removes old copies"),
            Self::NoUser(_) => ours(Exit::BadConfig)
                .hint("name one that owns nothing else with --run-as, or: useradd --system refreshkit"),
            Self::NoCopy { .. } => ours(Exit::Refused).hint(
                "run it where rds-local copy ran, with the same --state-dir and --dir; if you know what it is, remove it by hand",
            ),
            Self::Journal(inner) => inner.ending(),
            // Their hints speak of other servers than ours, and of a document.
            Self::MySql(inner) => Ending { hint: None, ..inner.ending() },
            Self::Interrupted(inner) => Ending { hint: None, ..inner.ending() },
        }
    }
}

/// Whether a server says that an account lacks a right.
fn is_denied(number: u16) -> bool {
    use mysql::number::{ACCESS_DENIED, DATABASE_ACCESS_DENIED, SPECIFIC_ACCESS_DENIED, TABLE_ACCESS_DENIED};
    [ACCESS_DENIED, DATABASE_ACCESS_DENIED, SPECIFIC_ACCESS_DENIED, TABLE_ACCESS_DENIED].contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_says_is_said_in_the_words_of_this_tool() {
        let ending = Error::from(engine::Error::NoServer("MySQL")).ending();
        let hint = "scripts/servers install mysql, or name it with --server PATH";
        assert_eq!(ending, Ending::new(Exit::Unavailable, "rds-local").hint(hint));
        let stopped = Error::from(engine::Error::from(Interrupted { terminated: true }));
        assert_eq!(stopped.ending(), Ending::new(Exit::Terminated, "interrupted"));
        assert_eq!(stopped.to_string(), "stopped by SIGTERM");
    }
}
