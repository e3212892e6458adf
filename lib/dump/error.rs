//! How dumping and reading dumps can fail.

use std::path::{Path, PathBuf};

use crate::document::{Exit, Failure, Interrupted};
use crate::{config, mysql};

/// Why a dump was not written, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {deed} {}", path.display())]
    File {
        /// What was tried.
        deed: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not a dump of ours, or is damaged.
    #[error("{} is not a whole dump: {problem}", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A dump of a newer format.
    #[error("{} has the format {format}, this version reads {}", path.display(), crate::archive::FORMAT)]
    OtherFormat {
        /// Where.
        path: PathBuf,
        /// What it says.
        format: String,
    },
    /// Something that was asked for is not in the file or on the server.
    #[error("{0}")]
    NotThere(String),
    /// A value that no SQL literal can hold.
    #[error("{deed}: column {column} holds {value:?}, which SQL cannot write")]
    Unrepresentable {
        /// What was being done: `reading app.t`.
        deed: String,
        /// The column.
        column: String,
        /// The value: `NaN`, `inf`.
        value: String,
    },
    /// A table, column or object cannot be dumped faithfully.
    #[error("{object} cannot be dumped: {problem}")]
    Unfaithful {
        /// What.
        object: String,
        /// Why not.
        problem: String,
    },
    /// A plan that was carried out in place is not to be read anywhere else: it has no masks any more.
    #[error(
        "the plan was carried out in place, and {server} is not where: its tables may be whole and unmasked"
    )]
    NotRewritten {
        /// Where.
        server: String,
        /// The work schema that should say so.
        schema: String,
    },
    /// The key tables are not those of the plan.
    #[error("the key tables in `{schema}` on {server} are not those of this plan")]
    OtherPlan {
        /// Where.
        server: String,
        /// The work schema.
        schema: String,
    },
    /// Masks that hash would make NULL of every value.
    #[error("the key of the masks cannot be read from `{schema}` on {server}")]
    NoMaskKey {
        /// Where.
        server: String,
        /// The work schema.
        schema: String,
    },
    /// What was read is not what should have been read.
    #[error("{table} should have {expected} rows, and {rows} were read: nothing is published")]
    OtherRows {
        /// `database.table`.
        table: String,
        /// The plan's number, or the server's.
        expected: u64,
        /// What was read.
        rows: u64,
    },
    /// Values that masks should have taken away are still there.
    #[error("original values are left in {count} column(s), and nothing is published: {places}")]
    Leaks {
        /// How many columns.
        count: usize,
        /// Where: table, column, rows, the first row's key.
        places: String,
        /// What to paste.
        toml: String,
    },
    /// The hashes that the plan speaks of are not there.
    #[error("the hashed originals in `{schema}` are not those of this plan")]
    NoOriginals {
        /// The work schema.
        schema: String,
    },
    /// A table came while the catalog was being read.
    #[error("{0} has no columns that this account may see, or was made this very moment")]
    Moved(String),
    /// Another run is writing here.
    #[error("another run is writing {name} in {}: {holder}", directory.display())]
    Locked {
        /// What the files' names begin with.
        name: String,
        /// Where.
        directory: PathBuf,
        /// Who: `pid 812 on build-3 since …`.
        holder: String,
    },
    /// What the files' names should begin with cannot begin a file name.
    #[error("{0:?} cannot begin a file name: it may have letters, digits, and . _ - behind the first place")]
    BadName(String),
    /// The directory has too little room.
    #[error("{} has {free} bytes free, the dump needs about {needed}", directory.display())]
    NoSpace {
        /// Where.
        directory: PathBuf,
        /// Free bytes.
        free: u64,
        /// Estimate.
        needed: u64,
    },
    /// The directory of the dumps is not there.
    #[error("there is no directory {}", .0.display())]
    NoDirectory(PathBuf),
    /// The document lacks what is needed.
    #[error("the document has no {0}")]
    NoSection(&'static str),
    /// A server that shared the reading; without it, the dump can begin again.
    #[error("a reader was lost")]
    Reader(#[source] mysql::Error),
    /// The server.
    #[error(transparent)]
    Server(#[from] mysql::Error),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A signal.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Error {
    /// A file operation that failed.
    pub(crate) fn file(deed: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { deed, path, source }
    }

    /// The same, where it happened at a reader.
    pub(crate) fn of(self, at_reader: bool) -> Self {
        match self {
            Self::Server(error) if at_reader => Self::Reader(error),
            other => other,
        }
    }

    /// A file that is not what it should be.
    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.into() }
    }
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::File { deed: "read" | "open", .. }
            | Self::Damaged { .. }
            | Self::OtherFormat { .. }
            | Self::NotThere(_)
            | Self::NoSection(_)
            | Self::Unrepresentable { .. }
            | Self::Moved(_)
            | Self::OtherPlan { .. }
            | Self::OtherRows { .. }
            | Self::Unfaithful { .. } => Exit::BadInput,
            Self::NotRewritten { .. }
            | Self::NoMaskKey { .. }
            | Self::NoOriginals { .. }
            | Self::Leaks { .. } => Exit::Refused,
            Self::File { deed: "create", .. } | Self::NoSpace { .. } | Self::NoDirectory(_) => {
                Exit::CannotWrite
            }
            Self::File { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied
                | std::io::ErrorKind::ReadOnlyFilesystem
                | std::io::ErrorKind::StorageFull
                | std::io::ErrorKind::QuotaExceeded => Exit::CannotWrite,
                _ => Exit::Io,
            },
            Self::BadName(_) => Exit::BadConfig,
            Self::Locked { .. } => Exit::Temporary,
            Self::Server(inner) | Self::Reader(inner) => inner.exit(),
            Self::Config(inner) => inner.exit(),
            Self::Interrupted(inner) => inner.exit(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => "disk-full",
            Self::File { .. } => "file",
            Self::Damaged { .. } => "damaged-dump",
            Self::OtherFormat { .. } => "other-format",
            Self::NotThere(_) => "not-there",
            Self::Unrepresentable { .. } | Self::Unfaithful { .. } => "cannot-dump",
            Self::NotRewritten { .. } => "not-rewritten",
            Self::NoMaskKey { .. } => "no-mask-key",
            Self::OtherPlan { .. } => "other-plan",
            Self::OtherRows { .. } => "other-rows",
            Self::Leaks { .. } => "leaks",
            Self::NoOriginals { .. } => "no-originals",
            Self::Moved(_) => "moved",
            Self::Locked { .. } => "locked",
            Self::BadName(_) => "bad-name",
            Self::NoSpace { .. } => "disk-full",
            Self::NoDirectory(_) => "no-directory",
            Self::NoSection(_) => "no-section",
            Self::Server(inner) | Self::Reader(inner) => inner.code(),
            Self::Config(inner) => inner.code(),
            Self::Interrupted(inner) => inner.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Damaged { .. } => Some("mydump-rotate list shows the dumps that are whole".to_owned()),
            Self::NoSection(_) => Some(
                "pipe the document of mydehydrate in, or dump without a plan: mydump-rotate --whole DATABASE"
                    .to_owned(),
            ),
            Self::NoDirectory(directory) => Some(format!(
                "is its file system (EFS, NFS) mounted? If it is a new directory: mkdir -p {}",
                directory.display()
            )),
            Self::NoSpace { .. } => {
                Some("free space, lower keep_days, or name another [dump] dir".to_owned())
            }
            Self::NotRewritten { schema, .. } => {
                Some(format!("run mydehydrate on this copy; only that marks `{schema}` there"))
            }
            Self::Leaks { toml, .. } => Some(format!(
                "mask them, or say with {{ keep = \"reason\" }} why clear values may be there:\n[mask]\n{toml}"
            )),
            Self::NoMaskKey { .. }
            | Self::OtherPlan { .. }
            | Self::OtherRows { .. }
            | Self::NoOriginals { .. } => Some(
                "another mydehydrate may have replaced the plan there: run it again, and dump its document"
                    .to_owned(),
            ),
            Self::Server(inner) | Self::Reader(inner) => inner.hint(),
            Self::Config(inner) => inner.hint(),
            _ => None,
        }
    }
}
