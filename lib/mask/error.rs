//! The errors of the room `mask`.

use crate::config;
use crate::document::{Ending, Exit, Failure};

/// Why masks cannot be compiled or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule is wrong, with file and line.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The server refuses the SQL of a compiled mask.
    #[error("{column}: the server refuses this mask")]
    Expression {
        /// Where the rule is, and its column: `file:line: table.column`.
        column: String,
        /// What the server answered.
        source: Box<crate::mysql::Error>,
    },
    /// Masked values break a CHECK constraint or a unique index of their table.
    #[error("{rules}")]
    Broken {
        /// Every broken rule: `file:line: table.column (kind): values that the server refuses: … does not hold of them`.
        rules: String,
        /// Whether every broken rule is a unique index.
        unique: bool,
        /// Lines to paste into `[mask]`, with masks that do not break the constraints.
        toml: String,
    },
    /// Columns that look like personal data and have neither a mask nor a reason.
    #[error("{count} column(s) that look like personal data have no mask: {names}")]
    Unmasked {
        /// Number of columns without a mask.
        count: usize,
        /// The first of these columns, each with the evidence.
        names: String,
        /// Lines to paste into `refresh.toml`.
        toml: String,
    },
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Config(inner) => inner.ending(),
            Self::Expression { .. } => Ending::new(Exit::BadConfig, "bad-mask"),
            Self::Broken { unique: true, .. } => Ending::new(Exit::BadConfig, "mask-breaks-rule").hint(
                "hash, email, uuid, permute and cipher keep values apart, if the index covers enough of them",
            ),
            Self::Broken { unique: false, toml, .. } => {
                let paste = if toml.is_empty() { String::new() } else { format!("\n[mask]\n{toml}") };
                Ending::new(Exit::BadConfig, "mask-breaks-rule").hint(format!(
                    "choose a mask that stays within the rule: clamp, choice, constant, pattern or sql{paste}"
                ))
            }
            Self::Unmasked { toml, .. } => Ending::new(Exit::Refused, "unmasked-personal-data")
                .hint(format!("mask them, or say why not, under [mask] of refresh.toml:\n{toml}")),
        }
    }
}
