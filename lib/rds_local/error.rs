//! Errors of `rds-local` on this machine. An error that an API caller gets is a
//! [`ServiceError`](super::http::query::ServiceError) instead.

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
    /// The directory was not made by `rds-local init`.
    #[error("{} is not a directory of rds-local (it has no {})", path.display(), MARKER)]
    NotOurs {
        /// Path of the directory without our marker.
        path: PathBuf,
    },
    /// The directory for `init` is not empty and has no marker of ours.
    #[error("{} is not empty and was not made by rds-local", path.display())]
    NotEmpty {
        /// Path of the directory that is not empty.
        path: PathBuf,
    },
    /// Another `rds-local` works on the directory and holds its lock.
    #[error("another rds-local works on {}", path.display())]
    Busy {
        /// Path of the locked directory.
        path: PathBuf,
    },
    /// `init` is to make a cluster or instance whose name exists already.
    #[error("{} already holds a cluster {id}", path.display())]
    ClusterExists {
        /// Path of the directory that `rds-local` works on.
        path: PathBuf,
        /// Identifier of the existing cluster or instance.
        id: String,
    },
    /// A file that `rds-local` wrote cannot be parsed.
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
    /// A resource that a job copies from was deleted meanwhile.
    #[error("{0} is gone")]
    Gone(String),
    /// A name, a flag, a fault line or the folder for sockets cannot be used; the text says why.
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
    /// The SQL of a seed file, or the output of a dump program, cannot be cut into statements.
    #[error("{}", path.display())]
    SeedText {
        /// Path of the seed file, or of the log of the dump program.
        path: PathBuf,
        /// Why the text cannot be cut.
        source: sql::StatementsError,
    },
    /// A statement of the seed file is not UTF-8.
    #[error("{}, line {line}: the statement is not UTF-8 text", path.display())]
    SeedBytes {
        /// Path of the seed file.
        path: PathBuf,
        /// Line on which the statement begins, counted from 1.
        line: u64,
    },
    /// An endpoint cannot be used: a request to it fails, or `serve` cannot listen there.
    #[error("{endpoint}: {detail}")]
    Endpoint {
        /// URL, address or directory of the endpoint.
        endpoint: String,
        /// The bad answer, or why the request or the listening failed.
        detail: String,
    },
    /// A login or a statement failed on a server.
    #[error(transparent)]
    MySql(Box<mysql::Error>),
    /// The source cannot be copied by this method.
    #[error("the source cannot be copied by {way}: {why}")]
    NoWay {
        /// The method: `clone` or `mariadb-backup`.
        way: &'static str,
        /// Why the method is not possible.
        why: String,
    },
    /// The directory is not fit to hold a server's data.
    #[error("no copy is put below {}: {why}", path.display())]
    Place {
        /// Path of the directory that was named.
        path: PathBuf,
        /// Why the directory is not fit.
        why: String,
    },
    /// The copy's user cannot run the server program.
    #[error("{} cannot run the copy: {why}", path.display())]
    Program {
        /// Path of the server program.
        path: PathBuf,
        /// Why the user cannot run the program.
        why: String,
    },
    /// The file system has too little room for a copy.
    #[error("{} has {free} bytes free, and a copy of the source takes {needed}", path.display())]
    Disk {
        /// Bytes that the copy takes, by estimate.
        needed: u64,
        /// Free bytes on the file system of `path`.
        free: u64,
        /// Path of the directory of the copies.
        path: PathBuf,
    },
    /// The tool is root, and the user that is to run the copy's server does not exist.
    #[error("there is no user {0} on this host, and no server is run by root")]
    NoUser(String),
    /// The directory is not touched, since nothing proves that it is a copy of ours.
    #[error("{} is left alone: {why}", path.display())]
    NoCopy {
        /// Path of the directory that is left alone.
        path: PathBuf,
        /// Why the directory is not known as a copy of ours.
        why: String,
    },
    /// A helper program, or a step of the copy, failed.
    #[error("{what} failed: {detail}")]
    Helper {
        /// The program or the step that failed: `mysqldump`, `cloning the source`.
        what: String,
        /// Why it failed: for a program its exit status and one line of its log, else a message.
        detail: String,
    },
    /// The journal cannot be read or written.
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
            // The error code is `rds-local`, whatever failed with a server of ours.
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
            // No hint: the hints of these errors are about other servers and about a document.
            Self::MySql(inner) => Ending { hint: None, ..inner.ending() },
            Self::Interrupted(inner) => Ending { hint: None, ..inner.ending() },
        }
    }
}

/// True for the error numbers with which a server says that an account lacks a right.
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
