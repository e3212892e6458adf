//! What a refresh writes down on the target's server, so that a killed one can be finished or reverted.
//!
//! In and out: small texts by name in a table of the `__previous` database: what is written there is believed, and the
//! SQL of a dump or a branch, which may do as it likes in the staging database, has no rights here. The table is renamed in the
//! very statement that swaps the tables, so that its name tells for sure on which side of the swap a crash was. Nothing else can have such a
//! name there: a table of the database in use that has one is called otherwise while it is kept ([`kept_as`]).

use std::borrow::Cow;

use serde_json::Value;

use crate::mysql::{Engine, Session, number};
use crate::restore::error::Error;
use crate::sql::{literal, name, qualified};

/// The table of a refresh whose tables are not swapped in yet.
pub(crate) const BEFORE: &str = "refreshkit_refresh";

/// Name that the same table has after the swap.
pub(crate) const AFTER: &str = "refreshkit_swapped";

/// The table that says that a `__previous` database is ours, and what is in it.
pub(crate) const PREVIOUS: &str = "refreshkit_previous";

/// How tables are called in which rows of the database in use are on their way.
pub(crate) const KEPT: &str = "refreshkit_kept_";

/// What the names of all our tables begin with.
const OURS: &str = "refreshkit_";

/// The longest name of a table, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// Whether a table of a `__previous` database is one of ours by its name, in any case: on some servers that is the same name.
pub(crate) fn is_ours(table: &str) -> bool {
    let begins = |with: &str| behind(table, with).is_some();
    [BEFORE, AFTER, PREVIOUS].iter().any(|ours| ours.eq_ignore_ascii_case(table)) || begins(KEPT)
}

/// How a table of the database in use is called in `__previous`. One that is called like ours has another underscore there, and so has
/// one that has two already: no two get the same name.
pub(crate) fn kept_as(table: &str) -> Cow<'_, str> {
    match behind(table, OURS) {
        Some(rest) => Cow::Owned(format!("{}_{rest}", &table[..OURS.len()])),
        None => Cow::Borrowed(table),
    }
}

/// How a table that is kept is called in the database in use.
pub(crate) fn called(kept: &str) -> String {
    match behind(kept, OURS).and_then(|rest| rest.strip_prefix('_')) {
        Some(rest) => format!("{}{rest}", &kept[..OURS.len()]),
        None => kept.to_owned(),
    }
}

/// Whether a table can be kept at all.
pub(crate) fn can_be_kept(table: &str) -> bool {
    kept_as(table).chars().count() <= NAME_CHARACTERS_MAX
}

/// What comes behind a beginning in any case.
fn behind<'a>(table: &'a str, beginning: &str) -> Option<&'a str> {
    let head = table.get(..beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then(|| &table[beginning.len()..])
}

/// What the `__previous` database says of the refresh that made it, or is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The server has no such database.
    Absent,
    /// It is there and empty: killed between creating it and its state table, or made by hand.
    Empty,
    /// The table [`BEFORE`] is there: a refresh is at work, or was.
    Before,
    /// The table [`AFTER`] is there: its tables are swapped in, and the rest is not finished.
    After,
    /// The table [`PREVIOUS`] is there and neither of them.
    Previous,
    /// It has tables, and none of ours.
    Foreign,
}

/// Reads how far a refresh got, from the tables of its `__previous` database.
pub(crate) fn stage(session: &mut Session, database: &str) -> Result<Stage, Error> {
    if !exists(session, database)? {
        return Ok(Stage::Absent);
    }
    let tables = names(session, database, "TABLES", "TABLE_NAME", "TABLE_SCHEMA")?;
    // A view of one of these names is not what a refresh writes.
    let views = names(session, database, "VIEWS", "TABLE_NAME", "TABLE_SCHEMA")?;
    let tables: Vec<String> =
        tables.into_iter().filter(|table| !(is_ours(table) && views.contains(table))).collect();
    let has = |table: &str| tables.iter().any(|name| name == table);
    Ok(match tables.len() {
        0 => Stage::Empty,
        _ if has(AFTER) => Stage::After,
        _ if has(BEFORE) => Stage::Before,
        _ if has(PREVIOUS) => Stage::Previous,
        _ => Stage::Foreign,
    })
}

/// Whether the database has tables or views.
pub(crate) fn has_tables(session: &mut Session, database: &str) -> Result<bool, Error> {
    Ok(!names(session, database, "TABLES", "TABLE_NAME", "TABLE_SCHEMA")?.is_empty())
}

