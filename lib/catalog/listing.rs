//! Single queries, besides the whole catalog that `read.rs` reads: databases, names of tables, columns, CHECK constraints,
//! triggers, definitions.
//!
//! In: a session, names. Out: names and plain data, by queries of `information_schema` and SHOW CREATE. `deed` is what the caller
//! is doing, for the message of an error.

use crate::mysql::{Engine, Error, FromRow, Session, number};
use crate::sql::{literal, qualified, unescaped};

/// A CHECK constraint that the server enforces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckConstraint {
    /// Database of the constraint's table.
    pub(crate) database: String,
    /// Name of the constraint's table, unquoted.
    pub(crate) table: String,
    /// Name of the constraint, unquoted.
    pub(crate) name: String,
    /// The condition, as `information_schema` writes it.
    pub(crate) clause: String,
}

/// A trigger, as SHOW CREATE TRIGGER shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    /// Name of the trigger, unquoted.
    pub(crate) name: String,
    /// The SQL mode that the trigger runs with.
    pub(crate) sql_mode: String,
    /// The whole CREATE TRIGGER statement, with the definer.
    pub(crate) create: String,
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ")
}

/// Those of `databases` that exist and that this user may see.
pub(crate) fn known_databases(session: &mut Session, databases: &[String]) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ({})",
        list(databases)
    );
    session.rows("listing databases", &sql)
}

/// All databases that this user may see, except those of the server itself.
pub(crate) fn user_databases(session: &mut Session) -> Result<Vec<String>, Error> {
    let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA \
               WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY SCHEMA_NAME";
    session.rows("listing databases", sql)
}

/// True if a database of that name exists and this user may see it.
pub(crate) fn has_database(session: &mut Session, deed: &str, database: &str) -> Result<bool, Error> {
    let sql = format!("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}", literal(database));
    Ok(session.first::<u8>(deed, &sql)?.is_some())
}

/// True if a table or view of that name exists and this user may see it.
pub(crate) fn has_table(
    session: &mut Session,
    deed: &str,
    database: &str,
    table: &str,
) -> Result<bool, Error> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
        literal(database),
        literal(table)
    );
    Ok(session.first::<u64>(deed, &sql)?.unwrap_or_default() > 0)
}

/// The number of tables and views of a database, and how many of them are called `table` (0 or 1).
pub(crate) fn count_tables(
    session: &mut Session,
    deed: &str,
    database: &str,
    table: &str,
) -> Result<(u64, u64), Error> {
    let sql = format!(
        "SELECT COUNT(*), COUNT(CASE WHEN TABLE_NAME = {} THEN 1 END) \
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        literal(table),
        literal(database)
    );
    Ok(session.first(deed, &sql)?.unwrap_or_default())
}

/// Names of the base tables of a database.
pub(crate) fn base_tables(session: &mut Session, database: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'BASE TABLE'",
        literal(database)
    );
    session.rows("listing tables", &sql)
}

/// Names of the tables whose names begin with `prefix`, which may hold only letters, digits and `_`.
pub(crate) fn tables_beginning(
    session: &mut Session,
    database: &str,
    prefix: &str,
) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME LIKE '{}%'",
        literal(database),
        prefix.replace('_', "\\_")
    );
    session.rows("listing tables", &sql)
}

/// The tables of these databases that have triggers, as `database.table`.
pub(crate) fn tables_with_triggers(
    session: &mut Session,
    databases: &[String],
) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT DISTINCT CONCAT(EVENT_OBJECT_SCHEMA, '.', EVENT_OBJECT_TABLE) FROM information_schema.TRIGGERS \
         WHERE EVENT_OBJECT_SCHEMA IN ({})",
        list(databases)
    );
    session.rows("looking for triggers", &sql)
}

