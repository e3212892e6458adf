//! Why a dump fails, and the exit code of each failure.

use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::{archive, claim, config, mysql, rows, work_schema};

/// Why a dump was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading or writing the dump file or the directory of dumps failed.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// A row cannot be written as SQL text.
    #[error(transparent)]
    Rows(rows::Error),
    /// It is not proven that the document's copy is ours.
    #[error(transparent)]
    Claim(#[from] claim::Error),
    /// Something to dump is not on the server; or the new name of a database is impossible.
    #[error("{0}")]
    NotThere(String),
    /// A table, column or object cannot be dumped faithfully.
    #[error("{object} cannot be dumped: {problem}")]
    Unfaithful {
        /// The table, column or object, with its database.
        object: String,
        /// What a dump would lose or change of it.
        problem: String,
    },
    /// The plan was carried out in place, and so has no masks any more, but on another server.
    #[error(
        "the plan was carried out in place, and {server} is not where: its tables may be whole and unmasked"
    )]
    NotRewritten {
        /// The login that was tried, as `user@host:port`.
        server: String,
        /// The work schema that would be marked on the right server.
        schema: String,
    },
    /// The key tables on the server are not those of the plan.
    #[error(
        "the key tables in `{schema}` on {server} are not those of this plan, or it was changed on the way"
    )]
    OtherPlan {
        /// The login that was used, as `user@host:port`.
        server: String,
        /// Name of the work schema.
        schema: String,
    },
    /// The key of the masks cannot be read. Without it, masks that hash would turn every value into NULL.
    #[error("the key of the masks cannot be read from `{schema}` on {server}")]
    NoMaskKey {
        /// The login that was used, as `user@host:port`.
        server: String,
        /// Name of the work schema.
        schema: String,
    },
    /// The proof has shown that the dump cannot be loaded.
    #[error("the dump cannot be restored, and nothing is published: {what}")]
    NotRestorable {
        /// What of the dump cannot be restored, and why not.
        what: String,
    },
    /// A table has not as many rows as it should have.
    #[error("{table} should have {expected} rows, and {rows} were read: nothing is published")]
    OtherRows {
        /// The table with its database: `app.notes`.
        table: String,
        /// Number of rows by the plan, or as counted on the server.
        expected: u64,
        /// Number of rows that were read from the table.
        rows: u64,
    },
    /// The scan has found originals that masks should have replaced.
    #[error("original values are left in {count} column(s), and nothing is published: {places}")]
    Leaks {
        /// Number of columns with originals in them.
        count: usize,
        /// The findings: table, column, number of rows, the first row's key.
        places: String,
        /// Lines of `[mask]` to paste into `refresh.toml`.
        toml: String,
    },
    /// The work schema has no hashed originals, or not as many as the plan says.
    #[error("the hashed originals in `{schema}` are not those of this plan")]
    NoOriginals {
        /// Name of the work schema.
        schema: String,
    },
    /// A table has no visible columns: no rights, or it was created while the catalog was read.
    #[error("{0} has no columns that this account may see, or was made this very moment")]
    Moved(String),
    /// The value of `--name` or `[dump] name` cannot begin a file name.
    #[error("{0:?} cannot begin a file name: it may have letters, digits, and . _ - behind the first place")]
    BadName(String),
    /// The document lacks a section that a dump needs.
    #[error("the document has no {0}")]
    NoSection(&'static str),
    /// A server that shared the reading was lost. The dump can begin again without it.
    #[error("a reader was lost")]
    Reader(#[source] mysql::Error),
    /// The work schema or the plan's keys cannot be read.
    #[error(transparent)]
    WorkSchema(#[from] work_schema::Error),
    /// The server refused a statement, or the connection broke.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// `refresh.toml` or the environment is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl From<rows::Error> for Error {
    fn from(error: rows::Error) -> Self {
        match error {
            // A lost connection ends as such, not as an error of the row that was being read.
            rows::Error::Server(error) => Self::Server(error),
            other => Self::Rows(other),
        }
    }
}

impl Error {
    /// Turns a server's error at a reader into [`Error::Reader`].
    pub(crate) fn of(self, at_reader: bool) -> Self {
        match self {
            Self::Server(error) if at_reader => Self::Reader(error),
            other => other,
        }
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Archive(inner) => inner.ending(),
            Self::Rows(inner) => inner.ending(),
            Self::Claim(inner) => inner.ending(),
            Self::NotThere(_) => Ending::new(Exit::BadInput, "not-there"),
            Self::Unfaithful { .. } => Ending::new(Exit::BadInput, "cannot-dump"),
            Self::NotRewritten { schema, .. } => Ending::new(Exit::Refused, "not-rewritten")
                .hint(format!("run mydehydrate on this copy; only that marks `{schema}` there")),
            Self::OtherPlan { .. } => Ending::new(Exit::BadInput, "other-plan").hint(PLAN_AGAIN),
            Self::NoMaskKey { .. } => Ending::new(Exit::Refused, "no-mask-key").hint(PLAN_AGAIN),
            Self::NotRestorable { .. } => Ending::new(Exit::BadInput, "not-restorable").hint(
                "mend it in the source, or publish the dump without the proof: [dump] prove = \"off\"",
            ),
            Self::OtherRows { .. } => Ending::new(Exit::BadInput, "other-rows").hint(PLAN_AGAIN),
            Self::Leaks { toml, .. } => Ending::new(Exit::Refused, "leaks").hint(format!(
                "mask them, or say with {{ keep = \"reason\" }} why clear values may be there:\n[mask]\n{toml}"
            )),
            Self::NoOriginals { .. } => Ending::new(Exit::Refused, "no-originals").hint(PLAN_AGAIN),
            Self::Moved(_) => Ending::new(Exit::BadInput, "moved"),
            Self::BadName(_) => Ending::new(Exit::BadConfig, "bad-name"),
            Self::NoSection(_) => Ending::new(Exit::BadInput, "no-section").hint(
                "pipe the document of mydehydrate in, or dump without a plan: mydump-rotate --whole DATABASE",
            ),
            Self::Reader(inner) | Self::Server(inner) => inner.ending(),
            Self::WorkSchema(inner) => inner.ending(),
            Self::Config(inner) => inner.ending(),
            Self::Interrupted(inner) => inner.ending(),
        }
    }
}

/// Hint for a server whose plan is not that of the document.
const PLAN_AGAIN: &str =
    "another mydehydrate may have replaced the plan there: run it again, and dump its document";
