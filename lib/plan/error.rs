//! Errors of a dehydration, with their exit codes and hints.

use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::{claim, config, mask, mysql, work_schema};

/// Why there is no plan or answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `refresh.toml` is wrong, or does not fit the database.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A mask is wrong, or personal data has none.
    #[error(transparent)]
    Mask(#[from] mask::Error),
    /// The server refused a connection or a statement.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// The work schema cannot be used.
    #[error(transparent)]
    WorkSchema(#[from] work_schema::Error),
    /// Nothing proves that the document's cluster is our copy.
    #[error(transparent)]
    Claim(#[from] claim::Error),
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// There is no `refresh.toml`, and this command needs one.
    #[error("there is no refresh.toml: none was named, and none is here or in /etc/refreshkit")]
    NoConfiguration,
    /// `[source] databases` is empty, so there is nothing to read.
    #[error("[source] databases names no database")]
    NoDatabases,
    /// A named database does not exist, or the login may not see it.
    #[error("{server} has no database `{database}`, or this user may not see it")]
    NoDatabase {
        /// The login that looked, as `user@host:port`.
        server: String,
        /// Name of the database that was asked for.
        database: String,
    },
    /// The databases hold no table.
    #[error("there is no table in {databases}")]
    NoTables {
        /// Names of the databases, as one text.
        databases: String,
    },
    /// `init --out` names a file that exists: `init` overwrites none.
    #[error("{path} is there already")]
    FileExists {
        /// Path of the existing file.
        path: String,
    },
    /// `init` cannot write the configuration.
    #[error("cannot write {path}")]
    NotWritten {
        /// Path of the configuration file.
        path: String,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// `init --update` cannot add lines to this configuration.
    #[error("{path} cannot be added to: {problem}")]
    NotEditable {
        /// Path of the configuration file.
        path: String,
        /// Why no lines can be added.
        problem: String,
    },
    /// The document has no `cluster`, so there is no copy to read.
    #[error("the document has no cluster to dehydrate")]
    NoCluster,
    /// A file given with `--document` cannot be used.
    #[error("cannot read the document {path}")]
    DocumentFile {
        /// Path of the document.
        path: String,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// A file given with `--digests` or `--queries` cannot be read.
    #[error("cannot read the statements in {path}")]
    Statements {
        /// Path of the file with the statements.
        path: String,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// `--dot` or `--svg` cannot be written.
    #[error("cannot write the picture {path}")]
    Picture {
        /// Path of the picture.
        path: String,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// The file given with `--document` holds no document.
    #[error(transparent)]
    Document(#[from] crate::document::Error),
    /// The server may not be written to: nothing says that it is a copy.
    #[error("{server} is not a copy that this run restored: refusing to {deed} there")]
    NotACopy {
        /// Host name or address of the server.
        server: String,
        /// What would have been done there, as words behind "refusing to".
        deed: &'static str,
        /// The flag to add to the command, for people.
        hint: String,
    },
    /// Some tables are named by no rule and reached by no relation.
    #[error("{count} table(s) that no rule and no relation reaches: {names}")]
    Unreached {
        /// Number of tables that nothing reaches.
        count: usize,
        /// Names of the first of these tables.
        names: String,
        /// Lines of `[dehydrate]` to paste into `refresh.toml`.
        toml: String,
    },
    /// `check --strict` found relations that nobody declared.
    #[error("{count} relation(s) that names and values speak of are not in refresh.toml")]
    Unreviewed {
        /// Number of relations that nobody declared.
        count: usize,
        /// Lines of `[relations]` to paste into `refresh.toml`.
        toml: String,
    },
    /// `--target-rows` or `--target-size` is less than what is kept in any case.
    #[error(
        "nothing that fits {limit} can be chosen: pinned rows, per_value and full tables alone are {least}"
    )]
    CannotFit {
        /// The limit of the flag, with its unit.
        limit: String,
        /// The smallest possible size, with its unit.
        least: String,
    },
    /// Some columns hold copies of masked values and are not masked like them.
    #[error("{count} column(s) hold copies of masked values and are not masked as those are: {names}")]
    Copies {
        /// Number of columns that hold copies.
        count: usize,
        /// The columns, each with the evidence.
        names: String,
        /// Lines of `[mask]` to paste into `refresh.toml`.
        toml: String,
    },
    /// `check` sees in samples that a run with these masks would be refused.
    #[error("a night would refuse the masks of {count} column(s): {names}")]
    Foreseen {
        /// Number of columns whose masks would be refused.
        count: usize,
        /// The columns, each with the evidence.
        names: String,
        /// Lines of `[mask]` that pass the checks.
        toml: String,
    },
    /// Markers of canaries came through the masks.
    #[error("the masks let through what they should hide, in {count} column(s): {columns}")]
    Canaries {
        /// Number of columns in which a marker came through.
        count: usize,
        /// The columns, as `database.table.column`.
        columns: String,
    },
    /// The proof failed: a kept row refers to a row that was left behind.
    #[error(
        "{rows} kept row(s) of {child} refer to rows of {parent} that exist but were not kept: nothing may use this plan"
    )]
    Dangling {
        /// Number of kept rows that refer to rows left behind.
        rows: u64,
        /// The referring table and columns: `app.ratings(app_id)`.
        child: String,
        /// The table and columns that are referred to.
        parent: String,
    },
    /// A rewritten table got another number of rows than the plan says.
    #[error("{0}")]
    Drift(String),
    /// `explain` names a row that is not in the plan, or no row at all.
    #[error("{0}")]
    NoSuchRow(String),
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Config(inner) => inner.ending(),
            Self::Mask(inner) => inner.ending(),
            Self::Server(inner) => inner.ending(),
            Self::WorkSchema(inner) => inner.ending(),
            Self::Claim(inner) => inner.ending(),
            Self::Interrupted(inner) => inner.ending().hint("run it again: key tables are made anew"),
            Self::Document(inner) => inner.ending(),
            Self::NoConfiguration => Ending::new(Exit::BadConfig, "no-configuration")
                .hint("name one with --config FILE or $REFRESH_CONFIG, or let one be written: mydehydrate init --databases NAME --out refresh.toml"),
            Self::NoDatabases => Ending::new(Exit::BadConfig, "no-databases")
                .hint("[source]\ndatabases = [\"app\"]"),
            Self::NoDatabase { .. } | Self::NoTables { .. } => Ending::new(Exit::BadConfig, "no-databases")
                .hint("name others with --databases, or log in as somebody who may see them"),
            Self::FileExists { .. } => Ending::new(Exit::CannotWrite, "file-exists")
                .hint("choose another name for --out, or add what is missing to it: mydehydrate init --update FILE"),
            Self::NotWritten { .. } => Ending::new(Exit::CannotWrite, "not-written"),
            Self::NotEditable { .. } => Ending::new(Exit::BadConfig, "not-editable"),
            Self::NoCluster => Ending::new(Exit::BadInput, "no-cluster").hint(
                "pipe in what rds-restore wrote, or read the [source] server of refresh.toml: mydehydrate --source",
            ),
            Self::DocumentFile { .. } => Ending::new(Exit::BadInput, "no-cluster"),
            Self::Statements { .. } => Ending::new(Exit::BadInput, "statements"),
            Self::Picture { .. } => Ending::new(Exit::CannotWrite, "picture"),
            Self::NotACopy { hint, .. } => Ending::new(Exit::Refused, "not-a-copy").hint(hint),
            Self::Unreached { toml, .. } => Ending::new(Exit::BadConfig, "unreached-tables").hint(toml),
            Self::Unreviewed { toml, .. } => Ending::new(Exit::BadConfig, "unreviewed-relations").hint(toml),
            Self::CannotFit { .. } => Ending::new(Exit::Refused, "cannot-fit")
                .hint("make fewer tables full, or pinned and per_value smaller"),
            Self::Copies { toml, .. } => Ending::new(Exit::Refused, "copies").hint(format!(
                "mask them alike, or say with {{ keep = \"reason\" }} why not, in refresh.toml:\n[mask]\n{toml}"
            )),
            Self::Foreseen { toml, .. } => Ending::new(Exit::Refused, "foreseen-refusal").hint(format!(
                "write these in place of their rules, or say with {{ keep = \"reason\" }} why not, in refresh.toml:\n[mask]\n{toml}"
            )),
            Self::Canaries { .. } => Ending::new(Exit::Refused, "canaries").hint(
                "look at the masks of these columns, `sql` and `partial` first; [mask] canaries = \"off\" does not ask",
            ),
            Self::Dangling { .. } => Ending::new(Exit::Refused, "dangling-references").hint(
                "rows changed while the keys were collected, or this is a bug: run again on a copy that nobody writes to",
            ),
            Self::Drift(_) => Ending::new(Exit::BadConfig, "drift"),
            Self::NoSuchRow(_) => Ending::new(Exit::BadInput, "no-such-row"),
        }
    }
}
