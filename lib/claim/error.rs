//! Why a document's copy is not taken for one, and how a tool ends then.

use crate::document::{Ending, Exit, Failure, JournalError};
use crate::mysql;

/// Why a tool does not log in to a document's copy, or rewrites nothing there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A login to the server, or a statement there, failed.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// Neither the journal nor a person confirms that the server is the copy.
    #[error("{server} is not a copy that this run restored: the journal of run {run:?} in {directory} {why}")]
    NotOurs {
        /// `host:port`, as the document says.
        server: String,
        /// The run that the document belongs to.
        run: String,
        /// Path of the state directory with the journals.
        directory: String,
        /// `knows none`, `knows another one, at …`.
        why: String,
        /// The host that a person would have to type.
        host: String,
    },
    /// The document's login is one that neither journal nor configuration names.
    #[error(
        "the document wants to log in to {server} with {login}, which neither the journal nor refresh.toml names"
    )]
    ForeignLogin {
        /// `host:port`, as the document says.
        server: String,
        /// `the variable NAME`, `the option file PATH`, `the secret ARN`.
        login: String,
    },
    /// The database with the token is among those that are dumped: the token would leave with the data.
    #[error("the database {0} holds the token of a copy and never comes along")]
    TokenComesAlong(&'static str),
    /// The server is another one than the copy.
    #[error("{server} is not the copy that this run restored: {why}")]
    NotTheCopy {
        /// `host:port` of the copy, as the journal or a person says.
        server: String,
        /// What proves that it is another server.
        why: String,
        /// The host that a person would have to type.
        host: String,
    },
    /// The service cannot be asked which cluster or instance has the address.
    #[error("cannot ask RDS whether {server} is still the copy that this run restored: {said}")]
    NotAsked {
        /// `host:port` of the copy, as the journal or a person says.
        server: String,
        /// Why the service gave no answer.
        said: String,
        /// The host that a person would have to type.
        host: String,
    },
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        let typed = |host: &str| format!("if {host} is yours to write to: --i-own-this-server {host}");
        match self {
            Self::Journal(inner) => inner.ending(),
            Self::Server(inner) => inner.ending(),
            Self::NotOurs { host, .. } => Ending::new(Exit::Refused, "not-a-copy").hint(format!(
                "run it where rds-restore ran, with the same --state-dir ($REFRESH_STATE_DIR); {}",
                typed(host)
            )),
            Self::TokenComesAlong(_) => {
                Ending::new(Exit::BadConfig, "token-comes-along").hint("leave it out of the databases")
            }
            Self::ForeignLogin { .. } => Ending::new(Exit::Refused, "foreign-login")
                .hint("name an option file yourself: --defaults-extra-file FILE"),
            Self::NotTheCopy { host, .. } => Ending::new(Exit::Refused, "not-a-copy").hint(typed(host)),
            Self::NotAsked { host, .. } => Ending::new(Exit::Unavailable, "not-asked").hint(typed(host)),
        }
    }
}
