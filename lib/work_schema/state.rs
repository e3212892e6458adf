//! The work schema as a whole: whether it is ours, made anew, complete.
//!
//! In: a session and the schema's name. Out: an empty schema with a mark that it is ours; later, whether the plan in it is
//! whole and of which rules. A schema of that name without our mark is never touched.

use super::error::Error;
use super::keys::create_mask_key;
use super::names::MARK;
use super::seal::is_sealed;
use super::settings::ready;
use crate::catalog;
use crate::document::Dehydration;
use crate::mysql::Session;
use crate::sql::{literal, name, qualified};

/// Makes the work schema anew, with a key for the masks and without key tables.
pub(crate) fn prepare(session: &mut Session, schema: &str, config_sha256: &str) -> Result<(), Error> {
    ready(session)?;
    if exists(session, schema)? {
        if !ours(session, schema)? {
            let server = session.label().to_owned();
            return Err(Error::Foreign { server, schema: schema.to_owned() });
        }
        session
            .run("dropping the work schema of the last run", &format!("DROP DATABASE {}", name(schema)))?;
    }
    let create = format!("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", name(schema));
    session.run("creating the work schema", &create)?;
    mark(session, schema, config_sha256)?;
    create_mask_key(session, schema)
}

fn exists(session: &mut Session, schema: &str) -> Result<bool, Error> {
    Ok(catalog::has_database(session, "looking for the work schema", schema)?)
}

/// Ours, or empty: a run may have died between making it and marking it.
fn ours(session: &mut Session, schema: &str) -> Result<bool, Error> {
    let (tables, marks) = catalog::count_tables(session, "looking into the work schema", schema, MARK)?;
    Ok(tables == 0 || marks == 1)
}

fn mark(session: &mut Session, schema: &str, config_sha256: &str) -> Result<(), Error> {
    let table = qualified(schema, MARK);
    let create = format!(
        "CREATE TABLE {table} (id TINYINT NOT NULL PRIMARY KEY, version VARCHAR(32) NOT NULL, \
         config_sha256 CHAR(64) NOT NULL, state VARCHAR(16) NOT NULL, last_down INT UNSIGNED NOT NULL) \
         COMMENT='made by refreshkit; dropped and made anew at each run'"
    );
    session.run("marking the work schema", &create)?;
    let insert = format!(
        "INSERT INTO {table} VALUES (1, {}, {}, 'collecting', 0)",
        literal(env!("CARGO_PKG_VERSION")),
        literal(config_sha256)
    );
    session.run("marking the work schema", &insert)?;
    Ok(())
}

/// Writes down that the keys are complete: what `explain` asks for.
pub(crate) fn complete(session: &mut Session, schema: &str, last_down: u64) -> Result<(), Error> {
    let table = qualified(schema, MARK);
    let sql = format!("UPDATE {table} SET state = 'complete', last_down = {last_down}");
    session.run("marking the plan as complete", &sql)?;
    Ok(())
}

/// The last generation of the down phase of a complete plan made with these rules.
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

/// Whether the key tables on this server are complete, of the rules that made the plan, and of this very plan.
pub fn is_planned(session: &mut Session, plan: &Dehydration) -> Result<bool, crate::mysql::Error> {
    if !catalog::has_table(session, "looking for the plan's mark", &plan.work_schema, MARK)? {
        return Ok(false);
    }
    let sql = format!("SELECT config_sha256, state FROM {} WHERE id = 1", qualified(&plan.work_schema, MARK));
    let mark: Option<(String, String)> = session.first("reading the plan's mark", &sql)?;
    if !mark.is_some_and(|(sha, state)| sha == plan.config_sha256 && state == "complete") {
        return Ok(false);
    }
    is_sealed(session, plan)
}
