//! Why the work schema or the keys of a plan cannot be used.

use std::path::PathBuf;

use crate::document::{Ending, Exit, Failure, JournalError};
use crate::{config, mysql};

/// Why the work schema or the keys of a plan cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused a statement, or the connection broke.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// A database of the schema's name exists and is not ours.
    #[error("{server} has a database `{schema}` that is not ours: refusing to replace it")]
    Foreign {
        /// The login that was used, as `user@host:port`.
        server: String,
        /// Name of the schema: `[dehydrate] work_schema`.
        schema: String,
    },
    /// Another run is using the work schema.
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
    /// The state directory, which keeps keys between the tools, cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// `[mask] key` is not set, or is another key than when the plan was made.
    #[error("[mask] key is not the one that this plan was made with: the masks would give other values")]
    OtherKey,
    /// The file with the plan's keys is missing, or holds other keys.
    #[error("the secret keys of this plan are not in {}", path.display())]
    NoKeys {
        /// Path of the file that should hold the keys.
        path: PathBuf,
    },
    /// The server's binary log would hold the key of the masks.
    #[error("{server} would write the key of the masks to its binary log: the log is one of statements")]
    LoggedKey {
        /// The login that was used, as `user@host:port`.
        server: String,
    },
    /// The plan's key tables are gone: the plan was dumped, or another run dropped it.
    #[error("the plan in `{schema}` on {server} is gone: it was dumped, or another run took its place")]
    Gone {
        /// The login that was used, as `user@host:port`.
        server: String,
        /// Name of the work schema.
        schema: String,
    },
    /// The work schema has no complete plan, or a key or commit record in it cannot be read.
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

/// Hint: how to make a plan again that is gone.
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
