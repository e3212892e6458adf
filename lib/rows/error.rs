//! Why a table's rows cannot be read or written as text.

use crate::document::{Ending, Exit, Failure};
use crate::mysql;

/// Why rows were not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A wanted column is not on the server.
    #[error("{database}.{table} has no column {column} on the server")]
    NoColumn {
        /// Database of the table, unquoted.
        database: String,
        /// Name of the table, unquoted.
        table: String,
        /// Name of the column, unquoted.
        column: String,
    },
    /// A value that no SQL literal can hold.
    #[error("{deed}: column {column} holds {value:?}, which SQL cannot write")]
    Unrepresentable {
        /// What was being done: `reading app.t`.
        deed: String,
        /// Name of the column, unquoted.
        column: String,
        /// The value: `NaN`, `inf`.
        value: String,
    },
    /// The server sent fewer values than columns.
    #[error("{column} cannot be dumped: {deed}, the server sent a row that ends before it")]
    ShortRow {
        /// What was being done: `reading app.t`.
        deed: String,
        /// The first column without a value.
        column: String,
    },
    /// The server refused a statement, or the connection broke.
    #[error(transparent)]
    Server(#[from] mysql::Error),
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::NoColumn { .. } => Ending::new(Exit::BadInput, "not-there"),
            Self::Unrepresentable { .. } | Self::ShortRow { .. } => {
                Ending::new(Exit::BadInput, "cannot-dump")
            }
            Self::Server(inner) => inner.ending(),
        }
    }
}
