//! What stands for "no reference" in a column, where anything does.

use super::edge::Edge;
use crate::catalog::{Column, Table};

/// What stands for "no reference" in a column, if anything does.
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

/// Which column of a relation is set to nothing: the last that can be.
pub(crate) fn nullable_column<'a>(table: &'a Table, edge: &Edge) -> Option<&'a Column> {
    let columns = edge.child_columns.iter().rev().filter_map(|name| table.column(name));
    columns.into_iter().find(|column| nothing(column).is_some())
}
