//! Session settings of the connections that write key tables, and of those that read masked rows.
//!
//! In: a session. Out: the session with the isolation level, SQL mode and limits that these statements need.

use super::error::Error;
use crate::mysql::Session;
use crate::sql::name;

/// Settings of a session that collects keys. Without READ COMMITTED, an INSERT…SELECT locks the rows that it reads.
const SESSION: &[&str] = &[
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
];

/// Statements that each connection runs before it reads masked columns.
pub(super) const READING: &[&str] = &[
    // Masked arrays of JSON documents are put together with GROUP_CONCAT, which cuts at 1024 bytes by default.
    "SET SESSION group_concat_max_len = 1073741824",
];

/// Prepares a session for collecting keys.
pub(crate) fn ready(session: &mut Session) -> Result<(), Error> {
    for setting in SESSION {
        session.run("preparing the session", setting)?;
    }
    // Only tried, since it needs a privilege. Replicas do not need our keys.
    session.attempt("SET SESSION sql_log_bin = 0");
    Ok(())
}

/// Makes `database` the default of the session, if there is one: a bare name in a condition of refresh.toml means one of its
/// tables, and MariaDB needs a default database to delete by alias.
pub(crate) fn choose(session: &mut Session, database: Option<&String>) -> Result<(), Error> {
    if let Some(database) = database {
        session.run("choosing the default database", &format!("USE {}", name(database)))?;
    }
    Ok(())
}