/// The names of what a database has of one kind. It is asked for names only: bodies that this account may not read can be
/// dropped all the same.
fn names(
    session: &mut Session,
    database: &str,
    of: &str,
    column: &str,
    schema: &str,
) -> Result<Vec<String>, Error> {
    let sql = format!("SELECT {column} FROM information_schema.{of} WHERE {schema} = {}", literal(database));
    Ok(session.rows(&format!("listing what {database} holds"), &sql)?)
}

/// All databases that this account may see.
pub(crate) fn databases(session: &mut Session) -> Result<Vec<String>, Error> {
    let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA";
    Ok(session.rows("listing the databases", sql)?)
}

/// Whether the database is there.
pub(crate) fn exists(session: &mut Session, database: &str) -> Result<bool, Error> {
    let sql =
        format!("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}", literal(database));
    Ok(session.first::<u64>("looking for the database", &sql)? != Some(0))
}

/// Makes the state table `table` of a database.
pub(crate) fn create(session: &mut Session, database: &str, table: &str) -> Result<(), Error> {
    let table = qualified(database, table);
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} (`name` VARCHAR(64) CHARACTER SET ascii NOT NULL PRIMARY KEY, \
         `value` LONGTEXT CHARACTER SET utf8mb4 NOT NULL) ENGINE = InnoDB"
    );
    session.run("making the state table", &sql)?;
    Ok(())
}

/// Writes one text down.
pub(crate) fn put(
    session: &mut Session,
    database: &str,
    table: &str,
    key: &str,
    value: &str,
) -> Result<(), Error> {
    let sql =
        format!("REPLACE INTO {} VALUES ({}, {})", qualified(database, table), literal(key), literal(value));
    session.run("writing the refresh's state", &sql)?;
    Ok(())
}

