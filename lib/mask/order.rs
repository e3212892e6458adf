//! The order in which rows leave: it must not say what masks hide.
//!
//! In: the columns of a table's plan and its key. Out: whether the rows leave by the key, by a hash, or as they come.
//!
//! A server that is asked for no order gives that of an index it likes, which may be the order of the originals; and by a masked
//! key, the n-th row would tell which original was the n-th. The hash is over everything that leaves of a row, so that rows that
//! have the same hash are the same row; its key is the masks' own, so that nobody can find the order again by trying.

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
    /// By nothing: the table has no key, and nothing of it is masked either.
    None,
}

/// Decides by which columns of the table are masked.
pub fn order(plan: &TablePlan) -> Order {
    let clear = |key: &String| plan.columns.iter().any(|column| column.name == *key && is_clear(column));
    let hides = plan.columns.iter().any(|column| !is_clear(column));
    match plan.key.as_slice() {
        [] if hides => Order::Hash,
        [] => Order::None,
        // A key of a computed column leaves with what it is computed from.
        key if hides && !key.iter().all(clear) => Order::Hash,
        _ => Order::Key,
    }
}

/// Whether a column is in the dump as it is in the source.
pub fn is_clear(column: &ColumnPlan) -> bool {
    column.expression == format!("t.{}", name(&column.name))
}

/// The hash of a row: SQL to order by, 32 bytes. Each value is hashed by itself first, so that values of any length, type and
/// character set can stand side by side, and a value is never taken for two.
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
