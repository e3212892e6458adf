//! The work schema as a whole: it is created, marked as ours, marked as complete, checked and dropped.
//!
//! In: a session and the schema's name. Out: an empty schema with our mark; later, whether the plan in it is complete, and of
//! which rules and run. A schema of this name with tables but without our mark is never touched.

use super::error::Error;
use super::lock::lock;
use super::names::MARK;
use super::seal::is_sealed;
use super::settings::ready;
use crate::catalog;
use crate::document::Dehydration;
use crate::mysql::Session;
use crate::sql::{literal, name, qualified};

/// Creates the work schema anew, without key tables. Returns the run whose plan it held before, if that is known.
pub(crate) fn prepare(
    session: &mut Session,
    schema: &str,
    (run, config_sha256): (&str, &str),
) -> Result<Option<String>, Error> {
    ready(session)?;
    let mut before = None;
    if exists(session, schema)? {
        if !ours(session, schema)? {
            let server = session.label().to_owned();
            return Err(Error::Foreign { server, schema: schema.to_owned() });
        }
        // An older version stored no run, and a run that died early stored nothing at all.
        let sql = format!("SELECT run FROM {} WHERE id = 1", qualified(schema, MARK));
        before = session.first("reading the mark of the last run", &sql).unwrap_or_default();
        drop_schema(session, schema, "dropping the work schema of the last run")?;
    }
    let create = format!("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", name(schema));
    session.run("creating the work schema", &create)?;
    mark(session, schema, (run, config_sha256))?;
    Ok(before)
}

/// Drops the work schema of a plan that is not needed any more. Does nothing if it holds another run's plan by now; fails with
/// [`Error::Busy`] if another run is using it.
pub(crate) fn drop_plan(session: &mut Session, plan: &Dehydration, run: &str) -> Result<(), Error> {
    let schema = &plan.work_schema;
    lock(session, schema, 1)?;
    if exists(session, schema)? && ours(session, schema)? && is_of(session, schema, run)? {
        ready(session)?;
        drop_schema(session, schema, "dropping the work schema")?;
    }
    Ok(())
}

fn drop_schema(session: &mut Session, schema: &str, deed: &str) -> Result<(), Error> {
    session.run(deed, &format!("DROP DATABASE {}", name(schema)))?;
    Ok(())
}

/// Marks the plan in the schema as this run's: the run has finished what another run began.
pub(crate) fn adopt(session: &mut Session, schema: &str, run: &str) -> Result<(), crate::mysql::Error> {
    let sql = format!("UPDATE {} SET run = {} WHERE id = 1", qualified(schema, MARK), literal(run));
    session.run("marking the work schema", &sql).map(drop)
}

fn is_of(session: &mut Session, schema: &str, run: &str) -> Result<bool, crate::mysql::Error> {
    let sql = format!("SELECT run FROM {} WHERE id = 1", qualified(schema, MARK));
    let found: Option<String> = session.first("reading the plan's mark", &sql)?;
    Ok(found.as_deref() == Some(run))
}

fn exists(session: &mut Session, schema: &str) -> Result<bool, Error> {
    Ok(catalog::has_database(session, "looking for the work schema", schema)?)
}

/// True if the schema is ours or empty: a run may have died between creating and marking it.
fn ours(session: &mut Session, schema: &str) -> Result<bool, Error> {
    let (tables, marks) = catalog::count_tables(session, "looking into the work schema", schema, MARK)?;
    Ok(tables == 0 || marks == 1)
}

fn mark(session: &mut Session, schema: &str, (run, config_sha256): (&str, &str)) -> Result<(), Error> {
    let table = qualified(schema, MARK);
    let create = format!(
        "CREATE TABLE {table} (id TINYINT NOT NULL PRIMARY KEY, version VARCHAR(32) NOT NULL, \
         config_sha256 CHAR(64) NOT NULL, run TEXT NOT NULL, state VARCHAR(16) NOT NULL, last_down INT UNSIGNED NOT NULL) \
         COMMENT='made by refreshkit; dropped and made anew at each run'"
    );
    session.run("marking the work schema", &create)?;
    let insert = format!(
        "INSERT INTO {table} VALUES (1, {}, {}, {}, 'collecting', 0)",
        literal(env!("CARGO_PKG_VERSION")),
        literal(config_sha256),
        literal(run)
    );
    session.run("marking the work schema", &insert)?;
    Ok(())
}

/// Marks the plan as complete, and stores the last generation of its down phase, which `explain` needs.
pub(crate) fn complete(session: &mut Session, schema: &str, last_down: u64) -> Result<(), Error> {
    let table = qualified(schema, MARK);
    let sql = format!("UPDATE {table} SET state = 'complete', last_down = {last_down}");
    session.run("marking the plan as complete", &sql)?;
    Ok(())
}

/// Returns the last generation of the down phase of a complete plan. Fails unless there is one that was made with these rules.
pub(crate) fn last_plan(session: &mut Session, schema: &str, config_sha256: &str) -> Result<u64, Error> {
    if !exists(session, schema)? || !ours(session, schema)? {
        return Err(Error::NotPlanned(format!("there is no plan in `{schema}` on {}", session.label())));
    }
    let sql = format!("SELECT config_sha256, state, last_down FROM {} WHERE id = 1", qualified(schema, MARK));
    match session.first::<(String, String, u64)>("reading the plan's mark", &sql)? {
        Some((sha, state, last)) if sha == config_sha256 && state == "complete" => Ok(last),
        _ => {
            Err(Error::NotPlanned(format!("the plan in `{schema}` is unfinished, or made with other rules")))
        }
    }
}

/// True if the key tables on this server are complete, and are those of this run, of the plan's rules and of this very plan.
/// Fails when there is no plan at all.
pub fn is_planned(session: &mut Session, plan: &Dehydration, run: &str) -> Result<bool, Error> {
    let schema = &plan.work_schema;
    if !catalog::has_table(session, "looking for the plan's mark", schema, MARK)? {
        return Err(Error::Gone { server: session.label().to_owned(), schema: schema.clone() });
    }
    let sql = format!("SELECT config_sha256, state FROM {} WHERE id = 1", qualified(schema, MARK));
    let mark: Option<(String, String)> = session.first("reading the plan's mark", &sql)?;
    let whole = mark.is_some_and(|(sha, state)| sha == plan.config_sha256 && state == "complete");
    Ok(whole && is_of(session, schema, run)? && is_sealed(session, plan)?)
}
