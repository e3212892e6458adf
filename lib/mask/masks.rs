//! The compiled masks as plain data: the SQL for each masked column.

use std::collections::BTreeMap;

use super::traits::LeakTraits;

/// The compiled masks of a catalog's columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masks {
    by_column: BTreeMap<(usize, String), Mask>,
}

/// How one column is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// The kind's name: `email`, `hash`, …; `keep` where clear values are declared fine; `email+text` where rows have
    /// different kinds.
    pub kind: String,
    /// What the scan and the search for copies must know of the kind.
    pub nature: LeakTraits,
    /// The mask's domain: equal values of one domain mask equally in every table.
    pub domain: String,
    /// SQL over alias `t`.
    pub expression: String,
    /// `expression` with `?` for the column, so that columns which mask alike have the same recipe.
    pub recipe: String,
    /// Whether different inputs can give the same output.
    pub lossy: bool,
    /// How many first characters of the result keep values apart, where `lossy` is false.
    pub telling: u64,
    /// Whether `expression` holds SQL of `refresh.toml`, which only the server can check.
    pub written: bool,
    /// The rule's name in `[mask]`, for messages.
    pub rule: String,
}

impl Masks {
    /// Adds the mask of a column; `table` is the position in the catalog.
    pub(crate) fn insert(&mut self, table: usize, column: &str, mask: Mask) {
        self.by_column.insert((table, column.to_lowercase()), mask);
    }

    /// The mask of a column; nothing without a rule or with `keep`.
    pub fn of(&self, table: usize, column: &str) -> Option<&Mask> {
        self.declared(table, column).filter(|mask| mask.kind != "keep")
    }

    /// The mask of a column, `keep` too; nothing without a rule.
    pub fn declared(&self, table: usize, column: &str) -> Option<&Mask> {
        self.by_column.get(&(table, column.to_lowercase()))
    }

    /// Every column that has a rule: the position of its table, its name in lower case, its mask.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &str, &Mask)> {
        self.by_column.iter().map(|((table, column), mask)| (*table, column.as_str(), mask))
    }
}
