//! The work schema: key tables, the mask key, and a mark that it is ours.
//!
//! In: a session and a blueprint. Out: an empty work schema, made anew, locked against a second run. A schema of
//! that name without our mark is never touched.

use crate::document::Dehydration;
use crate::mask::Key;
use crate::mysql::Session;
use crate::plan::Blueprint;
use crate::plan::Error;
use crate::plan::WORKERS_MAX;
use crate::plan::share_out;
use crate::sql::{literal, name, qualified};

/// The table by which we know our own schema again.
const MARK: &str = "refreshkit";

/// A table that the dump may add to the work schema: rows by which readers are seen to be up to date.
pub const READER_MARKS: &str = "reader_marks";

/// Length of the masks' key.
const KEY_BYTES: u8 = 32;

/// Of MySQL's 64 characters for the name of a lock, so many are the schema's.
const LOCK_NAME_CHARACTERS_MAX: usize = 60;

/// How long the server may take to notice that the run before is gone.
const LOCK_WAIT_SECONDS: u8 = 3;

/// Settings of the session that collects keys. Without them, an INSERT…SELECT locks the rows that it reads.
const SESSION: &[&str] = &[
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
];

/// Keeps other runs away until the session ends. Helpers of a run that was killed may be at work still, and what they
/// are doing would end up in the next run's tables: each holds a lock of its own, which must be free as well.
pub(crate) fn lock(session: &mut Session, schema: &str) -> Result<(), Error> {
    take(session, schema, &[lock_name(schema, 0)])?;
    let helpers: Vec<String> =
        (1..usize::from(WORKERS_MAX)).map(|number| lock_name(schema, number)).collect();
    take(session, schema, &helpers)?;
    let release: Vec<String> =
        helpers.iter().map(|name| format!("RELEASE_LOCK({})", literal(name))).collect();
    session.rows::<mysql::Row>("letting helpers in", &format!("SELECT {}", release.join(", ")))?;
    Ok(())
}

/// Says to later runs that this helper is at work, until its session ends.
pub(crate) fn lock_helper(session: &mut Session, schema: &str, number: usize) -> Result<(), Error> {
    take(session, schema, &[lock_name(schema, number)])
}

fn lock_name(schema: &str, number: usize) -> String {
    let name: String = format!("refreshkit.{schema}").chars().take(LOCK_NAME_CHARACTERS_MAX).collect();
    if number == 0 { name } else { format!("{name}.{number}") }
}

fn take(session: &mut Session, schema: &str, locks: &[String]) -> Result<(), Error> {
    let each: Vec<String> = locks
        .iter()
        .map(|name| format!("COALESCE(GET_LOCK({}, {LOCK_WAIT_SECONDS}), 0)", literal(name)))
        .collect();
    let got: Option<usize> = session.first("taking the lock", &format!("SELECT {}", each.join(" + ")))?;
    if got == Some(locks.len()) {
        return Ok(());
    }
    Err(Error::Busy { server: session.label().to_owned(), schema: schema.to_owned() })
}

/// Makes the work schema anew, with empty key tables. Creating one is mostly waiting for the disk: all at once.
pub fn prepare(sessions: &mut [Session], blueprint: &Blueprint) -> Result<(), Error> {
    let schema = &blueprint.work_schema;
    let session = &mut sessions[0];
    ready(session)?;
    if exists(session, schema)? {
        if !ours(session, schema)? {
            return Err(Error::ForeignSchema { server: session.label().to_owned(), schema: schema.clone() });
        }
        session
            .run("dropping the work schema of the last run", &format!("DROP DATABASE {}", name(schema)))?;
    }
    let create = format!("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", name(schema));
    session.run("creating the work schema", &create)?;
    mark(session, blueprint)?;
    secret(session, schema)?;
    choose(session, blueprint.databases.first())?;
    let words = blueprint.words();
    share_out(sessions, blueprint.keyed().collect(), |session, table| {
        let deed = format!("creating the key table of {}", blueprint.catalog.tables[table].label());
        Ok(session.run(&deed, &words.create_keys(table, &format!("k_{table}")))?)
    })?;
    Ok(())
}

/// Makes a session one that collects keys.
pub(crate) fn ready(session: &mut Session) -> Result<(), Error> {
    for setting in SESSION {
        session.run("preparing the session", setting)?;
    }
    // Needs a privilege. Replicas have no use for our keys.
    session.attempt("SET SESSION sql_log_bin = 0");
    Ok(())
}

