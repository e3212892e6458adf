//! What can be wrong with the work schema.

use crate::document::{Ending, Exit, Failure};
use crate::mysql;

/// Why the work schema cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server said no.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// Its name is taken.
    #[error("{server} has a database `{schema}` that is not ours: refusing to replace it")]
    Foreign {
        /// The server.
        server: String,
        /// `[dehydrate] work_schema`.
        schema: String,
    },
    /// Another run is at work on the same copy.
    #[error("another dehydration is using `{schema}` on {server}")]
    Busy {
        /// The server.
        server: String,
        /// `[dehydrate] work_schema`.
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
            Self::NotPlanned(_) => Ending::new(Exit::BadInput, "not-planned").hint("mydehydrate plan"),
        }
    }
}

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
