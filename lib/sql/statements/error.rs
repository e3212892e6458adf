//! Why SQL text cannot be cut into statements.

use std::io;

use crate::document::{Ending, Exit, Failure};

/// Why an input cannot be cut into statements.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementsError {
    /// Reading the input failed half-way.
    #[error("cannot read the SQL near line {line}")]
    Read {
        /// Line where the statement begins that was being read, counted from 1.
        line: u64,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The input ends inside quotes or a comment.
    #[error("the SQL ends inside {what} of the statement that begins in line {line}")]
    Unterminated {
        /// What it ends inside: `a quoted text` or `a comment`.
        what: &'static str,
        /// Line on which the statement begins, counted from 1.
        line: u64,
    },
    /// A statement is longer than the limit.
    #[error("the statement that begins in line {line} is longer than {limit} bytes")]
    TooLong {
        /// Line on which the statement begins, counted from 1.
        line: u64,
        /// How many bytes a statement may have.
        limit: usize,
    },
    /// No delimiter follows `DELIMITER`, or one with a backslash.
    #[error("DELIMITER in line {line} is not followed by one")]
    NoDelimiter {
        /// Line of the `DELIMITER`, counted from 1.
        line: u64,
    },
}

impl StatementsError {
    /// The line that the error is about, counted from 1.
    pub fn line(&self) -> u64 {
        match self {
            Self::Read { line, .. }
            | Self::Unterminated { line, .. }
            | Self::TooLong { line, .. }
            | Self::NoDelimiter { line, .. } => *line,
        }
    }

    /// The message with its cause, in one line.
    pub fn problem(&self) -> String {
        let cause = std::error::Error::source(self).map_or(String::new(), |cause| format!(": {cause}"));
        format!("{self}{cause}")
    }
}

impl Failure for StatementsError {
    fn ending(&self) -> Ending {
        match self {
            Self::Read { .. } => Ending::new(Exit::Io, "sql-text"),
            Self::Unterminated { .. } | Self::TooLong { .. } | Self::NoDelimiter { .. } => {
                Ending::new(Exit::BadInput, "sql-text")
            }
        }
    }
}
