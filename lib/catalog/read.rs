//! Reads the catalog from `information_schema` of MySQL or MariaDB.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::listing;
use super::types::{Catalog, Column, ForeignKey, Index, IndexPart, Table};
use crate::mysql::{Engine, Error, Session};
use crate::sql::literal;

type TableId = (String, String);

impl Catalog {
    /// Reads the catalog of `databases`; without any it is empty.
    pub fn read(session: &mut Session, databases: &[String]) -> Result<Self, Error> {
        if databases.is_empty() {
            return Ok(Self::default());
        }
        catalog(session, databases)
    }
}

fn catalog(session: &mut Session, databases: &[String]) -> Result<Catalog, Error> {
    // Otherwise MySQL returns row estimates that are up to a day old. MariaDB does not know the variable.
    session.attempt("SET SESSION information_schema_stats_expiry = 0");
    let list: Vec<String> = databases.iter().map(|name| literal(name)).collect();
    let list = list.join(", ");
    let mut catalog = Catalog { tables: tables(session, &list)? };
    catalog.tables.sort_by(|a, b| (&a.database, &a.name).cmp(&(&b.database, &b.name)));
    let places: HashMap<TableId, usize> =
        catalog.tables.iter().enumerate().map(|(at, t)| ((t.database.clone(), t.name.clone()), at)).collect();
    columns(session, &list, &places, &mut catalog)?;
    json(session, &list, &places, &mut catalog)?;
    indexes(session, &list, &places, &mut catalog)?;
    foreign_keys(session, &list, &places, &mut catalog)?;
    Ok(catalog)
}

type TableRow = (String, String, Option<String>, Option<u64>, u64);

fn tables(session: &mut Session, list: &str) -> Result<Vec<Table>, Error> {
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_ROWS, COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) \
         FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA IN ({list}) AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
    );
    let rows: Vec<TableRow> = session.rows("listing tables", &sql)?;
    let views = views_of(session, list)?;
    Ok(rows
        .into_iter()
        .filter(|row| !views.contains(&(row.0.clone(), row.1.clone())))
        .map(|(database, name, engine, rows, bytes)| Table {
            database,
            name,
            engine: engine.unwrap_or_default(),
            rows_estimate: rows.unwrap_or_default(),
            bytes,
            ..Table::default()
        })
        .collect())
}

/// Database and name of the views; `list` is a list of literals, the databases. This needs a query of its own: if more than the
/// name is selected, MariaDB calls a view that it cannot read a base table.
pub(crate) fn views_of(session: &mut Session, list: &str) -> Result<BTreeSet<(String, String)>, Error> {
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA IN ({list}) AND TABLE_TYPE = 'VIEW'"
    );
    Ok(session.rows::<(String, String)>("listing views", &sql)?.into_iter().collect())
}

type ColumnRow = (
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    Option<u64>,
    Option<u64>,
    Option<String>,
    Option<String>,
    String,
    String,
);

fn columns(
    session: &mut Session,
    list: &str,
    places: &HashMap<TableId, usize>,
    catalog: &mut Catalog,
) -> Result<(), Error> {
    let values = "TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, \
         NUMERIC_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_TYPE, CONCAT_WS('|', EXTRA, GENERATION_EXPRESSION)";
    let rows: Vec<ColumnRow> = listing::columns(session, "listing columns", values, list, "")?;
    for (
        database,
        table,
        name,
        default,
        nullable,
        data_type,
        length,
        precision,
        charset,
        collation,
        ty,
        extra,
    ) in rows
    {
        let Some(at) = places.get(&(database, table)) else { continue };
        // `extra` holds two values, because a row has at most twelve.
        let (extra, expression) = extra.split_once('|').unwrap_or((&extra, ""));
        let extra = extra.to_ascii_uppercase();
        catalog.tables[*at].columns.push(Column {
            name,
            data_type: data_type.to_ascii_lowercase(),
            column_type: ty,
            length,
            precision,
            charset,
            collation,
            default,
            nullable: nullable == "YES",
            // DEFAULT_GENERATED only says that the default is an expression.
            generated: extra.contains("VIRTUAL GENERATED") || extra.contains("STORED GENERATED"),
            expression: Some(expression.to_owned()).filter(|expression| !expression.is_empty()),
            invisible: extra.contains("INVISIBLE"),
            auto_increment: extra.contains("AUTO_INCREMENT"),
        });
    }
    Ok(())
}

