//! The night's keys: that of the masks, which only the server reads, and that of the scan, which the dumper reads too.

use super::error::Error;
use super::names::{MASK_KEY, SCAN_KEY};
use crate::document::{ColumnPlan, Dehydration, TablePlan};
use crate::mask::{self, Key, Order};
use crate::mysql::Session;
use crate::sql::qualified;

/// Length of a key.
const KEY_BYTES: u8 = 32;

/// The masks' key: made by the server, read by the server, never a literal and never ours to see.
pub(super) fn create_mask_key(session: &mut Session, schema: &str) -> Result<(), Error> {
    let table = qualified(schema, MASK_KEY);
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
    let (table, deed) = (qualified(schema, MASK_KEY), "setting the mask key");
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

/// Whether this connection has the masks' key, if the plan reads it: NULL would make NULL of every value, and of every hash
/// that rows are ordered by.
pub fn has_mask_key(session: &mut Session, plan: &Dehydration) -> Result<bool, crate::mysql::Error> {
    let reads = |table: &TablePlan| {
        let masked = |column: &ColumnPlan| column.expression.contains("@refreshkit_key");
        table.columns.iter().any(masked) || mask::order(table) == Order::Hash
    };
    if !plan.tables.iter().any(reads) {
        return Ok(true);
    }
    let sql = format!("SELECT COALESCE(LENGTH(@refreshkit_key) = {KEY_BYTES}, 0)");
    Ok(session.first::<bool>("looking at the mask key", &sql)?.unwrap_or_default())
}

/// Destroys the masks' key once every masked value is written: nobody can rebuild the mapping.
pub(crate) fn forget_mask_key(session: &mut Session, schema: &str) -> Result<(), Error> {
    session
        .run("forgetting the mask key", &format!("DROP TABLE IF EXISTS {}", qualified(schema, MASK_KEY)))?;
    Ok(())
}

/// Makes the scan's key, one of its own: unlike that of the masks, it is read by the dumper. Each session learns it.
pub(crate) fn create_scan_key(sessions: &mut [Session], schema: &str) -> Result<(), Error> {
    let (table, deed) = (qualified(schema, SCAN_KEY), "creating the scan key");
    let columns = format!("id TINYINT NOT NULL PRIMARY KEY, `key` BINARY({KEY_BYTES}) NOT NULL");
    sessions[0].run(deed, &format!("CREATE TABLE {table} ({columns})"))?;
    sessions[0].run(deed, &format!("INSERT INTO {table} VALUES (1, RANDOM_BYTES({KEY_BYTES}))"))?;
    for session in sessions {
        session.run("reading the scan key", &format!("SELECT `key` INTO @refreshkit_scan FROM {table}"))?;
    }
    Ok(())
}
