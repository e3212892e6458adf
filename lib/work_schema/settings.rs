//! Session settings of the connections that write key tables, and of those that read masked rows.
//!
//! In: a session. Out: the same, with isolation level, SQL mode and limits as these two kinds of statements need them.

use super::error::Error;
use crate::mysql::Session;
use crate::sql::name;

/// Settings of the session that collects keys. Without them, an INSERT…SELECT locks the rows that it reads.
const SESSION: &[&str] = &[
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
];

/// What each connection runs before it reads masked columns.
pub(super) const READING: &[&str] = &[
    // Masked arrays of JSON documents are put together with GROUP_CONCAT, which cuts at 1024 bytes by default.
    "SET SESSION group_concat_max_len = 1073741824",
];

/// Prepares a session for collecting keys.
pub(crate) fn ready(session: &mut Session) -> Result<(), Error> {
    for setting in SESSION {
        session.run("preparing the session", setting)?;
    }
    // Needs a privilege. Replicas have no use for our keys.
    session.attempt("SET SESSION sql_log_bin = 0");
    Ok(())
}

/// Makes `database` the default of the session: a condition of refresh.toml means its tables by a bare name, and MariaDB also
/// needs a default to delete by alias.
pub(crate) fn choose(session: &mut Session, database: Option<&String>) -> Result<(), Error> {
    if let Some(database) = database {
        session.run("choosing the default database", &format!("USE {}", name(database)))?;
    }
    Ok(())
}
