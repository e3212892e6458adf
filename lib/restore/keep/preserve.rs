//! `preserve`: keeps tables and rows of the developer over a refresh.
//!
//! In: the entries of `[targets.NAME] preserve`, the database in use. Out: those tables in the staging database, with the rows
//! that they have now. A table that the dump has too keeps the dump's definition, so that the branch's migrations fit: then the
//! columns that both have are filled.
//!
//! ```text
//! set_aside    the swapper copies the rows into tables that it makes in `__previous`, where nobody else has rights, and then
//!              renames them into the staging database
//! put_back     the loader moves the rows into their tables; triggers that a file of another program made are dropped meanwhile
//! ```
//!
//! The swapper may read the database in use, so it never writes into a table that somebody else made or could have given a
//! trigger. The loader may not read the database in use.

use mysql::Row;

use crate::catalog::Patterns;
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::restore::swap::objects::{self, Object};
use crate::restore::swap::state;
use crate::restore::swap::sync_objects::create;
use crate::restore::target::DevTarget;
use crate::sql::{literal, name, qualified};

/// A value that does not fit into the dump's column is an error. Zeros stay zeros, also as dates and in AUTO_INCREMENT columns.
const COPY_MODE: &str =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'";

/// Rows that were set aside.
#[derive(Debug)]
pub(crate) struct PreservedRows {
    /// Name of the table that holds the rows meanwhile.
    aside: String,
    /// Name of the table that the rows come from and go to.
    table: String,
    /// SQL condition for the rows that are kept; `None` for all.
    condition: Option<String>,
    /// The table's definition, if the whole table is kept.
    create: Option<String>,
}

/// Copies the rows of `preserve` into new tables, whose names nobody can guess.
pub(crate) fn set_aside(session: &mut Session, target: &DevTarget) -> Result<Vec<PreservedRows>, Error> {
    if target.settings.preserve.is_empty() || !state::exists(session, &target.database)? {
        return Ok(Vec::new());
    }
    let (rows, globs): (Vec<&String>, Vec<&String>) =
        target.settings.preserve.iter().partition(|entry| condition(entry).is_some());
    let wanted = Patterns::new(globs);
    let live = objects::tables(session, &target.database)?;
    let whole = live.iter().filter(|table| wanted.fit(table)).map(|table| (table.as_str(), None));
    let parts = rows.into_iter().filter_map(|entry| condition(entry));
    let parts = parts.filter(|(table, _)| live.iter().any(|known| known == table));
    let all: Vec<(&str, Option<&str>)> =
        whole.chain(parts.map(|(table, condition)| (table, Some(condition)))).collect();
    prepare(session)?;
    let mark: u64 = rand::random();
    let mut kept = Vec::new();
    for (number, (table, condition)) in all.into_iter().enumerate() {
        let aside = format!("{}{mark:016x}_{number}", state::KEPT);
        let create =
            if condition.is_none() { Some(definition(session, &target.database, table)?) } else { None };
        let (from, to) = (qualified(&target.database, table), qualified(&target.previous(), &aside));
        session.run(&format!("making room for {from}"), &format!("CREATE TABLE {to} LIKE {from}"))?;
        let all: Vec<String> = columns(session, &target.database, table)?.iter().map(|c| name(c)).collect();
        let (list, which) = (all.join(", "), where_clause(condition));
        let sql = format!("INSERT INTO {to} ({list}) SELECT {list} FROM {from}{which}");
        session.run(&format!("preserving {from}"), &sql)?;
        let there = qualified(&target.staging(), &aside);
        session.run(&format!("handing {from} over"), &format!("RENAME TABLE {to} TO {there}"))?;
        kept.push(PreservedRows {
            aside,
            table: table.to_owned(),
            condition: condition.map(str::to_owned),
            create,
        });
    }
    finish(session)?;
    Ok(kept)
}

