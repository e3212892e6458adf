//! What `information_schema` says about a database and its tables.
//!
//! In: a connection and a database. Out: plain data for the [outline](super::schema).

use crate::archive::DatabaseEntry;
use crate::catalog;
use crate::dump::error::Error;
use crate::mysql::Session;
use crate::sql::literal;

/// One row of `information_schema.TABLES`. `rows` and `row_bytes` are the server's estimates.
pub(crate) struct TableStatus {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) engine: String,
    pub(crate) rows: u64,
    pub(crate) row_bytes: u64,
}

impl TableStatus {
    /// True if the table's rows are part of a snapshot. The engine's name decides, not a definition, whose comments can say
    /// anything.
    pub(crate) fn is_transactional(&self) -> bool {
        self.engine == "InnoDB"
    }
}

/// Reads a database's default character set and collation. Fails when this account sees no such database.
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

/// Returns the tables, views and sequences of a database. Sequences come first, since a table's default may use one.
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