/// What a condition of refresh.toml means by a bare table name; MariaDB also wants one to delete by alias.
pub(crate) fn choose(session: &mut Session, database: Option<&String>) -> Result<(), Error> {
    if let Some(database) = database {
        session.run("choosing the default database", &format!("USE {}", name(database)))?;
    }
    Ok(())
}

/// Takes all keys back.
pub(crate) fn forget(sessions: &mut [Session], blueprint: &Blueprint) -> Result<(), Error> {
    let words = blueprint.words();
    share_out(sessions, blueprint.keyed().collect(), |session, table| {
        Ok(session.run("taking keys back", &format!("TRUNCATE TABLE {}", words.keys(table)))?)
    })?;
    Ok(())
}

fn exists(session: &mut Session, schema: &str) -> Result<bool, Error> {
    let sql = format!("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}", literal(schema));
    Ok(session.first::<u8>("looking for the work schema", &sql)?.is_some())
}

/// Ours, or empty: a run may have died between making it and marking it.
fn ours(session: &mut Session, schema: &str) -> Result<bool, Error> {
    let sql = format!(
        "SELECT COUNT(*), COUNT(CASE WHEN TABLE_NAME = '{MARK}' THEN 1 END) \
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        literal(schema)
    );
    let (tables, marks): (u64, u64) =
        session.first("looking into the work schema", &sql)?.unwrap_or_default();
    Ok(tables == 0 || marks == 1)
}

fn mark(session: &mut Session, blueprint: &Blueprint) -> Result<(), Error> {
    let table = qualified(&blueprint.work_schema, MARK);
    let create = format!(
        "CREATE TABLE {table} (id TINYINT NOT NULL PRIMARY KEY, version VARCHAR(32) NOT NULL, \
         config_sha256 CHAR(64) NOT NULL, state VARCHAR(16) NOT NULL, last_down INT UNSIGNED NOT NULL) \
         COMMENT='made by refreshkit; dropped and made anew at each run'"
    );
    session.run("marking the work schema", &create)?;
    let insert = format!(
        "INSERT INTO {table} VALUES (1, {}, {}, 'collecting', 0)",
        literal(env!("CARGO_PKG_VERSION")),
        literal(&blueprint.config_sha256)
    );
    session.run("marking the work schema", &insert)?;
    Ok(())
}

/// The masks' key: made by the server, read by the server, never a literal and never ours to see.
fn secret(session: &mut Session, schema: &str) -> Result<(), Error> {
    let table = qualified(schema, "mask_key");
    session.run(
        "creating the mask key",
        &format!(
            "CREATE TABLE {table} (id TINYINT NOT NULL PRIMARY KEY, `key` BINARY({KEY_BYTES}) NOT NULL)"
        ),
    )?;
    session.run(
        "creating the mask key",
        &format!("INSERT INTO {table} VALUES (1, RANDOM_BYTES({KEY_BYTES}))"),
    )?;
    Ok(())
}

/// Puts a key of our own in place of the server's. Statements and their parameters are logged, so it is sent under a
/// one-time pad: the server's random key, which was read and not sent, and which it replaces.
pub(crate) fn stable_key(session: &mut Session, schema: &str, key: &Key) -> Result<(), Error> {
    let (table, deed) = (qualified(schema, "mask_key"), "setting the mask key");
    let pad: Option<Vec<u8>> = session.first(deed, &format!("SELECT `key` FROM {table} WHERE id = 1"))?;
    let pad: Option<[u8; 32]> = pad.and_then(|pad| pad.try_into().ok());
    let pad = pad.ok_or_else(|| Error::NotPlanned(format!("the key in `{schema}` cannot be read")))?;
    let padded = key.padded(&pad);
    let parts = padded.chunks(8).enumerate().map(|(n, part)| {
        let number = part.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let pad = format!("CAST(CONV(HEX(SUBSTR(`key`, {}, 8)), 16, 10) AS UNSIGNED)", 1 + 8 * n);
        format!("LPAD(HEX({pad} ^ {number}), 16, '0')")
    });
    let parts: Vec<String> = parts.collect();
    let sql = format!("UPDATE {table} SET `key` = UNHEX(CONCAT({})) WHERE id = 1", parts.join(", "));
    session.run(deed, &sql)?;
    Ok(())
}

