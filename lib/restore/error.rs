//! What can stop a refresh, and how it ends then. Up to the swap, the developer's database is as it was.

use std::path::PathBuf;

use super::alone::NotAlone;
use super::cure::{FUNCTIONS, cure, how_to_allow, how_to_choose};
use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::mysql::number;
use crate::{archive, config, migrate, mysql, rows, sql};

/// Why a refresh, an undo or a repair did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `refresh.toml` or the environment is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The target's server said no.
    #[error(transparent)]
    Mysql(#[from] mysql::Error),
    /// The dump file is not whole, or the directory of dumps is of no use.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// Loaded rows that cannot be compared with the dump's.
    #[error(transparent)]
    Rows(#[from] rows::Error),
    /// The branch or its migrations.
    #[error(transparent)]
    Migrate(#[from] migrate::Error),
    /// Some tables that cannot be replaced while the others stay.
    #[error(transparent)]
    NotAlone(#[from] NotAlone),
    /// A signal (SIGINT, SIGTERM) ended the refresh.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Not in the allow-list.
    #[error("{name} is not a target; there {}", listed(known))]
    UnknownTarget {
        /// The target that was asked for.
        name: String,
        /// Names of the targets that `refresh.toml` allows.
        known: Vec<String>,
    },
    /// The target is production, or follows it.
    #[error("target {target} looks like the source: {why}")]
    LooksLikeSource {
        /// Name of the target.
        target: String,
        /// What gave it away as the source.
        why: String,
    },
    /// The target has a tag of production.
    #[error("target {target} is production: {owner} has the tag {tag}")]
    Production {
        /// Name of the target.
        target: String,
        /// What has the tag, with its kind: `cluster prod`.
        owner: String,
        /// The tag that says so: `environment=production`.
        tag: String,
    },
    /// The target is at RDS, and nobody knows whether it is production.
    #[error("nobody knows whether target {target} is production: the tags of {host} cannot be read: {why}")]
    TagsUnknown {
        /// Name of the target.
        target: String,
        /// Host and port of the target.
        host: String,
        /// Why the tags cannot be read.
        why: String,
    },
    /// A database in the way that no refresh made.
    #[error("the database {database} was not made by dev-restore, so it is not touched")]
    NotOurs {
        /// Name of the database that is in the way.
        database: String,
    },
    /// Another refresh is at work on the target.
    #[error("target {target} is being refreshed by {holder}")]
    Held {
        /// Name of the target.
        target: String,
        /// Who is at work: from where, and since when.
        holder: String,
    },
    /// `doctor` found something that a refresh would fail on.
    #[error("{wrong} of these do not work")]
    Unwell {
        /// Number of findings that are wrong.
        wrong: usize,
    },
    /// The lock went away while the refresh was at work: its connection was lost.
    #[error("the lock on {database} was lost: its connection to the server ended")]
    LockLost {
        /// Name of the target's database, which was locked.
        database: String,
    },
    /// No account that can do nothing but load.
    #[error("target {target} has no loader: {why}")]
    NoLoader {
        /// Name of the target.
        target: String,
        /// Why no loader could be made.
        why: String,
    },
    /// An account that may do more than load.
    #[error("the loader of [targets.{target}] is no fence: {why}")]
    WideLoader {
        /// Name of the target.
        target: String,
        /// What else that account may do.
        why: String,
    },
    /// Functions and triggers could not be made behind the load.
    #[error("{server} may make no functions and triggers, and the dump has some")]
    FunctionsForbidden {
        /// The loader's login, as error messages name it.
        server: String,
    },
    /// Rights that are missing.
    #[error("{account} lacks {} on {database}, which this dump needs", rights.join(", "))]
    Lacks {
        /// The account that loads, as `'user'@'host'`.
        account: String,
        /// Name of the database that the rights are missing on.
        database: String,
        /// As GRANT says them.
        rights: Vec<&'static str>,
        /// The statement that gives them.
        grant: String,
    },
    /// Several reasons at once.
    #[error("nothing was loaded, for {} reasons: {}", reasons.len(), listed_reasons(reasons))]
    NotReady {
        /// All the reasons, each one enough to stop the refresh.
        reasons: Vec<Error>,
    },
    /// Nothing can be made in the name of the definer.
    #[error("nothing can be made in the name of the definer of [targets.{target}]: {why}")]
    Definer {
        /// Name of the target.
        target: String,
        /// Why the definer cannot be used.
        why: String,
    },
    /// An event of a branch would run with the rights of the account that swaps.
    #[error("the branch brings the event {event}, which would run with the rights of {account}")]
    NewEvent {
        /// Name of the event.
        event: String,
        /// The account that swaps, which the event would run as.
        account: String,
        /// Name of the target.
        target: String,
    },
    /// `--fast` where it would endanger more than the target.
    #[error("target {target} cannot be loaded with --fast: {why}")]
    NotFast {
        /// Name of the target.
        target: String,
        /// What speaks against it.
        why: String,
    },
    /// The dump that was chosen is not there (any more).
    #[error("there is no dump {choice} in {}; there {}", dir.display(), listed(there))]
    NoSuchDump {
        /// The dump that was asked for: `latest`, a file name …
        choice: String,
        /// Path of the directory that was looked in.
        dir: PathBuf,
        /// File names of the dumps that are there, newest first.
        there: Vec<String>,
    },
    /// A dump of several databases for a target that is one.
    #[error("{dump} holds the databases {}; none of them is named {database}", databases.join(", "))]
    SeveralDatabases {
        /// File name of the dump.
        dump: String,
        /// Names of the databases in the dump.
        databases: Vec<String>,
        /// Name of the target's database.
        database: String,
    },
    /// Collations that the server does not have.
    #[error("the target's server does not know the collation {}", unknown.join(", "))]
    Collations {
        /// Names of the collations, as the dump has them.
        unknown: Vec<String>,
    },
    /// A statement of the dump is larger than the server takes.
    #[error("the dump has a statement of {needed} bytes, the target's max_allowed_packet is {allowed}")]
    Packet {
        /// Bytes of the largest statement.
        needed: u64,
        /// Bytes that the server takes in one statement.
        allowed: u64,
    },
    /// The data would not fit.
    #[error("the data needs about {needed} bytes, {} has {free} free", path.display())]
    Disk {
        /// Estimate of data and indexes.
        needed: u64,
        /// Bytes that are free there.
        free: u64,
        /// The server's data directory.
        path: PathBuf,
    },
    /// What was loaded is not what was dumped.
    #[error("{table} is not as it was dumped: {what}")]
    Differs {
        /// The table that differs, with its database: `app.notes`.
        table: String,
        /// Which count or digest differs.
        what: String,
    },
    /// A table refers to the database from outside, and would go on pointing at the old one.
    #[error("{child} has a foreign key to {parent}: it would refer to the old table after the swap")]
    ReferredFromOutside {
        /// The table that refers, in another database: `other.orders`.
        child: String,
        /// The table of the target that is referred to: `app.customers`.
        parent: String,
    },
    /// Somebody uses the tables and does not let go.
    #[error("{database} is in use, the swap waited {waited_s} s: {blockers}")]
    Busy {
        /// Name of the target's database.
        database: String,
        /// Seconds that the swap waited for the locks.
        waited_s: u64,
        /// Who holds the locks, as far as the server tells.
        blockers: String,
    },
    /// A key of `set`.
    #[error(
        "set of [targets.{target}]: {key:?} is not \"table.column\" or \"table.column where …\", or its value is no value"
    )]
    Set {
        /// Name of the target.
        target: String,
        /// The key as `refresh.toml` has it.
        key: String,
    },
    /// An SQL file of another tool that cannot be loaded.
    #[error("cannot load {}: {}{problem}", path.display(), at(*line))]
    Plain {
        /// Path of the SQL file.
        path: PathBuf,
        /// Line of the file, counted from 1; 0 for the whole file.
        line: u64,
        /// What is wrong in that place.
        problem: String,
        /// What the server answered, if it was asked.
        source: Option<mysql::Error>,
    },
    /// An SQL file of another tool that the server would refuse in the middle.
    #[error("cannot load {}: {}{problem}", path.display(), at(*line))]
    Foreseen {
        /// Path of the SQL file.
        path: PathBuf,
        /// Line on which the statement begins; 0 for the whole file.
        line: u64,
        /// What the server would find wrong.
        problem: String,
        /// The server's number for that error.
        number: u16,
    },
    /// A setting of the server's that the dump's tables do not fit.
    #[error("the server has {setting} = ON, which the loader may not switch off for itself, and there is no primary key in {}", tables.join(", "))]
    Strict {
        /// Name of the server variable.
        setting: &'static str,
        /// Names of the tables without a primary key.
        tables: Vec<String>,
    },
    /// A table that could not be kept for an undo.
    #[error(
        "the table {table} could not be kept for an undo: it is called like those of a refresh, and as long as a name can be"
    )]
    OurName {
        /// Name of the table that cannot be kept.
        table: String,
    },
    /// A file or folder that is no dump.
    #[error("{} {what}", path.display())]
    OtherKind {
        /// Path of the file or folder.
        path: PathBuf,
        /// `is compressed by bzip2`.
        what: String,
        /// What to do instead, for people.
        hint: String,
    },
    /// SQL of `set` or `after`.
    #[error("{what} of [targets.{target}] failed")]
    After {
        /// Name of the target.
        target: String,
        /// `after[1]`, counted from 1; `set "settings.value"`.
        what: String,
        /// What the server answered.
        source: mysql::Error,
    },
    /// There is no database to go back to.
    #[error("there is nothing to undo: {previous} {why}")]
    NothingToUndo {
        /// Name of the database that the swap would have kept: `app__previous`.
        previous: String,
        /// What is wrong with it, as the end of a sentence.
        why: &'static str,
    },
    /// A glob of `preserve`, `include` or `exclude`.
    #[error("{setting} of [targets.{target}]: {problem}")]
    Glob {
        /// Name of the target.
        target: String,
        /// The setting that has the glob: `preserve`, `include` …
        setting: &'static str,
        /// What is wrong with the glob.
        problem: String,
    },
    /// A table that was to survive has other rows by now.
    #[error("{table} changed while it was preserved: {counts}")]
    NotPreserved {
        /// The table that changed, with its database: `app.notes`.
        table: String,
        /// Rows in the database in use, and preserved.
        counts: String,
    },
    /// Rows that are put into a table with a trigger would run it.
    #[error("{table} cannot be preserved: the trigger {trigger} is on it")]
    PreservedTrigger {
        /// The table with its database: `app.notes`.
        table: String,
        /// Name of the trigger on it.
        trigger: String,
    },
    /// The JUnit report cannot be written.
    #[error("cannot write {}", path.display())]
    Junit {
        /// Path of the report.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// The account may not see what it would have to re-create.
    #[error("the target's account may not read the definition of {what}")]
    Hidden {
        /// The object with its kind: `procedure app.p`.
        what: String,
    },
    /// The tables are swapped, what follows could not be finished.
    #[error("the new tables are in place, but the rest of the swap did not finish")]
    Unfinished {
        /// What was in the way.
        source: Box<Error>,
        /// Name of the target.
        target: String,
    },
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "are none".to_owned(),
        [one] => format!("is {one}"),
        many => format!("are {}", many.join(", ")),
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Config(inner) => inner.ending(),
            Self::Mysql(inner) => of_server(inner),
            Self::Archive(inner) => inner.ending(),
            Self::Rows(inner) => inner.ending(),
            Self::NotAlone(inner) => inner.ending(),
            Self::Migrate(inner) => inner.ending(),
            Self::Interrupted(inner) => inner
                .ending()
                .hint("the database is as it was, unless the swap had begun: dev-restore status"),
            Self::UnknownTarget { name, known } => {
                Ending::new(Exit::Refused, "unknown-target").hint(how_to_allow(name, known))
            }
            Self::LooksLikeSource { .. } => Ending::new(Exit::Refused, "target-is-source")
                .hint("a target is a development server of its own"),
            Self::Production { .. } => Ending::new(Exit::Refused, "target-is-production"),
            Self::TagsUnknown { target, .. } => Ending::new(Exit::Refused, "tags-unknown").hint(format!(
                "it takes rds:DescribeDBClusters and rds:DescribeDBInstances; if you know better: refuse_tags = [] in [targets.{target}]"
            )),
            Self::NotOurs { database } => Ending::new(Exit::Refused, "not-ours").hint(format!(
                "rename it, or drop it if nobody needs it: DROP DATABASE {}",
                sql::name(database)
            )),
            Self::Held { .. } => {
                Ending::new(Exit::Temporary, "target-held")
                    .hint("try again when it is done, or wait: --wait")
            }
            Self::Unwell { .. } => Ending::new(Exit::Unavailable, "unwell"),
            Self::LockLost { .. } => Ending::new(Exit::Temporary, "lock-lost"),
            Self::NotReady { reasons } => together(reasons),
            Self::NoLoader { .. }
            | Self::WideLoader { .. }
            | Self::FunctionsForbidden { .. }
            | Self::Lacks { .. }
            | Self::Definer { .. }
            | Self::NewEvent { .. } => self.of_accounts(),
            Self::NotFast { .. } => {
                Ending::new(Exit::Refused, "not-fast").hint("refresh it without --fast")
            }
            Self::NoSuchDump { choice, dir, there } => {
                Ending::new(Exit::BadInput, "no-such-dump").hint(how_to_choose(choice, dir, there))
            }
            Self::SeveralDatabases { .. } => Ending::new(Exit::BadInput, "several-databases")
                .hint("choose one: --database NAME"),
            Self::Packet { needed, .. } => Ending::new(Exit::Unavailable, "packet-too-small").hint(format!(
                "SET GLOBAL max_allowed_packet = {}",
                needed.next_power_of_two().min(1 << 30)
            )),
            Self::Disk { .. } => Ending::new(Exit::CannotWrite, "disk-too-small"),
            Self::Differs { .. } => Ending::new(Exit::Io, "differs-from-dump"),
            Self::ReferredFromOutside { .. } => Ending::new(Exit::Refused, "referred-from-outside")
                .hint("drop that foreign key on the development server"),
            Self::Busy { .. } => Ending::new(Exit::Temporary, "target-busy")
                .hint("end those connections and try again; the database is as it was"),
            Self::Set { .. } | Self::Glob { .. } => Ending::new(Exit::BadConfig, "bad-config"),
            Self::Plain { .. } | Self::Foreseen { .. } | Self::Strict { .. } | Self::OurName { .. } | Self::OtherKind { .. } | Self::Collations { .. } => self.of_files(),
            Self::After { .. } => Ending::new(Exit::Unavailable, "after-failed"),
            Self::NothingToUndo { .. } => Ending::new(Exit::BadInput, "nothing-to-undo"),
            Self::NotPreserved { .. } => Ending::new(Exit::Temporary, "not-preserved"),
            Self::PreservedTrigger { .. } => Ending::new(Exit::Refused, "preserved-trigger")
                .hint("leave the table out of preserve, or drop the trigger"),
            Self::Junit { .. } => Ending::new(Exit::CannotWrite, "cannot-write"),
            Self::Hidden { .. } => Ending::new(Exit::Unavailable, "definition-hidden")
                .hint("GRANT SELECT ON mysql.proc (MariaDB) or SHOW_ROUTINE (MySQL) to it"),
            Self::Unfinished { target, .. } => Ending::new(Exit::Unavailable, "swap-unfinished")
                .hint(format!("dev-restore status --target {target} --repair")),
        }
    }
}

