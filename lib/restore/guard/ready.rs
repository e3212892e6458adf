//! Checks before the load that the accounts have the rights that the objects of a dump need. Otherwise a missing right would show
//! only after the load.
//!
//! In: the kinds of objects in a dump, the sessions of the loader and the swapper. Out: the missing rights of each account and
//! database, with the statement that grants them. SHOW GRANTS is not read: it leaves out the rights of a role, and may show
//! rights that are revoked in part. Instead the server gets statements that change nothing: it checks the rights first, so its
//! error shows whether they are there.

use std::collections::BTreeSet;

use crate::archive::{ObjectKind, TableEntry, TableKind};
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::restore::load::job::LoadJob;
use crate::restore::loader::account::{pattern, quoted};
use crate::restore::swap::objects::StoredKind;
use crate::restore::swap::sync_objects::Contents;
use crate::sql::{qualified, tokens};

/// Names of a table that is never there, and of an object that is never made.
const NONE: &str = "refreshkit_none";
const NEW: &str = "refreshkit_probe";

/// Length of the comment in bytes: more than a routine's comment may have.
const COMMENT_BYTES: usize = 65_536;

/// A right on a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Right {
    Create,
    CreateTemporary,
    Select,
    Insert,
    Update,
    Delete,
    Alter,
    Drop,
    Index,
    LockTables,
    References,
    CreateView,
    CreateRoutine,
    AlterRoutine,
    Trigger,
    Event,
}

impl Right {
    /// True for rights that are about views, routines, triggers or events.
    pub(crate) fn is_of_objects(self) -> bool {
        self >= Self::CreateView
    }

    /// The right in the words of GRANT.
    fn words(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::CreateTemporary => "CREATE TEMPORARY TABLES",
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Alter => "ALTER",
            Self::Drop => "DROP",
            Self::Index => "INDEX",
            Self::LockTables => "LOCK TABLES",
            Self::References => "REFERENCES",
            // SHOW VIEW too: the views that are made are read back.
            Self::CreateView => "CREATE VIEW, SHOW VIEW",
            Self::CreateRoutine => "CREATE ROUTINE",
            Self::AlterRoutine => "ALTER ROUTINE",
            Self::Trigger => "TRIGGER",
            Self::Event => "EVENT",
        }
    }

    /// A statement that needs the right, and that changes nothing even with it.
    fn question(self, database: &str) -> String {
        let (none, new) = (qualified(database, NONE), qualified(database, NEW));
        match self {
            Self::Create => format!("CREATE TABLE {new} LIKE {none}"),
            Self::CreateTemporary => format!("CREATE TEMPORARY TABLE {new} LIKE {none}"),
            Self::Select => format!("SELECT 1 FROM {none}"),
            Self::Insert => format!("INSERT INTO {none} VALUES (1)"),
            Self::Update => format!("UPDATE {none} SET a = 1"),
            Self::Delete => format!("DELETE FROM {none}"),
            Self::Alter => format!("ALTER TABLE {none} ADD a INT"),
            Self::Drop => format!("DROP TABLE {none}"),
            Self::Index => format!("CREATE INDEX a ON {none} (a)"),
            Self::LockTables => format!("LOCK TABLES {none} WRITE"),
            Self::References => format!("CREATE TABLE {new} (a INT, FOREIGN KEY (a) REFERENCES {none} (a))"),
            Self::CreateView => format!("CREATE VIEW {new} AS SELECT 1 AS a FROM {none}"),
            Self::CreateRoutine => {
                format!("CREATE PROCEDURE {new}() COMMENT '{}' SET @a = 1", "-".repeat(COMMENT_BYTES))
            }
            Self::AlterRoutine => format!("ALTER PROCEDURE {none} COMMENT ''"),
            Self::Trigger => format!("CREATE TRIGGER {new} BEFORE INSERT ON {none} FOR EACH ROW SET @a = 1"),
            // The server does not keep an event whose time is over.
            Self::Event => format!("CREATE EVENT {new} ON SCHEDULE AT '2000-01-01 00:00:00' DO SET @a = 1"),
        }
    }
}

/// The rights that the loader needs in the staging database.
pub(crate) fn to_load(job: &LoadJob) -> BTreeSet<Right> {
    let mut rights = BTreeSet::from([Right::Create, Right::Select, Right::Insert, Right::Drop]);
    let tables: Vec<&TableEntry> = job.tables().map(|(_, table)| table).collect();
    if tables.iter().any(|table| !table.indexes.is_empty() || !table.foreign_keys.is_empty()) {
        rights.extend([Right::Alter, Right::Index]);
    }
    if tables.iter().any(|table| !table.foreign_keys.is_empty()) {
        rights.insert(Right::References);
    }
    rights.extend(of_objects(job));
    rights
}

