//! Errors of a branch or its migrations. After each of them the developer's database is as it was.

use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::mysql;

/// Why the migrations of a branch did not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that `--ref` needs is not set.
    #[error("{0} is not set")]
    Unset(&'static str),
    /// git cannot be started, or its end cannot be awaited.
    #[error("cannot run git")]
    NoGit {
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// git ended with an error, or not in time.
    #[error("git {deed} of {repository} failed: {said}")]
    Git {
        /// The subcommand of git: `ls-remote`, `clone` …
        deed: &'static str,
        /// URL or path of the repository, without passwords.
        repository: String,
        /// The lines of git's stderr that say why.
        said: String,
    },
    /// The repository has no branch or tag of that name.
    #[error("{repository} has no branch or tag {reference}")]
    NoSuchReference {
        /// URL or path of the repository, without passwords.
        repository: String,
        /// The branch or tag that was asked for.
        reference: String,
        /// Branches and tags with names like it.
        near: Vec<String>,
    },
    /// The reference looks like the id of a commit, but there is no such commit.
    #[error("{repository} has no branch, tag or commit {commit}")]
    NoSuchCommit {
        /// URL or path of the repository, without passwords.
        repository: String,
        /// The commit that was asked for, as hexadecimal digits.
        commit: String,
    },
    /// Both a branch and a tag have that name.
    #[error("{repository} has a branch and a tag {name}")]
    TwoReferences {
        /// URL or path of the repository, without passwords.
        repository: String,
        /// The name that both of them have.
        name: String,
    },
    /// A name that no branch or tag can have.
    #[error("{0:?} is not the name of a branch or tag")]
    NotAReference(String),
    /// A temporary directory, for the worktree or as home of the command, cannot be made, read or given to `run_as`.
    #[error("cannot make a directory for the branch's files")]
    Directory {
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// `[migrations] path` is not a valid glob.
    #[error("[migrations] path {glob:?} is not a glob: {problem}")]
    Glob {
        /// The glob, as `refresh.toml` has it.
        glob: String,
        /// What is wrong with the glob.
        problem: String,
    },
    /// The glob matches nothing on this branch.
    #[error("no file of {reference} matches [migrations] path {glob:?}")]
    NoFiles {
        /// The branch, tag or commit, as asked for.
        reference: String,
        /// The glob as `refresh.toml` has it.
        glob: String,
    },
    /// A file cannot be read, or the shell of the command cannot be run.
    #[error("cannot read {file}")]
    Read {
        /// Path in the repository, or `/bin/sh`.
        file: String,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// A file cannot be cut into statements: wrong syntax, no UTF-8, or a pointer of Git LFS.
    #[error("{file}:{line}: {problem}")]
    Syntax {
        /// Path in the repository.
        file: String,
        /// Line of the file, counted from 1.
        line: u64,
        /// Why the text cannot be cut at this line.
        problem: String,
    },
    /// The server refused a statement of a migration.
    #[error("{file}:{line}: {beginning}: {}", server_words(failure))]
    Statement {
        /// Path in the repository.
        file: String,
        /// The line where the statement begins.
        line: u64,
        /// How the statement begins, on one line.
        beginning: String,
        /// What the server answered. It is in the message already, so it is not the error's `source`.
        failure: Box<mysql::Error>,
    },
    /// A statement would reach another database than the one that is being refreshed.
    #[error("{file}:{line}: {beginning}: this would leave the database that is being refreshed")]
    Leaves {
        /// Path in the repository.
        file: String,
        /// The line where the statement begins.
        line: u64,
        /// How the statement begins.
        beginning: String,
    },
    /// A statement has a placeholder `${name}` that Flyway would replace.
    #[error("{file}:{line}: the placeholder ${{{name}}} would go into the database as it stands here")]
    Placeholder {
        /// Path in the repository.
        file: String,
        /// The line where the statement begins.
        line: u64,
        /// Name of the placeholder, without `${}`.
        name: String,
    },
    /// A migration has LOAD DATA LOCAL, which is never run.
    #[error(
        "{file}:{line}: {beginning}: LOAD DATA LOCAL reads a file of the host that dev-restore runs on, and is not run"
    )]
    LocalFile {
        /// Path in the repository.
        file: String,
        /// The line where the statement begins.
        line: u64,
        /// How the statement begins.
        beginning: String,
    },
    /// A file ends within a transaction.
    #[error("{file} ends within a transaction: what it wrote would be lost")]
    Open {
        /// Path in the repository.
        file: String,
    },
    /// The glob matches paths that are no files of this repository, or whose names are not UTF-8.
    #[error("{}", shown.join("; "))]
    NotFiles {
        /// One text for each path: `db/1.sql: a symbolic link that leads out of the repository`.
        shown: Vec<String>,
    },
    /// The ledger table cannot be read or written.
    #[error("cannot use the ledger table {table}")]
    Ledger {
        /// The ledger table, as messages name it.
        table: String,
        /// What the server answered.
        source: mysql::Error,
    },
    /// The name of a file does not suit the ledger's preset, or the ledger cannot tell two files apart.
    #[error("{file}: {problem}")]
    Unnamed {
        /// Path in the repository.
        file: String,
        /// What is wrong with the file's name.
        problem: String,
    },
    /// The command cannot run as the user of `run_as`.
    #[error("[migrations] run_as {user:?}: {problem}")]
    RunAs {
        /// The user that `[migrations] run_as` names.
        user: String,
        /// Why the command cannot run as that user.
        problem: String,
    },
    /// The command that runs the migrations failed.
    #[error("{command:?} ended with {status}: {said}")]
    Command {
        /// The command line as `[migrations] command` has it.
        command: String,
        /// How the command ended: `exit status: 1`.
        status: String,
        /// The last line of the command's output.
        said: String,
    },
    /// A login or a statement that is no migration failed.
    #[error(transparent)]
    Mysql(#[from] mysql::Error),
    /// A signal (SIGINT, SIGTERM, SIGHUP) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

const MIGRATION_FAILED: &str = "migration-failed";

const AS_IT_WAS: &str = "the database is as it was; correct the branch and try again";

/// The server's message alone: `ERROR 1064 (42000): You have an error …`.
fn server_words(error: &mysql::Error) -> String {
    match error {
        mysql::Error::Statement { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Unset(setting) => Ending::new(Exit::BadConfig, "bad-config")
                .hint(format!("add {setting} to refresh.toml, or leave --ref out")),
            Self::Glob { .. } => Ending::new(Exit::BadConfig, "bad-config"),
            Self::RunAs { .. } => Ending::new(Exit::BadConfig, "run-as").hint(
                "name a user without rights of this host, and run dev-restore as root (sudo dev-restore …)",
            ),
            Self::NoGit { .. } => Ending::new(Exit::Unavailable, "git"),
            Self::Git { .. } => Ending::new(Exit::Unavailable, "git")
                .hint("the same command must work for this user without a password prompt"),
            Self::NoSuchReference { near, .. } if !near.is_empty() => {
                Ending::new(Exit::BadInput, "no-such-ref")
                    .hint(format!("did you mean {}?", near.join(" or ")))
            }
            Self::NoSuchReference { repository, .. } => Ending::new(Exit::BadInput, "no-such-ref")
                .hint(format!("git ls-remote --heads --tags {repository}")),
            Self::NotAReference(_) => Ending::new(Exit::BadInput, "no-such-ref"),
            Self::NoSuchCommit { .. } => Ending::new(Exit::BadInput, "no-such-ref")
                .hint("is it pushed, and are its first digits those of one commit alone?"),
            Self::TwoReferences { name, .. } => Ending::new(Exit::BadInput, "ambiguous-ref").hint(format!(
                "say refs/heads/{name} for the branch; for the tag, one of the two needs another name"
            )),
            Self::Directory { .. } => Ending::new(Exit::CannotWrite, "cannot-write"),
            Self::NoFiles { .. } => Ending::new(Exit::BadInput, "no-migrations"),
            Self::Read { .. } => Ending::new(Exit::BadInput, MIGRATION_FAILED),
            // Without an error number the connection was lost, which is not the branch's fault.
            Self::Statement { failure, .. } if failure.number().is_none() => {
                Ending::new(failure.ending().exit, MIGRATION_FAILED).hint(AS_IT_WAS)
            }
            Self::Statement { failure, .. }
                if failure.number().is_some_and(|number| mysql::number::FUNCTIONS_FORBIDDEN.contains(&number)) =>
            {
                Ending::new(Exit::Unavailable, "functions-forbidden").hint(
                    "the server writes a binary log: SET PERSIST log_bin_trust_function_creators = 1 (MariaDB: SET GLOBAL)",
                )
            }
            Self::Statement { failure, .. } if failure.is_denied() => {
                Ending::new(Exit::Refused, "migration-denied").hint(
                    "migrations run as an account that has rights on the database that is being refreshed, and on no other",
                )
            }
            Self::Syntax { .. } | Self::Statement { .. } | Self::Command { .. } => {
                Ending::new(Exit::BadInput, MIGRATION_FAILED).hint(AS_IT_WAS)
            }
            Self::Placeholder { .. } => Ending::new(Exit::BadInput, "migration-placeholder").hint(
                "write the value, or let Flyway itself run the migrations: [migrations] command = \"flyway … migrate\"",
            ),
            Self::LocalFile { .. } => Ending::new(Exit::BadInput, "migration-local-file").hint("write the rows as INSERT"),
            Self::Open { .. } => Ending::new(Exit::BadInput, "migration-open")
                .hint("end it with COMMIT, or leave START TRANSACTION and SET autocommit = 0 out"),
            Self::NotFiles { .. } => Ending::new(Exit::BadInput, "migration-file").hint(AS_IT_WAS),
            Self::Leaves { .. } => Ending::new(Exit::Refused, "migration-leaves")
                .hint("write table names without their database"),
            Self::Ledger { .. } => Ending::new(Exit::BadInput, "ledger")
                .hint("set [migrations.ledger] preset, or table and column"),
            Self::Unnamed { .. } => Ending::new(Exit::BadInput, "migration-name")
                .hint("rename it, or set [migrations.ledger] preset"),
            Self::Mysql(inner) => inner.ending(),
            // The hint of `Interrupted` is about resources at AWS, which a refresh does not make.
            Self::Interrupted(inner) => Ending { hint: None, ..inner.ending() },
        }
    }
}