/// One reason behind the other, with what caused it.
fn listed_reasons(reasons: &[Error]) -> String {
    let one = |(at, reason): (usize, &Error)| format!("({}) {reason}", at + 1);
    reasons.iter().enumerate().map(one).collect::<Vec<_>>().join("; ")
}

/// What to do about all of them; the exit code is the first one's.
fn together(reasons: &[Error]) -> Ending {
    let exit = reasons.first().map_or(Exit::Bug, Failure::exit);
    let numbered = |(at, reason): (usize, &Error)| Some(format!("({}) {}", at + 1, reason.hint()?));
    let hints: Vec<String> = reasons.iter().enumerate().filter_map(numbered).collect();
    let ending = Ending::new(exit, "not-ready");
    if hints.is_empty() { ending } else { ending.hint(hints.join("; ")) }
}

impl Error {
    /// Nothing, the one reason, or all of them in one.
    pub(crate) fn of_all(mut reasons: Vec<Self>) -> Result<(), Self> {
        match reasons.len() {
            0 => Ok(()),
            1 => Err(reasons.swap_remove(0)),
            _ => Err(Self::NotReady { reasons }),
        }
    }

    /// What is in a dump, and in files that are none.
    fn of_files(&self) -> Ending {
        match self {
            Self::Plain { source: Some(source), .. } if source.is_denied() => {
                Ending::new(Exit::Refused, "plain-dump-denied").hint(
                    "the file is loaded by an account that has rights on the database that is being loaded, and on no other",
                )
            }
            Self::Plain { source, .. } => {
                let ending = Ending::new(Exit::BadInput, "plain-dump");
                let cure = source.as_ref().and_then(|source| cure(source.number()?));
                Ending { hint: cure.map(str::to_owned), ..ending }
            }
            Self::Foreseen { number, .. } => {
                Ending { hint: cure(*number).map(str::to_owned), ..Ending::new(Exit::BadInput, "plain-dump") }
            }
            Self::Strict { setting, .. } => {
                Ending::new(Exit::Unavailable, "strict-setting").hint(format!("SET GLOBAL {setting} = OFF"))
            }
            Self::OurName { table } => Ending::new(Exit::BadInput, "our-name").hint(format!(
                "leave it out (mysqldump --ignore-table=DATABASE.{table}), give it a shorter name at its source, or restore into a target with \
                 instance = …; the database is as it was"
            )),
            Self::OtherKind { hint, .. } => Ending::new(Exit::BadInput, "no-dump").hint(hint),
            Self::Collations { .. } => Ending::new(Exit::Unavailable, "unknown-collation").hint(
                "the dump is of another kind or version of server: restore it there, or ALTER those tables at the source to a collation \
                 that both know, such as utf8mb4_unicode_ci",
            ),
            _ => Ending::new(Exit::Bug, "bug"),
        }
    }

