//! Tables and rows of the developer's own, which survive a refresh.
//!
//! In: the globs of `[targets.NAME] preserve`, the database in use. Out: in the staging database, those tables with
//! the rows that they have now. A table that the dump has too keeps the dump's definition, so that the branch's
//! migrations fit; of its columns, those are filled that both have.

use mysql::Row;

use crate::catalog::Patterns;
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::restore::swap::{objects, state};
use crate::restore::target::Target;
use crate::sql::{literal, name, qualified};

/// Copies what is to survive; returns the tables.
pub(crate) fn preserve(session: &mut Session, target: &Target) -> Result<Vec<String>, Error> {
    let staging = target.staging();
    if target.settings.preserve.is_empty() || !state::exists(session, &target.database)? {
        return Ok(Vec::new());
    }
    let (rows, globs): (Vec<&String>, Vec<&String>) =
        target.settings.preserve.iter().partition(|entry| condition(entry).is_some());
    let wanted = Patterns::new(globs);
    let live = objects::tables(session, &target.database)?;
    let loaded = objects::tables(session, &staging)?;
    session.run("not checking foreign keys", "SET SESSION foreign_key_checks = 0")?;
    // What does not fit into the dump's columns is an error, and zeros stay as they are.
    let sql = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'";
    session.run("setting the SQL mode", sql)?;
    let mut preserved = Vec::new();
    for table in live.iter().filter(|table| wanted.fit(table)) {
        let here = qualified(&staging, table);
        if loaded.contains(table) {
            session.run(&format!("emptying {here}"), &format!("DELETE FROM {here}"))?;
        } else {
            create_like(session, target, table)?;
        }
        copy(session, target, table, None)?;
        compare(session, target, table)?;
        preserved.push(table.clone());
    }
    for entry in rows {
        let (table, condition) = condition(entry).expect("divided by this");
        // Either may have no such table any more, or not yet.
        if [&live, &loaded].iter().all(|tables| tables.iter().any(|known| known == table)) {
            let count = copy(session, target, table, Some(condition))?;
            preserved.push(format!("{count} of {table}"));
        }
    }
    session.run("setting the SQL mode", "SET SESSION sql_mode = ''")?;
    session.run("checking foreign keys", "SET SESSION foreign_key_checks = 1")?;
    Ok(preserved)
}

/// Table and condition of `users where …`.
pub(crate) fn condition(entry: &str) -> Option<(&str, &str)> {
    let at = entry.to_ascii_lowercase().find(" where ")?;
    Some((entry[..at].trim(), entry[at + " where ".len()..].trim()))
}

/// The same definition, foreign keys too: they are without a database, so they point into the new one.
fn create_like(session: &mut Session, target: &Target, table: &str) -> Result<(), Error> {
    session.run("using the database", &format!("USE {}", name(&target.database)))?;
    let sql = format!("SHOW CREATE TABLE {}", name(table));
    let row: Option<Row> = session.first(&format!("reading the definition of {table}"), &sql)?;
    let create: Option<String> = row.and_then(|row| row.get_opt::<String, _>(1)?.ok());
    let create =
        create.ok_or_else(|| Error::Hidden { what: format!("table {}.{table}", target.database) })?;
    session.run("using the database", &format!("USE {}", name(&target.staging())))?;
    session.run(&format!("creating {}.{table}", target.staging()), &create)?;
    Ok(())
}

/// All rows, or those that a condition picks: they take the place of the dump's rows with the same keys.
fn copy(session: &mut Session, target: &Target, table: &str, condition: Option<&str>) -> Result<u64, Error> {
    let staging = target.staging();
    let columns = |session: &mut Session, database: &str| -> Result<Vec<String>, Error> {
        let sql = format!(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} \
             AND IFNULL(GENERATION_EXPRESSION, '') = '' ORDER BY ORDINAL_POSITION",
            literal(database),
            literal(table)
        );
        Ok(session.rows(&format!("reading the columns of {table}"), &sql)?)
    };
    let old = columns(session, &target.database)?;
    let both: Vec<String> = columns(session, &staging)?
        .iter()
        .filter(|column| old.contains(column))
        .map(|column| name(column))
        .collect();
    let list = both.join(", ");
    let (from, to) = (qualified(&target.database, table), qualified(&staging, table));
    let (verb, which) = match condition {
        Some(condition) => ("REPLACE", format!(" WHERE {condition}")),
        None => ("INSERT", String::new()),
    };
    session.run(
        &format!("preserving {from}"),
        &format!("{verb} INTO {to} ({list}) SELECT {list} FROM {from}{which}"),
    )?;
    let count = format!("SELECT COUNT(*) FROM {from}{which}");
    Ok(session.first::<u64>(&format!("counting {from}"), &count)?.unwrap_or(0))
}

/// Nothing was lost, or written meanwhile.
fn compare(session: &mut Session, target: &Target, table: &str) -> Result<(), Error> {
    let mut count = |database: &str| -> Result<u64, Error> {
        let full = qualified(database, table);
        let count = session.first(&format!("counting {full}"), &format!("SELECT COUNT(*) FROM {full}"))?;
        Ok(count.unwrap_or_default())
    };
    let (there, preserved) = (count(&target.database)?, count(&target.staging())?);
    if there == preserved {
        return Ok(());
    }
    let counts = format!("{there} rows, {preserved} of them preserved");
    Err(Error::NotPreserved { table: format!("{}.{table}", target.database), counts })
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
