//! Tells whether an index finds the children of a parent, with the relation's condition taken into account.
//!
//! In: a relation and its child table. Out: yes or no. The answer decides how fast a step is, never which rows it finds.

use super::edge::Edge;
use crate::catalog::{Column, Family, Table};
use crate::sql::{self, Constant};

/// True if an index begins with the columns that refer, or with them and columns that the relation's condition sets to
/// a constant: `(owner_type, owner_id)` under `owner_type = 'application'`.
pub(crate) fn indexed(child: &Table, edge: &Edge) -> bool {
    if edge.cast.is_some() {
        return false;
    }
    let fixed = edge.filter.as_deref().map_or(Vec::new(), |filter| constants(child, filter));
    let mut wanted = edge.child_columns.clone();
    if child.indexed(&wanted) {
        return true;
    }
    wanted.extend(fixed);
    child.indexed_fully(&wanted, &edge.child_columns)
}

/// Columns that a condition sets to a constant of their own kind (text or number). None if it has OR, NOT or parentheses.
fn constants(child: &Table, filter: &str) -> Vec<String> {
    let fits = |found: &Constant<'_>| {
        let column: &Column = child.column(&found.column)?;
        let is_text = found.value.starts_with('\'');
        let fits = match column.family() {
            Family::Text | Family::Choice => is_text,
            Family::Exact => !is_text,
            _ => false,
        };
        fits.then(|| column.name.clone())
    };
    sql::constants(filter).iter().filter_map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |name: &str, data_type: &str| Column {
            name: name.to_owned(),
            data_type: data_type.to_owned(),
            ..Column::default()
        };
        Table { columns: vec![column("kind", "varchar"), column("n", "int")], ..Table::default() }
    }

    #[test]
    fn a_condition_that_sets_columns_to_constants_is_understood() {
        for (filter, found) in [
            ("kind = 'application'", vec!["kind"]),
            ("`kind`='a'", vec!["kind"]),
            ("c.kind = 'a' AND n = 3", vec!["kind", "n"]),
            ("kind = 'a' and n > 3", vec!["kind"]),
        ] {
            assert_eq!(constants(&table(), filter), found, "{filter}");
        }
    }

    #[test]
    fn any_other_condition_says_nothing() {
        for filter in [
            "kind = 'a' OR n = 1",
            "kind = 3",
            "n = 'x'",
            "(kind = 'a')",
            "kind = 'a' 'b'",
            "other = 'a'",
            "kind <> 'a'",
            "n = n",
        ] {
            assert_eq!(constants(&table(), filter), Vec::<String>::new(), "{filter}");
        }
    }
}