/// The rights that the swapper needs in the database in use, where it makes the objects of the dump.
pub(crate) fn to_swap(job: &LoadJob) -> BTreeSet<Right> {
    let tables = [Right::Create, Right::Insert, Right::Alter, Right::Drop];
    tables.into_iter().chain(of_objects(job)).collect()
}

/// The rights that the swapper needs in `__previous`, where it makes the objects of the database in use.
pub(crate) fn to_keep(live: &Contents) -> BTreeSet<Right> {
    let tables = [Right::Create, Right::Insert, Right::Alter, Right::Drop];
    let objects = live.objects.iter().map(|object| match object.kind {
        StoredKind::View => Right::CreateView,
        StoredKind::Trigger => Right::Trigger,
        StoredKind::Event => Right::Event,
        StoredKind::Function | StoredKind::Procedure | StoredKind::Package | StoredKind::PackageBody => {
            Right::CreateRoutine
        }
    });
    tables.into_iter().chain(objects).collect()
}

fn of_objects(job: &LoadJob) -> BTreeSet<Right> {
    let objects = job.dump.manifest().objects.iter().filter(|object| object.database == job.database);
    let rights = objects.flat_map(|object| match object.kind {
        ObjectKind::View => vec![Right::CreateView],
        ObjectKind::Trigger => vec![Right::Trigger],
        ObjectKind::Event => vec![Right::Event],
        // ALTER ROUTINE too: without a definer, routines are altered to SQL SECURITY INVOKER after the load.
        _ => vec![Right::CreateRoutine, Right::AlterRoutine],
    });
    rights.collect()
}

/// The error that names the rights that the session's account lacks in a database; `None` if it has all.
pub(crate) fn lacking(
    session: &mut Session,
    database: &str,
    rights: &BTreeSet<Right>,
) -> Result<Option<Error>, Error> {
    let allowed = session.first::<usize>("reading max_allowed_packet", "SELECT @@max_allowed_packet")?;
    let fits = |question: &String| allowed.is_none_or(|allowed| question.len() + 1024 < allowed);
    session.run("checking foreign keys", "SET SESSION foreign_key_checks = 1")?;
    let mut lacking = Vec::new();
    for right in rights {
        let question = right.question(database);
        if fits(&question) && is_denied(session, &question)? {
            lacking.push(right.words());
        }
    }
    if lacking.is_empty() {
        return Ok(None);
    }
    let account = session.first::<String>("asking who we are", "SELECT CURRENT_USER()")?.unwrap_or_default();
    let account = quoted(&account);
    let grant = format!("GRANT {} ON {}.* TO {account}", lacking.join(", "), pattern(session, database));
    Ok(Some(Error::Lacks { account, database: database.to_owned(), rights: lacking, grant }))
}

/// The error if tables have no primary key, and a server variable that the session may not switch off refuses them or adds a
/// column to them.
pub(crate) fn strict(session: &mut Session, job: &LoadJob) -> Result<Option<Error>, Error> {
    let keyless = |entry: &TableEntry| {
        let create = &entry.create;
        entry.kind == TableKind::Table && !tokens(create).iter().any(|token| token.is_word(create, "PRIMARY"))
    };
    let tables: Vec<String> =
        job.tables().filter(|(_, entry)| keyless(entry)).map(|(_, entry)| entry.table.clone()).collect();
    for setting in ["sql_require_primary_key", "sql_generate_invisible_primary_key"] {
        if tables.is_empty() || session.attempt(&format!("SET SESSION {setting} = OFF")) {
            continue;
        }
        let sql = format!("SHOW GLOBAL VARIABLES LIKE '{setting}'");
        let found = session.first::<(String, String)>("asking whether tables need a key", &sql)?;
        if found.is_some_and(|(_, value)| value == "ON") {
            return Ok(Some(Error::Strict { setting, tables }));
        }
    }
    Ok(None)
}

/// True if the server refuses a statement for lack of rights. Any other error means that the rights are there.
fn is_denied(session: &mut Session, question: &str) -> Result<bool, Error> {
    match session.run("asking what may be done", question) {
        Ok(_) => Ok(false),
        Err(e) if e.number().is_none() => Err(e.into()),
        Err(e) => Ok(e.is_denied()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_asked_for_where_nothing_is_or_nothing_can_be() {
        for right in [
            Right::Create,
            Right::CreateTemporary,
            Right::Select,
            Right::Insert,
            Right::Update,
            Right::Delete,
            Right::Alter,
            Right::Drop,
            Right::Index,
            Right::LockTables,
            Right::References,
            Right::CreateView,
            Right::AlterRoutine,
            Right::Trigger,
        ] {
            assert!(right.question("a").contains("`a`.`refreshkit_none`"), "{right:?}");
        }
        assert!(Right::CreateRoutine.question("a").len() > COMMENT_BYTES);
        assert!(Right::Event.question("a").contains("AT '2000-01-01"));
    }
}
