//! The order in which rows leave: it must not tell what masks hide.
//!
//! In: the columns of a table's plan and its key. Out: whether the rows leave in the order of the key, of a hash, or in
//! none.
//!
//! Without ORDER BY a server gives rows in the order of some index, which may be the order of the originals. In the order
//! of a masked key, the n-th row would belong to the n-th original. The hash covers every value of a row as it leaves, so
//! rows with the same hash are equal. Its key is the masks' own, so that nobody can find the order again by trying.

use super::kinds::expression::keyed;
use crate::document::{ColumnPlan, TablePlan};
use crate::sql::name;

/// How the rows of a table are ordered, so that the same data gives the same dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By the table's key, whose columns are not masked.
    Key,
    /// By a keyed hash of each masked row: the table's key is masked, or it has no key.
    Hash,
    /// By nothing: the table has no key, and no column of it is masked.
    None,
}

/// Chooses the order: it depends on which columns of the table are masked.
pub fn order(plan: &TablePlan) -> Order {
    let clear = |key: &String| plan.columns.iter().any(|column| column.name == *key && is_clear(column));
    let hides = plan.columns.iter().any(|column| !is_clear(column));
    match plan.key.as_slice() {
        [] if hides => Order::Hash,
        [] => Order::None,
        // A generated column is not among the plan's columns. As a key it counts as masked: it may be computed from a
        // masked column.
        key if hides && !key.iter().all(clear) => Order::Hash,
        _ => Order::Key,
    }
}

/// Whether a column is in the dump as it is in the source.
pub fn is_clear(column: &ColumnPlan) -> bool {
    column.expression == format!("t.{}", name(&column.name))
}

/// SQL for the hash of a row, 32 bytes to order by. Each value is hashed by itself first: so values of any length, type
/// and character set can be joined, and two different rows never give the same joined text.
pub fn row_hash<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let parts: Vec<String> =
        values.into_iter().map(|value| format!("COALESCE(SHA2({value}, 256), '-')")).collect();
    format!("UNHEX({})", keyed("row", &format!("CONCAT({})", parts.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(key: &[&str], columns: &[(&str, &str)]) -> TablePlan {
        let column = |(name, expression): &(&str, &str)| ColumnPlan {
            name: (*name).to_owned(),
            expression: (*expression).to_owned(),
            ..ColumnPlan::default()
        };
        TablePlan {
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            columns: columns.iter().map(column).collect(),
            ..TablePlan::default()
        }
    }

    #[test]
    fn only_a_key_that_leaves_as_it_is_orders_what_is_masked() {
        let clear = [("id", "t.`id`"), ("mail", "t.`mail`")];
        let masked = [("id", "t.`id`"), ("mail", "f(t.`mail`)")];
        assert_eq!(order(&plan(&["id"], &masked)), Order::Key);
        assert_eq!(order(&plan(&["id", "mail"], &clear)), Order::Key);
        assert_eq!(order(&plan(&[], &clear)), Order::None);
        assert_eq!(order(&plan(&[], &masked)), Order::Hash);
        assert_eq!(order(&plan(&["mail"], &masked)), Order::Hash);
        assert_eq!(order(&plan(&["id", "mail"], &masked)), Order::Hash);
        assert_eq!(
            order(&plan(&["lower_mail"], &masked)),
            Order::Hash,
            "computed from what is masked, perhaps"
        );
        assert_eq!(order(&plan(&["double_id"], &clear)), Order::Key);
    }

    #[test]
    fn nothing_at_all_is_no_value() {
        assert_eq!(
            row_hash(["t.`a`", "f(t.`b`)"]),
            "UNHEX(SHA2(CONCAT(@refreshkit_key, 'row:', CONCAT(COALESCE(SHA2(t.`a`, 256), '-'), \
             COALESCE(SHA2(f(t.`b`), 256), '-')), @refreshkit_key), 256))"
        );
    }
}