/// What the last swap wrote down about itself in the `__previous` database, as JSON; nothing if there was none, or it cannot be read.
pub(crate) fn history(session: &mut Session, previous: &str) -> Result<Option<Value>, Error> {
    let text = get(session, previous, "history")?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Reads one text, from whichever of our tables the database has.
pub(crate) fn get(session: &mut Session, database: &str, key: &str) -> Result<Option<String>, Error> {
    let views = names(session, database, "VIEWS", "TABLE_NAME", "TABLE_SCHEMA")?;
    for table in [BEFORE, AFTER, PREVIOUS] {
        if views.iter().any(|view| view.eq_ignore_ascii_case(table)) {
            continue;
        }
        let sql =
            format!("SELECT `value` FROM {} WHERE `name` = {}", qualified(database, table), literal(key));
        match session.first::<String>("reading the refresh's state", &sql) {
            Ok(Some(value)) => return Ok(Some(value)),
            Ok(None) => {}
            Err(e) if matches!(e.number(), Some(number::NO_SUCH_TABLE | number::NO_SUCH_DATABASE)) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(None)
}

/// Drops one of our own databases.
pub(crate) fn drop_database(session: &mut Session, database: &str) -> Result<(), Error> {
    session.run(&format!("dropping {database}"), &format!("DROP DATABASE IF EXISTS {}", name(database)))?;
    Ok(())
}

/// Empties a `__previous` database, and says again that it is ours. The table of the refresh that is at work stays.
pub(crate) fn clear(session: &mut Session, database: &str) -> Result<(), Error> {
    let deed = format!("emptying {database}");
    for event in names(session, database, "EVENTS", "EVENT_NAME", "EVENT_SCHEMA")? {
        session.run(&deed, &format!("DROP EVENT IF EXISTS {}", qualified(database, &event)))?;
    }
    let kind_and_name = "CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME)";
    for routine in names(session, database, "ROUTINES", kind_and_name, "ROUTINE_SCHEMA")? {
        let (kind, routine) = ["PACKAGE BODY", "PACKAGE", "PROCEDURE", "FUNCTION"]
            .into_iter()
            .find_map(|kind| Some((kind, routine.strip_prefix(kind)?.strip_prefix(' ')?)))
            .unwrap_or(("FUNCTION", &routine));
        session.run(&deed, &format!("DROP {kind} IF EXISTS {}", qualified(database, routine)))?;
    }
    let views = names(session, database, "VIEWS", "TABLE_NAME", "TABLE_SCHEMA")?;
    let mut tables = names(session, database, "TABLES", "TABLE_NAME", "TABLE_SCHEMA")?;
    tables.retain(|table| !views.contains(table) && ![BEFORE, AFTER].contains(&table.as_str()));
    let all =
        |names: &[String]| names.iter().map(|each| qualified(database, each)).collect::<Vec<_>>().join(", ");
    session.run("not checking foreign keys", "SET SESSION foreign_key_checks = 0")?;
    for (kind, names) in [("VIEW", &views), ("TABLE", &tables)] {
        if !names.is_empty() {
            session.run(&deed, &format!("DROP {kind} IF EXISTS {}", all(names)))?;
        }
    }
    session.run("checking foreign keys", "SET SESSION foreign_key_checks = 1")?;
    create(session, database, PREVIOUS)
}

/// Forgets the refresh that was at work; a `__previous` database that holds nothing else goes with it.
pub(crate) fn forget(session: &mut Session, database: &str) -> Result<(), Error> {
    if !exists(session, database)? {
        return Ok(());
    }
    for kind in ["TABLE", "VIEW"] {
        let (before, after) = (qualified(database, BEFORE), qualified(database, AFTER));
        session.run("removing the refresh's state", &format!("DROP {kind} IF EXISTS {before}, {after}"))?;
    }
    let tables = names(session, database, "TABLES", "TABLE_NAME", "TABLE_SCHEMA")?;
    for table in tables.iter().filter(|table| table.starts_with(KEPT)) {
        let sql = format!("DROP TABLE IF EXISTS {}", qualified(database, table));
        session.run("removing what was on its way", &sql)?;
    }
    if has_tables(session, database)? { Ok(()) } else { drop_database(session, database) }
}

/// Makes a database with the charset and collation of another.
pub(crate) fn create_database(
    session: &mut Session,
    database: &str,
    of: &(String, String),
) -> Result<(), Error> {
    let sql = format!("CREATE DATABASE IF NOT EXISTS {}", name(database));
    run_with_collation(session, &format!("creating {database}"), &sql, of)
}

/// A collation of the other kind of server gives way to the charset's default one.
fn run_with_collation(
    session: &mut Session,
    deed: &str,
    sql: &str,
    (charset, collation): &(String, String),
) -> Result<(), Error> {
    let sql = format!("{sql} CHARACTER SET {charset}");
    match session.run(deed, &format!("{sql} COLLATE {collation}")) {
        Err(e) if e.number() == Some(number::UNKNOWN_COLLATION) => session.run(deed, &sql)?,
        outcome => outcome?,
    };
    Ok(())
}

/// Charset and collation that new tables of a database get.
pub(crate) fn collation(session: &mut Session, database: &str) -> Result<(String, String), Error> {
    let sql = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA \
         WHERE SCHEMA_NAME = {}",
        literal(database)
    );
    let found = session.first(&format!("reading the collation of {database}"), &sql)?;
    Ok(found.unwrap_or_else(|| {
        let collation = match session.engine() {
            Engine::MySql => "utf8mb4_0900_ai_ci",
            Engine::MariaDb => "utf8mb4_general_ci",
        };
        ("utf8mb4".to_owned(), collation.to_owned())
    }))
}

/// Gives a database another charset and collation.
pub(crate) fn alter_database(
    session: &mut Session,
    database: &str,
    to: &(String, String),
) -> Result<(), Error> {
    if collation(session, database)? == *to {
        return Ok(());
    }
    let sql = format!("ALTER DATABASE {}", name(database));
    run_with_collation(session, &format!("setting the collation of {database}"), &sql, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_never_has_a_name_of_ours_and_gets_its_own_back() {
        for table in [
            "users",
            "refreshkit",
            "refreshkit_",
            "refreshkit_refresh",
            "refreshkit__refresh",
            "Refreshkit_Swapped",
            "REFRESHKIT___PREVIOUS",
            "refreshkit_kept_00_0",
            "refreshkit_é",
            "é",
        ] {
            let kept = kept_as(table);
            assert!(!is_ours(&kept), "{kept}");
            assert_eq!(called(&kept), table);
        }
        assert_eq!((kept_as(BEFORE), called("users")), ("refreshkit__refresh".into(), "users".to_owned()));
        assert!(is_ours("REFRESHKIT_REFRESH") && is_ours("refreshkit_kept_1") && !is_ours("refreshkit_x"));
        assert!(can_be_kept(&"x".repeat(64)) && !can_be_kept(&format!("{OURS}{}", "x".repeat(53))));
    }
}
