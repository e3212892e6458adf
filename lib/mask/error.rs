//! What can be wrong with masks.

use crate::config;
use crate::document::{Exit, Failure};

/// Why masks cannot be used as they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule is wrong, with file and line.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The server refuses a compiled mask.
    #[error("{column}: the server refuses this mask")]
    Expression {
        /// `file:line: table.column`.
        column: String,
        /// What it said.
        source: Box<crate::mysql::Error>,
    },
    /// Columns that look like personal data and have neither mask nor reason.
    #[error("{count} column(s) that look like personal data have no mask: {names}")]
    Unmasked {
        /// How many.
        count: usize,
        /// The first of them, with the evidence.
        names: String,
        /// What to paste.
        toml: String,
    },
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Config(inner) => inner.exit(),
            Self::Expression { .. } => Exit::BadConfig,
            Self::Unmasked { .. } => Exit::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Config(inner) => inner.code(),
            Self::Expression { .. } => "bad-mask",
            Self::Unmasked { .. } => "unmasked-personal-data",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(inner) => inner.hint(),
            Self::Expression { .. } => None,
            Self::Unmasked { toml, .. } => {
                Some(format!("mask them, or say why not, under [mask] of refresh.toml:\n{toml}"))
            }
        }
    }
}
