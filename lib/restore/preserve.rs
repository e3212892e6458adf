//! Tables of the developer's own, which survive a refresh.
//!
//! In: the globs of `[targets.NAME] preserve`, the database in use. Out: in the staging database, those tables with
//! the rows that they have now. A table that the dump has too keeps the dump's definition, so that the branch's
//! migrations fit; of its columns, those are filled that both have.

use globset::{Glob, GlobSet, GlobSetBuilder};
use mysql::Row;

use super::load::Job;
use super::{Error, Target, objects, state};
use crate::mysql::{Session, literal, name, qualified};

/// Copies what is to survive; returns the tables.
pub(crate) fn preserve(session: &mut Session, target: &Target, job: &Job) -> Result<Vec<String>, Error> {
    let globs = &target.settings.preserve;
    if globs.is_empty() || !state::exists(session, &target.database)? {
        return Ok(Vec::new());
    }
    let wanted = compile(target)?;
    let mut tables = objects::tables(session, &target.database)?;
    tables.retain(|table| wanted.is_match(table));
    let loaded = objects::tables(session, &job.staging)?;
    session.run("not checking foreign keys", "SET SESSION foreign_key_checks = 0")?;
    // What does not fit into the dump's columns is an error, and zeros stay as they are.
    let sql = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'";
    session.run("setting the SQL mode", sql)?;
    for table in &tables {
        let here = qualified(&job.staging, table);
        if loaded.contains(table) {
            session.run(&format!("emptying {here}"), &format!("DELETE FROM {here}"))?;
        } else {
            create_like(session, target, job, table)?;
        }
        copy(session, target, job, table)?;
        compare(session, target, job, table)?;
    }
    session.run("setting the SQL mode", "SET SESSION sql_mode = ''")?;
    session.run("checking foreign keys", "SET SESSION foreign_key_checks = 1")?;
    Ok(tables)
}

fn compile(target: &Target) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for glob in &target.settings.preserve {
        set.add(
            Glob::new(glob)
                .map_err(|e| Error::PreserveGlob { target: target.name.clone(), problem: e.to_string() })?,
        );
    }
    set.build().map_err(|e| Error::PreserveGlob { target: target.name.clone(), problem: e.to_string() })
}

/// The same definition, foreign keys too: they are without a database, so they point into the new one.
fn create_like(session: &mut Session, target: &Target, job: &Job, table: &str) -> Result<(), Error> {
    session.run("using the database", &format!("USE {}", name(&target.database)))?;
    let sql = format!("SHOW CREATE TABLE {}", name(table));
    let row: Option<Row> = session.first(&format!("reading the definition of {table}"), &sql)?;
    let create: Option<String> = row.and_then(|row| row.get_opt::<String, _>(1)?.ok());
    let create =
        create.ok_or_else(|| Error::Hidden { what: format!("table {}.{table}", target.database) })?;
    session.run("using the database", &format!("USE {}", name(&job.staging)))?;
    session.run(&format!("creating {}.{table}", job.staging), &create)?;
    Ok(())
}

fn copy(session: &mut Session, target: &Target, job: &Job, table: &str) -> Result<(), Error> {
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
    let both: Vec<String> = columns(session, &job.staging)?
        .iter()
        .filter(|column| old.contains(column))
        .map(|column| name(column))
        .collect();
    let list = both.join(", ");
    let (from, to) = (qualified(&target.database, table), qualified(&job.staging, table));
    session.run(
        &format!("preserving {from}"),
        &format!("INSERT INTO {to} ({list}) SELECT {list} FROM {from}"),
    )?;
    Ok(())
}

/// Nothing was lost, or written meanwhile.
fn compare(session: &mut Session, target: &Target, job: &Job, table: &str) -> Result<(), Error> {
    let mut count = |database: &str| -> Result<u64, Error> {
        let full = qualified(database, table);
        let count = session.first(&format!("counting {full}"), &format!("SELECT COUNT(*) FROM {full}"))?;
        Ok(count.unwrap_or_default())
    };
    let (there, preserved) = (count(&target.database)?, count(&job.staging)?);
    if there == preserved {
        return Ok(());
    }
    let counts = format!("{there} rows, {preserved} of them preserved");
    Err(Error::NotPreserved { table: format!("{}.{table}", target.database), counts })
}
