//! What can stop a dehydration.

use crate::document::{Exit, Failure, Interrupted};
use crate::{config, mask, mysql};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `refresh.toml` is wrong, or does not fit the database.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A mask is wrong, or personal data has none.
    #[error(transparent)]
    Mask(#[from] mask::Error),
    /// The server said no.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// A signal arrived.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The document names no copy.
    #[error("the document has no cluster to dehydrate")]
    NoCluster,
    /// A file given with `--document` cannot be used.
    #[error("cannot read the document {path}")]
    DocumentFile {
        /// Where.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// `--dot` or `--svg` cannot be written.
    #[error("cannot write the picture {path}")]
    Picture {
        /// Where.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A document given with `--document` is none.
    #[error(transparent)]
    Document(#[from] crate::document::Error),
    /// Writing to a server that nobody called a copy.
    #[error("{server} is not a copy that this run restored: refusing to {deed} there")]
    NotACopy {
        /// Its host.
        server: String,
        /// What would have happened.
        deed: &'static str,
        /// What to add.
        hint: String,
    },
    /// The work schema's name is taken.
    #[error("{server} has a database `{schema}` that is not ours: refusing to replace it")]
    ForeignSchema {
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
    /// Tables that nothing says anything about.
    #[error("{count} table(s) that no rule and no relation reaches: {names}")]
    Unreached {
        /// How many.
        count: usize,
        /// The first of them.
        names: String,
        /// What to paste.
        toml: String,
    },
    /// `check --strict` found relations that nobody declared.
    #[error("{count} relation(s) that names and values speak of are not in refresh.toml")]
    Unreviewed {
        /// How many.
        count: usize,
        /// What to paste.
        toml: String,
    },
    /// `--target-rows` or `--target-size` is less than what must come.
    #[error(
        "nothing that fits {limit} can be chosen: pinned rows, per_value and full tables alone are {least}"
    )]
    CannotFit {
        /// What was asked for.
        limit: String,
        /// What comes at least.
        least: String,
    },
    /// Columns that hold copies of masked values and leave otherwise.
    #[error("{count} column(s) hold copies of masked values and are not masked as those are: {names}")]
    Copies {
        /// How many.
        count: usize,
        /// Which, with the evidence.
        names: String,
        /// What to paste.
        toml: String,
    },
    /// Made-up people were recognised behind the masks.
    #[error("the masks let through what they should hide, in {count} column(s): {columns}")]
    Canaries {
        /// How many columns.
        count: usize,
        /// Which.
        columns: String,
    },
    /// The proof failed.
    #[error(
        "{rows} kept row(s) of {child} refer to rows of {parent} that exist but were not kept: nothing may use this plan"
    )]
    Dangling {
        /// How many.
        rows: u64,
        /// The referring columns.
        child: String,
        /// What they refer to.
        parent: String,
    },
    /// The tables or columns changed and the rules did not.
    #[error("{0}")]
    Drift(String),
    /// `explain` needs the key tables of a plan.
    #[error("{0}")]
    NotPlanned(String),
    /// A row that is not in the plan, or not there at all.
    #[error("{0}")]
    NoSuchRow(String),
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Config(inner) => inner.exit(),
            Self::Mask(inner) => inner.exit(),
            Self::Server(inner) => inner.exit(),
            Self::Interrupted(inner) => inner.exit(),
            Self::Document(inner) => inner.exit(),
            Self::NoCluster | Self::DocumentFile { .. } | Self::NotPlanned(_) | Self::NoSuchRow(_) => {
                Exit::BadInput
            }
            Self::NotACopy { .. }
            | Self::ForeignSchema { .. }
            | Self::Dangling { .. }
            | Self::Copies { .. }
            | Self::Canaries { .. }
            | Self::CannotFit { .. } => Exit::Refused,
            Self::Busy { .. } => Exit::Temporary,
            Self::Picture { .. } => Exit::CannotWrite,
            Self::Unreached { .. } | Self::Unreviewed { .. } | Self::Drift(_) => Exit::BadConfig,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Config(inner) => inner.code(),
            Self::Mask(inner) => inner.code(),
            Self::Server(inner) => inner.code(),
            Self::Interrupted(inner) => inner.code(),
            Self::Document(inner) => inner.code(),
            Self::NoCluster | Self::DocumentFile { .. } => "no-cluster",
            Self::NotACopy { .. } => "not-a-copy",
            Self::ForeignSchema { .. } => "foreign-schema",
            Self::Busy { .. } => "busy",
            Self::Picture { .. } => "picture",
            Self::Unreached { .. } => "unreached-tables",
            Self::Unreviewed { .. } => "unreviewed-relations",
            Self::CannotFit { .. } => "cannot-fit",
            Self::Dangling { .. } => "dangling-references",
            Self::Copies { .. } => "copies",
            Self::Canaries { .. } => "canaries",
            Self::Drift(_) => "drift",
            Self::NotPlanned(_) => "not-planned",
            Self::NoSuchRow(_) => "no-such-row",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(inner) => inner.hint(),
            Self::Mask(inner) => inner.hint(),
            Self::Server(inner) => inner.hint(),
            Self::Interrupted(_) => Some("run it again: key tables are made anew".to_owned()),
            Self::Document(inner) => inner.hint(),
            Self::NoCluster => Some(
                "pipe in what rds-restore wrote, or read the [source] server of refresh.toml: mydehydrate --source"
                    .to_owned(),
            ),
            Self::NotACopy { hint, .. }
            | Self::Unreached { toml: hint, .. }
            | Self::Unreviewed { toml: hint, .. } => Some(hint.clone()),
            Self::ForeignSchema { .. } => {
                Some("choose another name: [dehydrate] work_schema = \"…\"".to_owned())
            }
            Self::Busy { .. } => Some("wait for it, or give this run a work_schema of its own".to_owned()),
            Self::Canaries { .. } => Some(
                "look at the masks of these columns, `sql` and `partial` first; [mask] canaries = \"off\" does not ask"
                    .to_owned(),
            ),
            Self::Copies { toml, .. } => Some(format!(
                "mask them alike, or say with {{ keep = \"reason\" }} why not, in refresh.toml:\n[mask]\n{toml}"
            )),
            Self::Dangling { .. } => Some(
                "rows changed while the keys were collected, or this is a bug: run again on a copy that nobody writes to"
                    .to_owned(),
            ),
            Self::NotPlanned(_) => Some("mydehydrate plan".to_owned()),
            Self::CannotFit { .. } => {
                Some("make fewer tables full, or pinned and per_value smaller".to_owned())
            }
            Self::DocumentFile { .. } | Self::Picture { .. } | Self::Drift(_) | Self::NoSuchRow(_) => None,
        }
    }
}
