//! What can stop a dehydration.

use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::{claim, config, mask, mysql, work_schema};

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
    /// The work schema cannot be used.
    #[error(transparent)]
    WorkSchema(#[from] work_schema::Error),
    /// The document's copy is not believed to be one.
    #[error(transparent)]
    Claim(#[from] claim::Error),
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// No `refresh.toml`, and no flag in its place.
    #[error("there is no refresh.toml: none was named, and none is here or in /etc/refreshkit")]
    NoConfiguration,
    /// `[source] databases` is empty, so there is nothing to read.
    #[error("[source] databases names no database")]
    NoDatabases,
    /// A database that is not there.
    #[error("{server} has no database `{database}`, or this user may not see it")]
    NoDatabase {
        /// The login that looked, as `user@host:port`.
        server: String,
        /// Name of the database that was asked for.
        database: String,
    },
    /// Databases without a table.
    #[error("there is no table in {databases}")]
    NoTables {
        /// Names of the databases, as one text.
        databases: String,
    },
    /// `init` does not write over a file.
    #[error("{path} is there already")]
    FileExists {
        /// Path of the file that is there.
        path: String,
    },
    /// The configuration cannot be written.
    #[error("cannot write {path}")]
    NotWritten {
        /// Path of the configuration file.
        path: String,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// A configuration that lines cannot be added to.
    #[error("{path} cannot be added to: {problem}")]
    NotEditable {
        /// Path of the configuration file.
        path: String,
        /// What is in the way of adding lines.
        problem: String,
    },
    /// The document names no copy.
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
    /// A document given with `--document` is none.
    #[error(transparent)]
    Document(#[from] crate::document::Error),
    /// Writing to a server that nobody called a copy.
    #[error("{server} is not a copy that this run restored: refusing to {deed} there")]
    NotACopy {
        /// Host name or address of the server.
        server: String,
        /// What would have been done there, as words behind "refusing to".
        deed: &'static str,
        /// What to add to the command, for people.
        hint: String,
    },
    /// Tables that nothing says anything about.
    #[error("{count} table(s) that no rule and no relation reaches: {names}")]
    Unreached {
        /// Number of tables that nothing reaches.
        count: usize,
        /// The first of them.
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
    /// `--target-rows` or `--target-size` is less than what must come.
    #[error(
        "nothing that fits {limit} can be chosen: pinned rows, per_value and full tables alone are {least}"
    )]
    CannotFit {
        /// What was asked for, with its unit.
        limit: String,
        /// What comes at least, with its unit.
        least: String,
    },
    /// Columns that hold copies of masked values and leave otherwise.
    #[error("{count} column(s) hold copies of masked values and are not masked as those are: {names}")]
    Copies {
        /// Number of columns that hold copies.
        count: usize,
        /// Which, with the evidence.
        names: String,
        /// Lines of `[mask]` to paste into `refresh.toml`.
        toml: String,
    },
    /// What a night would be refused for later, by a look at samples.
    #[error("a night would refuse the masks of {count} column(s): {names}")]
    Foreseen {
        /// Number of columns whose masks would be refused.
        count: usize,
        /// The columns, each with the evidence.
        names: String,
        /// Lines for `[mask]` that pass.
        toml: String,
    },
    /// Made-up people were recognised behind the masks.
    #[error("the masks let through what they should hide, in {count} column(s): {columns}")]
    Canaries {
        /// Number of columns that let something through.
        count: usize,
        /// The columns, each with what was recognised.
        columns: String,
    },
    /// The proof failed: a kept row refers to one that was left behind.
    #[error(
        "{rows} kept row(s) of {child} refer to rows of {parent} that exist but were not kept: nothing may use this plan"
    )]
    Dangling {
        /// Number of kept rows that refer to such.
        rows: u64,
        /// The referring table and columns: `app.ratings(app_id)`.
        child: String,
        /// The table and columns that are referred to.
        parent: String,
    },
    /// The tables or columns changed and the rules did not.
    #[error("{0}")]
    Drift(String),
    /// A row that is not in the plan, or not there at all.
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
