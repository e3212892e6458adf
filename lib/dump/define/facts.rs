//! What `information_schema` says about a database and its tables.
//!
//! In: a connection and a database. Out: plain data for the [outline](super::schema).

use crate::archive::DatabaseEntry;
use crate::catalog;
use crate::dump::error::Error;
use crate::mysql::Session;
use crate::sql::literal;

/// One row of `information_schema.TABLES`.
pub(crate) struct TableStatus {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) engine: String,
    pub(crate) rows: u64,
    pub(crate) row_bytes: u64,
}

impl TableStatus {
    /// Whether its rows are part of a snapshot. By the engine itself: a comment in the definition can say anything.
    pub(crate) fn is_transactional(&self) -> bool {
        self.engine == "InnoDB"
    }
}

/// Asks for a database's default character set and collation.
pub(crate) fn database_entry(session: &mut Session, database: &str) -> Result<DatabaseEntry, Error> {
    let sql = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA \
         WHERE SCHEMA_NAME = {}",
        literal(database)
    );
    let found: Option<(String, String)> = session.first(&format!("looking for database {database}"), &sql)?;
    let (charset, collation) = found.ok_or_else(|| {
        Error::NotThere(format!("{} has no database {database} that this account may see", session.label()))
    })?;
    Ok(DatabaseEntry { name: database.to_owned(), charset, collation })
}

/// Tables, views and sequences of a database; sequences first, since a table's default may ask one.
pub(crate) fn tables_of(session: &mut Session, database: &str) -> Result<Vec<TableStatus>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE, ''), COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH, 0) \
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} \
         ORDER BY TABLE_TYPE <> 'SEQUENCE', TABLE_NAME",
        literal(database)
    );
    let found: Vec<(String, String, String, u64, u64)> =
        session.rows(&format!("listing the tables of {database}"), &sql)?;
    let views = catalog::views_of(session, &literal(database))?;
    let found = found.into_iter().map(|(name, kind, engine, rows, bytes)| TableStatus {
        kind: if views.contains(&(database.to_owned(), name.clone())) { "VIEW".to_owned() } else { kind },
        name,
        engine,
        rows,
        row_bytes: bytes.checked_div(rows).unwrap_or(bytes).max(1),
    });
    Ok(found.collect())
}
