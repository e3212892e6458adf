//! The value that means "no reference" in a column, and the column of a relation that takes it.

use super::edge::Edge;
use crate::catalog::{Column, Table};

/// The value that means "no reference" in a column: NULL, or a default of 0, -1 or ''.
pub(crate) fn nothing(column: &Column) -> Option<&'static str> {
    let default = column.default.as_deref().map(|default| default.trim_matches('\''));
    match default {
        _ if column.nullable => Some("NULL"),
        Some("0") => Some("0"),
        Some("-1") => Some("-1"),
        Some("") => Some("''"),
        _ => None,
    }
}

/// The column that `up = "nullify"` empties: the last child column that can hold "no reference".
pub(crate) fn nullable_column<'a>(table: &'a Table, edge: &Edge) -> Option<&'a Column> {
    let columns = edge.child_columns.iter().rev().filter_map(|name| table.column(name));
    columns.into_iter().find(|column| nothing(column).is_some())
}