/// The CHECK constraints of these databases; on MySQL only those that are enforced.
pub(crate) fn checks(session: &mut Session, databases: &[String]) -> Result<Vec<CheckConstraint>, Error> {
    let list = list(databases);
    let sql = match session.engine() {
        Engine::MariaDb => format!(
            "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE \
             FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN ({list})"
        ),
        Engine::MySql => format!(
            "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE \
             FROM information_schema.CHECK_CONSTRAINTS AS c JOIN information_schema.TABLE_CONSTRAINTS AS t \
             USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME) \
             WHERE c.CONSTRAINT_SCHEMA IN ({list}) AND t.CONSTRAINT_TYPE = 'CHECK' AND t.ENFORCED = 'YES'"
        ),
    };
    let rows: Vec<(String, String, String, String)> = session.rows("listing CHECK constraints", &sql)?;
    let escaped = session.engine() == Engine::MySql;
    let check = |(database, table, name, clause): (String, String, String, String)| {
        // MySQL escapes the text as in a quoted string.
        let clause = if escaped { unescaped(&clause) } else { clause };
        CheckConstraint { database, table, name, clause }
    };
    Ok(rows.into_iter().map(check).collect())
}

/// The CREATE TABLE statement of a table, as the server writes it.
pub(crate) fn create_table(
    session: &mut Session,
    deed: &str,
    database: &str,
    table: &str,
) -> Result<String, Error> {
    let sql = format!("SHOW CREATE TABLE {}", qualified(database, table));
    Ok(session.first::<(String, String)>(deed, &sql)?.map(|(_, sql)| sql).unwrap_or_default())
}

/// The bodies of views, routines and triggers, each with its database, as far as this user may see them. A query that fails gives
/// none: these texts are only hints.
pub(crate) fn bodies(session: &mut Session, databases: &[String]) -> Vec<(String, String)> {
    let list = list(databases);
    let questions = [
        format!(
            "SELECT TABLE_SCHEMA, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN ({list})"
        ),
        format!(
            "SELECT ROUTINE_SCHEMA, ROUTINE_DEFINITION FROM information_schema.ROUTINES \
             WHERE ROUTINE_SCHEMA IN ({list}) AND ROUTINE_DEFINITION IS NOT NULL"
        ),
        format!(
            "SELECT TRIGGER_SCHEMA, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ({list})"
        ),
    ];
    let ask = |sql: &String| {
        session.rows::<(String, String)>("reading views and routines", sql).unwrap_or_default()
    };
    questions.iter().flat_map(ask).collect()
}

/// The triggers of a table. Triggers of the same timing and event are in the order in which they fire.
pub(crate) fn triggers(
    session: &mut Session,
    deed: &str,
    database: &str,
    table: &str,
) -> Result<Vec<Trigger>, Error> {
    let sql = format!(
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {} \
         AND EVENT_OBJECT_TABLE = {} ORDER BY ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER",
        literal(database),
        literal(table)
    );
    let mut triggers = Vec::new();
    for trigger in session.rows::<String>(deed, &sql)? {
        let sql = format!("SHOW CREATE TRIGGER {}", qualified(database, &trigger));
        if let Some(row) = session.first::<mysql::Row>(deed, &sql)? {
            let text = |at: usize| row.get::<String, usize>(at).unwrap_or_default();
            triggers.push(Trigger { name: text(0), sql_mode: text(1), create: text(2) });
        }
    }
    Ok(triggers)
}
/// Rows of `information_schema.COLUMNS`, in the order of tables and columns. `values` is the list of expressions to select,
/// `condition` a further condition (`AND …`, or empty), `databases` a list of literals.
///
/// MariaDB 11.8 fails the whole query if one view of a database is invalid. Then each table is queried alone, and invalid views
/// are left out: earlier versions list no columns of them either.
pub(crate) fn columns<T: FromRow>(
    session: &mut Session,
    deed: &str,
    values: &str,
    databases: &str,
    condition: &str,
) -> Result<Vec<T>, Error> {
    let of = |which: &str| {
        format!(
            "SELECT {values} FROM information_schema.COLUMNS WHERE {which} {condition} \
             ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
        )
    };
    let refused = |error: &Error| error.number() == Some(number::UNKNOWN);
    match session.rows(deed, &of(&format!("TABLE_SCHEMA IN ({databases})"))) {
        Err(error) if refused(&error) => {}
        outcome => return outcome,
    }
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({databases}) \
         ORDER BY TABLE_SCHEMA, TABLE_NAME"
    );
    let mut columns = Vec::new();
    for (database, table) in session.rows::<(String, String)>(deed, &sql)? {
        let one = format!("TABLE_SCHEMA = {} AND TABLE_NAME = {}", literal(&database), literal(&table));
        match session.rows(deed, &of(&one)) {
            Err(error) if refused(&error) => {}
            outcome => columns.extend(outcome?),
        }
    }
    Ok(columns)
}
