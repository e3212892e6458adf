//! Which tables' composite keys a table repeats, by names alone.
//!
//! In: the catalog, which columns refer on their own. Out: child, parent and the child's columns in the order of the
//! parent's key: `lines(region, order_no)` repeats the key of `orders(region, order_no)`, and `lines(region, order_id)`
//! that of `orders(region, id)`.

use super::lexicon::{common_prefix, table_words};
use crate::catalog::{Catalog, Family, Table, singulars, words};

/// The candidates, in the catalog's order.
pub(crate) fn of(
    catalog: &Catalog,
    refers: &dyn Fn(usize, &str) -> bool,
) -> Vec<(usize, usize, Vec<String>)> {
    let prefix = common_prefix(catalog);
    let mut found = Vec::new();
    for (parent, table) in catalog.tables.iter().enumerate() {
        let key = table.key();
        let moments = key.iter().any(|column| column.family() == Family::Time);
        // A key made of references only is a link between other tables; nobody refers to it by its parts.
        let own = key.iter().any(|column| !refers(parent, &column.name));
        if key.len() < 2 || moments || !own {
            continue;
        }
        let name = table_words(&table.name, prefix.as_deref());
        for (child, other) in catalog.tables.iter().enumerate().filter(|(at, _)| *at != parent) {
            let columns: Option<Vec<String>> =
                key.iter().map(|column| repeated(other, &name, &column.name)).collect();
            let Some(columns) = columns else { continue };
            let same = other.key().iter().map(|column| column.name.clone()).collect::<Vec<_>>() == columns;
            // With the same key on both ends, the longer name is the dependent one.
            if !same || table_words(&other.name, prefix.as_deref()).starts_with(&name) {
                found.push((child, parent, columns));
            }
        }
    }
    found
}

/// The child's column for one of the parent's key: of the same name, or with the parent's name before it.
fn repeated(child: &Table, parent: &[String], column: &str) -> Option<String> {
    const GENERIC: &[&str] = &["id", "no", "nr", "number", "code", "key"];
    if !GENERIC.contains(&column.to_lowercase().as_str()) {
        return child.column(column).map(|found| found.name.clone());
    }
    let wanted: Vec<String> = parent.iter().cloned().chain(std::iter::once(column.to_lowercase())).collect();
    let fits = |name: &str| singulars(&words(name)) == wanted;
    child.columns.iter().find(|other| fits(&other.name)).map(|found| found.name.clone())
}