/// Moves the rows into their tables, on the loader's session. Returns one phrase a table, for people.
pub(crate) fn put_back(
    session: &mut Session,
    target: &DevTarget,
    kept: &[PreservedRows],
) -> Result<Vec<String>, Error> {
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let staging = target.staging();
    let loaded = objects::tables(session, &staging)?;
    let triggers = take_triggers(session, &staging, kept)?;
    prepare(session)?;
    let mut survived = Vec::new();
    for one in kept {
        let (from, to) = (qualified(&staging, &one.aside), qualified(&staging, &one.table));
        let there = loaded.contains(&one.table);
        match &one.create {
            Some(_) if there => {
                session.run(&format!("emptying {to}"), &format!("DELETE FROM {to}"))?;
            }
            Some(create) => {
                session.run("using the database", &format!("USE {}", name(&staging)))?;
                session.run(&format!("creating {to}"), create)?;
            }
            // The dump may lack the table.
            None if !there => continue,
            None => {}
        }
        let old = columns(session, &staging, &one.aside)?;
        let both: Vec<String> = columns(session, &staging, &one.table)?
            .iter()
            .filter(|column| old.contains(column))
            .map(|column| name(column))
            .collect();
        let list = both.join(", ");
        // Single rows take the place of the dump's rows with the same keys.
        let verb = if one.create.is_some() { "INSERT" } else { "REPLACE" };
        let sql = format!("{verb} INTO {to} ({list}) SELECT {list} FROM {from}");
        let preserved = qualified(&target.database, &one.table);
        session.run(&format!("preserving {preserved}"), &sql)?;
        survived.push(match &one.condition {
            None => one.table.clone(),
            Some(_) => format!("{} of {}", count(session, &from)?, one.table),
        });
    }
    for one in kept {
        let aside = qualified(&staging, &one.aside);
        session.run("removing what was set aside", &format!("DROP TABLE {aside}"))?;
    }
    finish(session)?;
    for trigger in &triggers {
        create(session, &staging, trigger)?;
    }
    Ok(survived)
}

/// Drops the triggers of the tables that are filled, and returns them: the kept rows have fired them once already.
fn take_triggers(session: &mut Session, staging: &str, kept: &[PreservedRows]) -> Result<Vec<Object>, Error> {
    session.run("using the database", &format!("USE {}", name(staging)))?;
    let mut triggers = objects::triggers(session, staging)?;
    triggers.retain(|trigger| kept.iter().any(|one| one.table == trigger.table));
    for trigger in &triggers {
        let full = qualified(staging, &trigger.name);
        session.run(&format!("setting the trigger {full} aside"), &format!("DROP TRIGGER {full}"))?;
    }
    Ok(triggers)
}

/// Fails if rows were lost, or changed meanwhile: a whole table must have as many rows in the staging database as in the one in
/// use.
pub(crate) fn compare(
    swapper: &mut Session,
    loader: &mut Session,
    target: &DevTarget,
    kept: &[PreservedRows],
) -> Result<(), Error> {
    for one in kept.iter().filter(|one| one.condition.is_none()) {
        let there = count(swapper, &qualified(&target.database, &one.table))?;
        let preserved = count(loader, &qualified(&target.staging(), &one.table))?;
        if there != preserved {
            let counts = format!("{there} rows, {preserved} of them preserved");
            let table = format!("{}.{}", target.database, one.table);
            return Err(Error::NotPreserved { table, counts });
        }
    }
    Ok(())
}

/// Table and condition of an entry such as `users where …`; `None` without `where`.
pub(crate) fn condition(entry: &str) -> Option<(&str, &str)> {
    let at = entry.to_ascii_lowercase().find(" where ")?;
    Some((entry[..at].trim(), entry[at + " where ".len()..].trim()))
}

pub(super) fn prepare(session: &mut Session) -> Result<(), Error> {
    session.run("not checking foreign keys", "SET SESSION foreign_key_checks = 0")?;
    session.run("setting the SQL mode", COPY_MODE)?;
    Ok(())
}

pub(super) fn finish(session: &mut Session) -> Result<(), Error> {
    session.run("setting the SQL mode", "SET SESSION sql_mode = ''")?;
    session.run("checking foreign keys", "SET SESSION foreign_key_checks = 1")?;
    Ok(())
}

/// A table's definition. Its foreign keys name no database, so they refer to tables of the database that it is created in.
pub(super) fn definition(session: &mut Session, database: &str, table: &str) -> Result<String, Error> {
    session.run("using the database", &format!("USE {}", name(database)))?;
    let sql = format!("SHOW CREATE TABLE {}", name(table));
    let row: Option<Row> = session.first(&format!("reading the definition of {table}"), &sql)?;
    let create: Option<String> = row.and_then(|row| row.get_opt::<String, _>(1)?.ok());
    create.ok_or_else(|| Error::Hidden { what: format!("table {database}.{table}") })
}

/// The columns that can be written: all that are not generated.
pub(super) fn columns(session: &mut Session, database: &str, table: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} \
         AND IFNULL(GENERATION_EXPRESSION, '') = '' ORDER BY ORDINAL_POSITION",
        literal(database),
        literal(table)
    );
    Ok(session.rows(&format!("reading the columns of {table}"), &sql)?)
}

pub(super) fn where_clause(condition: Option<&str>) -> String {
    condition.map_or(String::new(), |condition| format!(" WHERE {condition}"))
}

pub(super) fn count(session: &mut Session, full: &str) -> Result<u64, Error> {
    let sql = format!("SELECT COUNT(*) FROM {full}");
    Ok(session.first::<u64>(&format!("counting {full}"), &sql)?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_with_a_condition_is_about_rows() {
        assert_eq!(condition("users WHERE id = 1"), Some(("users", "id = 1")));
        assert_eq!(condition("my_*"), None);
    }
}