/// Makes the scan's key, one of its own: unlike that of the masks, it is read by the dumper. Each session learns it.
pub(crate) fn scan_key(sessions: &mut [Session], schema: &str) -> Result<(), Error> {
    let (table, deed) = (qualified(schema, "scan_key"), "creating the scan key");
    let columns = format!("id TINYINT NOT NULL PRIMARY KEY, `key` BINARY({KEY_BYTES}) NOT NULL");
    sessions[0].run(deed, &format!("CREATE TABLE {table} ({columns})"))?;
    sessions[0].run(deed, &format!("INSERT INTO {table} VALUES (1, RANDOM_BYTES({KEY_BYTES}))"))?;
    for session in sessions {
        session.run("reading the scan key", &format!("SELECT `key` INTO @refreshkit_scan FROM {table}"))?;
    }
    Ok(())
}

/// What each connection runs before it reads masked columns.
pub(crate) fn session_statements(schema: &str) -> Vec<String> {
    vec![
        format!("SELECT `key` INTO @refreshkit_key FROM {}", qualified(schema, "mask_key")),
        // Masked arrays of JSON documents are put together with GROUP_CONCAT, which cuts at 1024 bytes by default.
        "SET SESSION group_concat_max_len = 1073741824".to_owned(),
    ]
}

/// Whether this connection has the masks' key, if any mask of the plan reads it: NULL would make NULL of every value.
pub fn has_mask_key(session: &mut Session, plan: &Dehydration) -> Result<bool, crate::mysql::Error> {
    let mut columns = plan.tables.iter().flat_map(|table| &table.columns);
    if !columns.any(|column| column.expression.contains("@refreshkit_key")) {
        return Ok(true);
    }
    let sql = format!("SELECT COALESCE(LENGTH(@refreshkit_key) = {KEY_BYTES}, 0)");
    Ok(session.first::<bool>("looking at the mask key", &sql)?.unwrap_or_default())
}

/// Writes down that the keys are complete: what `explain` asks for.
pub(crate) fn complete(session: &mut Session, blueprint: &Blueprint, last_down: u64) -> Result<(), Error> {
    let table = qualified(&blueprint.work_schema, MARK);
    let sql = format!("UPDATE {table} SET state = 'complete', last_down = {last_down}");
    session.run("marking the plan as complete", &sql)?;
    Ok(())
}

/// The last generation of the down phase of a complete plan made with these rules.
pub(crate) fn last_plan(session: &mut Session, blueprint: &Blueprint) -> Result<u64, Error> {
    let schema = &blueprint.work_schema;
    if !exists(session, schema)? || !ours(session, schema)? {
        return Err(Error::NotPlanned(format!("there is no plan in `{schema}` on {}", session.label())));
    }
    let sql = format!("SELECT config_sha256, state, last_down FROM {} WHERE id = 1", qualified(schema, MARK));
    match session.first::<(String, String, u64)>("reading the plan's mark", &sql)? {
        Some((sha, state, last)) if sha == blueprint.config_sha256 && state == "complete" => Ok(last),
        _ => {
            Err(Error::NotPlanned(format!("the plan in `{schema}` is unfinished, or made with other rules")))
        }
    }
}

/// Whether the key tables on this server are complete and of the rules that made the plan.
pub fn is_planned(session: &mut Session, plan: &Dehydration) -> Result<bool, crate::mysql::Error> {
    let known = format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = '{MARK}'",
        literal(&plan.work_schema)
    );
    if session.first::<u64>("looking for the plan's mark", &known)?.unwrap_or_default() == 0 {
        return Ok(false);
    }
    let sql = format!("SELECT config_sha256, state FROM {} WHERE id = 1", qualified(&plan.work_schema, MARK));
    let mark: Option<(String, String)> = session.first("reading the plan's mark", &sql)?;
    Ok(mark.is_some_and(|(sha, state)| sha == plan.config_sha256 && state == "complete"))
}

/// Destroys the masks' key once every masked value is written: nobody can rebuild the mapping.
pub(crate) fn forget_key(session: &mut Session, schema: &str) -> Result<(), Error> {
    session
        .run("forgetting the mask key", &format!("DROP TABLE IF EXISTS {}", qualified(schema, "mask_key")))?;
    Ok(())
}
