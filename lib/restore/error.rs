//! The errors of this room, each with its exit code and hint. A refresh that fails before the swap leaves the database as it was.

use std::path::PathBuf;

use super::alone::NotAlone;
use super::cure::{FUNCTIONS, cure, how_to_allow, how_to_choose};
use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::mysql::number;
use crate::{archive, config, migrate, mysql, rows, sql};

/// Why a refresh, an undo, a repair or a list failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `refresh.toml` or the environment is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The target's server refused a statement, or could not be reached.
    #[error(transparent)]
    Mysql(#[from] mysql::Error),
    /// The dump file is not whole, or the dump directory cannot be used.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The loaded rows cannot be read to be compared with the dump's.
    #[error(transparent)]
    Rows(#[from] rows::Error),
    /// The branch cannot be checked out, or a migration failed.
    #[error(transparent)]
    Migrate(#[from] migrate::Error),
    /// The tables of `--only` cannot be replaced while the others stay.
    #[error(transparent)]
    NotAlone(#[from] NotAlone),
    /// A signal (SIGINT, SIGTERM) ended the refresh.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The name is not one of `[targets]`.
    #[error("{name} is not a target; there {}", listed(known))]
    UnknownTarget {
        /// The name that was given.
        name: String,
        /// Names of the targets that `refresh.toml` allows.
        known: Vec<String>,
    },
    /// The target is the server of `[source]`, or replicates from it.
    #[error("target {target} looks like the source: {why}")]
    LooksLikeSource {
        /// Name of the target.
        target: String,
        /// What shows that, as the end of a sentence.
        why: String,
    },
    /// The target's cluster or instance at RDS has a tag of production.
    #[error("target {target} is production: {owner} has the tag {tag}")]
    Production {
        /// Name of the target.
        target: String,
        /// The cluster or instance with the tag: `cluster prod`.
        owner: String,
        /// That tag, with its value: `environment=production`.
        tag: String,
    },
    /// The target's tags must be looked at, and cannot be read.
    #[error("nobody knows whether target {target} is production: the tags of {host} cannot be read: {why}")]
    TagsUnknown {
        /// Name of the target.
        target: String,
        /// Host of the target, without the port.
        host: String,
        /// Why the tags cannot be read.
        why: String,
    },
    /// A database that no refresh made has the name of the staging database or of `<db>__previous`.
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
        /// What the holder wrote down about itself; else its connection.
        holder: String,
    },
    /// `doctor` found something that a refresh would fail on.
    #[error("{wrong} of these do not work")]
    Unwell {
        /// Number of findings that are wrong.
        wrong: usize,
    },
    /// The connection that held the target's lock was lost during the refresh.
    #[error("the lock on {database} was lost: its connection to the server ended")]
    LockLost {
        /// Name of the target's database, which was locked.
        database: String,
    },
    /// `require_loader` is set, but no loader is named, and none could be made.
    #[error("target {target} has no loader: {why}")]
    NoLoader {
        /// Name of the target.
        target: String,
        /// Why no loader could be made.
        why: String,
    },
    /// The loader has rights beyond the staging database.
    #[error("the loader of [targets.{target}] is no fence: {why}")]
    WideLoader {
        /// Name of the target.
        target: String,
        /// What else the loader may do.
        why: String,
    },
    /// The loader may not make functions and triggers, and the dump has some.
    #[error("{server} may make no functions and triggers, and the dump has some")]
    FunctionsForbidden {
        /// The loader's login, as error messages name it.
        server: String,
    },
    /// The loader or the swapper lacks rights on a database.
    #[error("{account} lacks {} on {database}, which this dump needs", rights.join(", "))]
    Lacks {
        /// The account that lacks them, as `'user'@'host'`.
        account: String,
        /// Name of the database that the rights are missing on.
        database: String,
        /// The rights in the words of GRANT.
        rights: Vec<&'static str>,
        /// The GRANT statement that gives the rights.
        grant: String,
    },
    /// Several reasons to refuse the load at once.
    #[error("nothing was loaded, for {} reasons: {}", reasons.len(), listed_reasons(reasons))]
    NotReady {
        /// All the reasons, each one enough to stop the refresh.
        reasons: Vec<Error>,
    },
    /// A routine of the staging database was altered after this run had altered it.
    #[error("somebody else alters routines of {database}")]
    RoutinesAltered {
        /// Name of the staging database.
        database: String,
    },
    /// The definer cannot be used.
    #[error("nothing can be made in the name of the definer of [targets.{target}]: {why}")]
    Definer {
        /// Name of the target.
        target: String,
        /// Why the definer cannot be used.
        why: String,
    },
    /// An event of a branch would run with the swapper's rights, because there is no definer.
    #[error("the branch brings the event {event}, which would run with the rights of {account}")]
    NewEvent {
        /// Name of the event.
        event: String,
        /// The swapper, which the event would run as.
        account: String,
        /// Name of the target.
        target: String,
    },
    /// `--fast` would endanger other databases than the target's, or lacks a privilege.
    #[error("target {target} cannot be loaded with --fast: {why}")]
    NotFast {
        /// Name of the target.
        target: String,
        /// Why `--fast` is refused.
        why: String,
    },
    /// The dump that was chosen is not there (any more).
    #[error("there is no dump {choice} in {}; there {}", dir.display(), listed(there))]
    NoSuchDump {
        /// The value of `--dump`: `latest`, a file name …
        choice: String,
        /// Path of the directory that was looked in.
        dir: PathBuf,
        /// File names of the dumps that are there, newest first.
        there: Vec<String>,
    },
    /// The dump holds several databases, and none has the name that is wanted.
    #[error("{dump} holds the databases {}; none of them is named {database}", databases.join(", "))]
    SeveralDatabases {
        /// File name of the dump.
        dump: String,
        /// Names of the databases in the dump.
        databases: Vec<String>,
        /// The name that is wanted: that of `--database`, else the target's database.
        database: String,
    },
    /// The server does not know a collation of the dump's tables.
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
    /// The server's disk has too little room for the data.
    #[error("the data needs about {needed} bytes, {} has {free} free", path.display())]
    Disk {
        /// Bytes that data and indexes may need, estimated.
        needed: u64,
        /// Bytes that are free in `path`.
        free: u64,
        /// The server's data directory.
        path: PathBuf,
    },
    /// A loaded table has other rows than the dump.
    #[error("{table} is not as it was dumped: {what}")]
    Differs {
        /// Name of the table that differs, without its database.
        table: String,
        /// Which count or digest differs.
        what: String,
    },
    /// A table of another database has a foreign key to the target's, and would refer to the old table after the swap.
    #[error("{child} has a foreign key to {parent}: it would refer to the old table after the swap")]
    ReferredFromOutside {
        /// The table that refers, in another database: `other.orders`.
        child: String,
        /// The table of the target that is referred to: `app.customers`.
        parent: String,
    },
    /// Other connections hold the tables, and the swap gave up waiting.
    #[error("{database} is in use, the swap waited {waited_s} s: {blockers}")]
    Busy {
        /// Name of the target's database.
        database: String,
        /// Seconds that the swap waited for the locks.
        waited_s: u64,
        /// The connections that hold the locks, as far as the server tells.
        blockers: String,
    },
    /// A key or value of `set` is wrong.
    #[error(
        "set of [targets.{target}]: {key:?} is not \"table.column\" or \"table.column where …\", or its value is no value"
    )]
    Set {
        /// Name of the target.
        target: String,
        /// The key as `refresh.toml` has it.
        key: String,
    },
    /// An SQL file of another program cannot be loaded.
    #[error("cannot load {}: {}{problem}", path.display(), at(*line))]
    Plain {
        /// Path of the SQL file.
        path: PathBuf,
        /// Line of the file, counted from 1; 0 for the whole file.
        line: u64,
        /// What is wrong with that line.
        problem: String,
        /// What the server answered, if it refused a statement.
        source: Option<mysql::Error>,
    },
    /// An SQL file of another program has a statement that the server would refuse.
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
    /// A server variable forbids or changes tables without a primary key, and the dump has such tables.
    #[error("the server has {setting} = ON, which the loader may not switch off for itself, and there is no primary key in {}", tables.join(", "))]
    Strict {
        /// Name of the server variable.
        setting: &'static str,
        /// Names of the tables without a primary key.
        tables: Vec<String>,
    },
    /// A table cannot be kept for an undo: with its other name in `<db>__previous` it would be longer than 64 characters.
    #[error(
        "the table {table} could not be kept for an undo: it is called like those of a refresh, and as long as a name can be"
    )]
    OurName {
        /// Name of the table that cannot be kept.
        table: String,
    },
    /// The file or folder is of a kind that cannot be loaded.
    #[error("{} {what}", path.display())]
    OtherKind {
        /// Path of the file or folder.
        path: PathBuf,
        /// What kind it is: `is compressed by bzip2`.
        what: String,
        /// What to do instead, for people.
        hint: String,
    },
    /// A statement of `set` or `after` failed.
    #[error("{what} of [targets.{target}] failed")]
    After {
        /// Name of the target.
        target: String,
        /// Which statement: `after[1]`, counted from 1, or `set "settings.value"`.
        what: String,
        /// What the server answered.
        source: mysql::Error,
    },
    /// An undo has no database to go back to.
    #[error("there is nothing to undo: {previous} {why}")]
    NothingToUndo {
        /// Name of the database with the replaced tables: `app__previous`.
        previous: String,
        /// What is wrong with that database, as the end of a sentence.
        why: &'static str,
    },
    /// A glob of `refuse_tags` is wrong.
    #[error("{setting} of [targets.{target}]: {problem}")]
    Glob {
        /// Name of the target.
        target: String,
        /// The setting that has the glob: `refuse_tags`.
        setting: &'static str,
        /// What is wrong with the glob.
        problem: String,
    },
    /// A table of `preserve` changed while its rows were copied.
    #[error("{table} changed while it was preserved: {counts}")]
    NotPreserved {
        /// The table that changed, with its database: `app.notes`.
        table: String,
        /// Rows of the table in use, and rows that were preserved, in words.
        counts: String,
    },
    /// A table of `preserve` has a trigger, which each preserved row would fire.
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
    /// The swapper may not read a definition that it would have to create again.
    #[error("the target's account may not read the definition of {what}")]
    Hidden {
        /// The object with its kind: `procedure app.p`, `table app.t`.
        what: String,
    },
    /// The tables are swapped, and a later step of the swap failed.
    #[error("the new tables are in place, but the rest of the swap did not finish")]
    Unfinished {
        /// The error of that step.
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
            | Self::RoutinesAltered { .. }
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

/// All reasons in one line, numbered from 1. Their causes are left out.
fn listed_reasons(reasons: &[Error]) -> String {
    let one = |(at, reason): (usize, &Error)| format!("({}) {reason}", at + 1);
    reasons.iter().enumerate().map(one).collect::<Vec<_>>().join("; ")
}

/// Joins the hints of all reasons. The exit code is that of the first reason.
fn together(reasons: &[Error]) -> Ending {
    let exit = reasons.first().map_or(Exit::Bug, Failure::exit);
    let numbered = |(at, reason): (usize, &Error)| Some(format!("({}) {}", at + 1, reason.hint()?));
    let hints: Vec<String> = reasons.iter().enumerate().filter_map(numbered).collect();
    let ending = Ending::new(exit, "not-ready");
    if hints.is_empty() { ending } else { ending.hint(hints.join("; ")) }
}

impl Error {
    /// Succeeds without reasons; else fails with the only reason, or with [`Error::NotReady`] for several.
    pub(crate) fn of_all(mut reasons: Vec<Self>) -> Result<(), Self> {
        match reasons.len() {
            0 => Ok(()),
            1 => Err(reasons.swap_remove(0)),
            _ => Err(Self::NotReady { reasons }),
        }
    }

    /// The endings of errors about dumps and files of other programs.
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

    /// The endings of errors about the loader, the definer and their rights.
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
            Self::RoutinesAltered { .. } => Ending::new(Exit::Refused, "routines-altered")
                .hint("somebody has the loader's password: give the loader another one, then refresh again"),
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
