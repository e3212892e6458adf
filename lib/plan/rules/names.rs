//! Finds the tables and columns that `refresh.toml` names. The error for an unknown name proposes a similar one.

use crate::catalog::{Catalog, Column, Table};
use crate::config::{TableName, Wrong, nearest};

/// Position of the only table with that name.
pub(crate) fn table_named(catalog: &Catalog, name: &TableName) -> Result<usize, Wrong> {
    let fits = |table: &Table| {
        table.name == name.table && name.database.as_ref().is_none_or(|database| *database == table.database)
    };
    let mut found = catalog.tables.iter().enumerate().filter(|(_, table)| fits(table));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (Some((_, one)), Some((_, other))) => Err((
            format!("{name} is in more than one database"),
            Some(format!("write {:?} or {:?}", one.label(), other.label())),
        )),
        (None, _) => {
            let names = catalog.tables.iter().map(|table| table.name.as_str());
            let hint = nearest(&name.table, names).map(|name| format!("did you mean `{name}`?"));
            Err((format!("there is no table {name}"), hint))
        }
    }
}

/// The table's column with that name.
pub(crate) fn column_named<'a>(table: &'a Table, name: &str) -> Result<&'a Column, Wrong> {
    table.column(name).ok_or_else(|| {
        let hint = nearest(name, table.columns.iter().map(|column| column.name.as_str()))
            .map(|name| format!("did you mean `{name}`?"));
        (format!("{} has no column `{name}`", table.label()), hint)
    })
}