    /// Who loads, and in whose name things run.
    fn of_accounts(&self) -> Ending {
        match self {
            Self::NoLoader { .. } => Ending::new(Exit::Refused, "no-loader")
                .hint("lib/restore/README.md has the statements that make one; require_loader asks for it"),
            Self::WideLoader { .. } => Ending::new(Exit::BadConfig, "wide-loader")
                .hint("an account of its own for each target, with all rights on <database>__refresh and no others"),
            Self::FunctionsForbidden { .. } => Ending::new(Exit::Unavailable, "functions-forbidden")
                .hint(FUNCTIONS),
            Self::Lacks { grant, .. } => Ending::new(Exit::Unavailable, "rights-missing").hint(grant),
            Self::Definer { .. } => Ending::new(Exit::BadConfig, "definer").hint(
                "the account must be there; to make objects in its name takes SET_ANY_DEFINER (MySQL 8.2), SET_USER_ID (8.0) or SET USER (MariaDB)",
            ),
            Self::NewEvent { target, .. } => Ending::new(Exit::Refused, "new-event").hint(format!(
                "definer = \"…\" in [targets.{target}] names an account with rights on the database alone"
            )),
            _ => Ending::new(Exit::Bug, "bug"),
        }
    }
}

/// How a refresh ends when the target's server refuses something.
fn of_server(error: &mysql::Error) -> Ending {
    let ending = error.ending();
    match error.number() {
        Some(number::DATABASE_ACCESS_DENIED) => ending.hint(
            "the account needs all rights on the target's database and on those of its name with __refresh and __previous",
        ),
        Some(number::OPTION_PREVENTS_STATEMENT) => ending
            .hint("a server that is read-only is no target: SET GLOBAL read_only = OFF, or name another"),
        _ => ending,
    }
}

fn at(line: u64) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}
