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
    /// Masked values break a rule that the table itself has.
    #[error("{columns}: values that the server refuses: {rule} does not hold of them")]
    Broken {
        /// `file:line: table.column (kind)`, each that takes part.
        columns: String,
        /// The constraint or index.
        rule: String,
        /// Whether it is about values that are equal.
        unique: bool,
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
            Self::Expression { .. } | Self::Broken { .. } => Exit::BadConfig,
            Self::Unmasked { .. } => Exit::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Config(inner) => inner.code(),
            Self::Expression { .. } => "bad-mask",
            Self::Broken { .. } => "mask-breaks-rule",
            Self::Unmasked { .. } => "unmasked-personal-data",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(inner) => inner.hint(),
            Self::Expression { .. } => None,
            Self::Broken { unique: true, .. } => Some(
                "hash, email, uuid and permute keep values apart, if the index covers enough of them"
                    .to_owned(),
            ),
            Self::Broken { .. } => Some(
                "choose a mask that stays within the rule: clamp, choice, constant, pattern or sql"
                    .to_owned(),
            ),
            Self::Unmasked { toml, .. } => {
                Some(format!("mask them, or say why not, under [mask] of refresh.toml:\n{toml}"))
            }
        }
    }
}