/// Sets the type of JSON columns on MariaDB, where JSON is a LONGTEXT with a CHECK `json_valid`.
fn json(
    session: &mut Session,
    list: &str,
    places: &HashMap<TableId, usize>,
    catalog: &mut Catalog,
) -> Result<(), Error> {
    if session.engine() != Engine::MariaDb {
        return Ok(());
    }
    let sql = format!(
        "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS \
         WHERE CONSTRAINT_SCHEMA IN ({list}) \
         AND LOWER(CHECK_CLAUSE) = CONCAT('json_valid(`', LOWER(REPLACE(CONSTRAINT_NAME, '`', '``')), '`)')"
    );
    let rows: Vec<(String, String, String)> = session.rows("listing JSON columns", &sql)?;
    for (database, table, name) in rows {
        let Some(at) = places.get(&(database, table)) else { continue };
        let columns = &mut catalog.tables[*at].columns;
        if let Some(column) = columns.iter_mut().find(|c| c.name == name && c.data_type == "longtext") {
            "json".clone_into(&mut column.data_type);
        }
    }
    Ok(())
}

type IndexRow = (String, String, String, u64, Option<String>, Option<u64>, Option<String>);

fn indexes(
    session: &mut Session,
    list: &str,
    places: &HashMap<TableId, usize>,
    catalog: &mut Catalog,
) -> Result<(), Error> {
    for row in index_rows(session, "listing indexes", list)? {
        if let Some(at) = places.get(&(row.0.clone(), row.1.clone())) {
            add_index_part(&mut catalog.tables[*at].indexes, row);
        }
    }
    Ok(())
}

/// The indexes of a database, by table, each table's primary key first. FULLTEXT and SPATIAL indexes are left out.
pub(crate) fn indexes_of(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<Index>>, Error> {
    let mut tables: BTreeMap<String, Vec<Index>> = BTreeMap::new();
    for row in index_rows(session, &format!("reading the keys of {database}"), &literal(database))? {
        add_index_part(tables.entry(row.1.clone()).or_default(), row);
    }
    Ok(tables)
}

fn index_rows(session: &mut Session, deed: &str, list: &str) -> Result<Vec<IndexRow>, Error> {
    // MariaDB has no indexes on expressions, and no column EXPRESSION.
    let expression = if session.engine() == Engine::MySql { "EXPRESSION" } else { "NULL" };
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, {expression} \
         FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN ({list}) \
         AND INDEX_TYPE NOT IN ('FULLTEXT', 'SPATIAL') \
         ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX"
    );
    session.rows(deed, &sql)
}

fn add_index_part(indexes: &mut Vec<Index>, row: IndexRow) {
    let (_, _, name, non_unique, column, prefix, expression) = row;
    if indexes.last().is_none_or(|last| last.name != name) {
        indexes.push(Index { name, unique: non_unique == 0, parts: Vec::new() });
    }
    if let Some(last) = indexes.last_mut() {
        last.parts.push(IndexPart { column, prefix, expression });
    }
}

type ForeignKeyRow = (String, String, String, String, String, String, String);

fn foreign_keys(
    session: &mut Session,
    list: &str,
    places: &HashMap<TableId, usize>,
    catalog: &mut Catalog,
) -> Result<(), Error> {
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, \
         REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME \
         FROM information_schema.KEY_COLUMN_USAGE \
         WHERE TABLE_SCHEMA IN ({list}) AND REFERENCED_TABLE_NAME IS NOT NULL \
         ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"
    );
    let rows: Vec<ForeignKeyRow> = session.rows("listing foreign keys", &sql)?;
    for (database, table, name, column, parent_database, parent_table, parent_column) in rows {
        let Some(at) = places.get(&(database, table)) else { continue };
        let keys = &mut catalog.tables[*at].foreign_keys;
        if keys.last().is_none_or(|last| last.name != name) {
            keys.push(ForeignKey { name, parent_database, parent_table, ..ForeignKey::default() });
        }
        if let Some(last) = keys.last_mut() {
            last.columns.push(column);
            last.parent_columns.push(parent_column);
        }
    }
    Ok(())
}
