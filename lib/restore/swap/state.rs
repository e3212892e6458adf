//! What a refresh writes down on the target's server, so that an interrupted one can be finished or reverted.
//!
//! In and out: short texts by name, in a state table of the `__previous` database. Its content can be trusted: the SQL of a dump
//! or branch, which may do anything in the staging database, has no rights here. The statement that swaps the tables renames the
//! state table too, so its name tells for sure whether a crash came before or after the swap. No other table can have this name
//! there: a table of the database in use with such a name gets another one while it is kept ([`kept_as`]).

use std::borrow::Cow;

use serde_json::Value;

use crate::mysql::{Engine, Session, number};
use crate::restore::error::Error;
use crate::sql::{literal, name, qualified};

/// The state table of a refresh before its swap.
pub(crate) const BEFORE: &str = "refreshkit_refresh";

/// Name of that state table after the swap, until all is finished.
pub(crate) const AFTER: &str = "refreshkit_swapped";

/// The state table of a `__previous` database that is complete. It says that a refresh made the database, and what is in it.
pub(crate) const PREVIOUS: &str = "refreshkit_previous";

/// Beginning of the names of tables that the rows of `preserve` are copied to.
pub(crate) const KEPT: &str = "refreshkit_kept_";

/// Beginning of the names of all tables that a refresh makes for itself.
const OURS: &str = "refreshkit_";

/// Limit of a table's name, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// True if a table of `__previous` has a name of this file's tables. Case does not count: on some servers such names are the
/// same.
pub(crate) fn is_ours(table: &str) -> bool {
    let begins = |with: &str| behind(table, with).is_some();
    [BEFORE, AFTER, PREVIOUS].iter().any(|ours| ours.eq_ignore_ascii_case(table)) || begins(KEPT)
}

/// The name in `__previous` of a table of the database in use. A name that begins with `refreshkit_` gets one more underscore
/// there, even if it has two already, so that no two tables get the same name.
pub(crate) fn kept_as(table: &str) -> Cow<'_, str> {
    match behind(table, OURS) {
        Some(rest) => Cow::Owned(format!("{}_{rest}", &table[..OURS.len()])),
        None => Cow::Borrowed(table),
    }
}

/// The name in the database in use of a table of `__previous`: undoes [`kept_as`].
pub(crate) fn called(kept: &str) -> String {
    match behind(kept, OURS).and_then(|rest| rest.strip_prefix('_')) {
        Some(rest) => format!("{}{rest}", &kept[..OURS.len()]),
        None => kept.to_owned(),
    }
}

/// True if the table's name in `__previous` is not too long.
pub(crate) fn can_be_kept(table: &str) -> bool {
    kept_as(table).chars().count() <= NAME_CHARACTERS_MAX
}

/// The rest of a name behind a beginning, whose case does not count.
fn behind<'a>(table: &'a str, beginning: &str) -> Option<&'a str> {
    let head = table.get(..beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then(|| &table[beginning.len()..])
}

/// What the `__previous` database says about the refresh that made it or is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The server has no such database.
    Absent,
    /// The database is empty: a refresh was killed before it made the state table, or somebody made it by hand.
    Empty,
    /// The table [`BEFORE`] is there: a refresh is at work, or was interrupted before its swap.
    Before,
    /// The table [`AFTER`] is there: the tables are swapped, and the rest is not finished.
    After,
    /// The table [`PREVIOUS`] is there, but neither [`BEFORE`] nor [`AFTER`]: nothing is to be repaired.
    Previous,
    /// The database has tables, but none of these: no refresh made it.
    Foreign,
}

/// Reads how far a refresh got, from the tables of its `__previous` database.
pub(crate) fn stage(session: &mut Session, database: &str) -> Result<Stage, Error> {
    if !exists(session, database)? {
        return Ok(Stage::Absent);
    }
    let tables = names(session, database, "TABLES", "TABLE_NAME", "TABLE_SCHEMA")?;
    // A view of such a name is not from a refresh.
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

/// Lists names of one kind in a database. Only names are read: objects whose bodies this account may not read can be dropped too.
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

/// Writes one text into a state table.
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

/// Reads what the last swap wrote down about itself in `__previous`. `None` if there was no swap, or the text is no JSON.
pub(crate) fn history(session: &mut Session, previous: &str) -> Result<Option<Value>, Error> {
    let text = get(session, previous, "history")?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Reads one text from the state tables that the database has; of several the first that has the key.
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

/// Drops a database that a refresh made.
pub(crate) fn drop_database(session: &mut Session, database: &str) -> Result<(), Error> {
    session.run(&format!("dropping {database}"), &format!("DROP DATABASE IF EXISTS {}", name(database)))?;
    Ok(())
}

/// Empties a `__previous` database, and makes an empty [`PREVIOUS`] again. The state table of the refresh at work stays.
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

/// Drops [`BEFORE`], [`AFTER`] and the tables of [`KEPT`]. If no table or view is left, drops the database too.
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

/// Makes a database with this charset and collation, if it is not there yet.
pub(crate) fn create_database(
    session: &mut Session,
    database: &str,
    of: &(String, String),
) -> Result<(), Error> {
    let sql = format!("CREATE DATABASE IF NOT EXISTS {}", name(database));
    run_with_collation(session, &format!("creating {database}"), &sql, of)
}

/// Runs `sql` with a charset and collation. Without the collation if this server does not know it: the charset's default then
/// holds.
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

/// Charset and collation that new tables of a database get by default; those of a new database if it is not there.
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

/// Gives a database this charset and collation, if it has others.
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
