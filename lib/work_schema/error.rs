//! What can be wrong with the work schema.

use std::path::PathBuf;

use crate::document::{Ending, Exit, Failure, JournalError};
use crate::{config, mysql};

/// Why the work schema cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server said no.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// A database of the schema's name is there, and is not ours.
    #[error("{server} has a database `{schema}` that is not ours: refusing to replace it")]
    Foreign {
        /// The login that was used, as `user@host:port`.
        server: String,
        /// Name of the schema: `[dehydrate] work_schema`.
        schema: String,
    },
    /// Another run is at work on the same copy.
    #[error("another dehydration is using `{schema}` on {server}")]
    Busy {
        /// The login that was used, as `user@host:port`.
        server: String,
        /// Name of the schema: `[dehydrate] work_schema`.
        schema: String,
    },
    /// `[mask] key` is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The state directory, which keeps keys between the tools, is of no use.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// `[mask] key` says another key than when the plan was made.
    #[error("[mask] key is not the one that this plan was made with: the masks would give other values")]
    OtherKey,
    /// The plan's secret keys are not where they should be.
    #[error("the secret keys of this plan are not in {}", path.display())]
    NoKeys {
        /// Path of the file that should hold the keys.
        path: PathBuf,
    },
    /// A log would hold the key.
    #[error("{server} would write the key of the masks to its binary log: the log is one of statements")]
    LoggedKey {
        /// The login that was used, as `user@host:port`.
        server: String,
    },
    /// The plan was dumped, or dropped.
    #[error("the plan in `{schema}` on {server} is gone: it was dumped, or another run took its place")]
    Gone {
        /// The login that was used, as `user@host:port`.
        server: String,
        /// Name of the work schema.
        schema: String,
    },
    /// What is asked for needs a plan that is whole.
    #[error("{0}")]
    NotPlanned(String),
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Server(inner) => inner.ending(),
            Self::Foreign { .. } => Ending::new(Exit::Refused, "foreign-schema")
                .hint("choose another name: [dehydrate] work_schema = \"…\""),
            Self::Busy { .. } => Ending::new(Exit::Temporary, "busy")
                .hint("wait for it, or give this run a work_schema of its own"),
            Self::Config(inner) => inner.ending(),
            Self::Journal(inner) => inner.ending(),
            Self::OtherKey => Ending::new(Exit::BadConfig, "other-mask-key")
                .hint("give mydehydrate and mydump-rotate the same [mask] key, or run mydehydrate again"),
            Self::NoKeys { .. } => Ending::new(Exit::BadInput, "no-keys").hint(AGAIN),
            Self::LoggedKey { .. } => Ending::new(Exit::Refused, "logged-key")
                .hint("binlog_format = ROW there, or a login that may set it or sql_log_bin for its session"),
            Self::Gone { .. } => Ending::new(Exit::BadInput, "plan-gone").hint(AGAIN),
            Self::NotPlanned(_) => Ending::new(Exit::BadInput, "not-planned").hint("mydehydrate plan"),
        }
    }
}

/// How to get a plan that is gone.
const AGAIN: &str =
    "run mydehydrate again, on this host; after mydump-rotate --keep-work a plan can be dumped once more";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_busy_schema_is_worth_another_try() {
        let (server, schema) = ("copy".to_owned(), "work".to_owned());
        let busy = Error::Busy { server: server.clone(), schema: schema.clone() }.ending();
        assert_eq!((busy.exit, busy.code), (Exit::Temporary, "busy"));
        let foreign = Error::Foreign { server, schema }.ending();
        assert_eq!((foreign.exit, foreign.code), (Exit::Refused, "foreign-schema"));
        let none = Error::NotPlanned("there is no plan".to_owned()).ending();
        assert_eq!((none.exit, none.hint.as_deref()), (Exit::BadInput, Some("mydehydrate plan")));
    }
}
