//! The compiled masks as plain data: which column becomes what.

use std::collections::BTreeMap;

use super::traits::LeakTraits;

/// The compiled masks of a catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masks {
    by_column: BTreeMap<(usize, String), Mask>,
}

/// How one column is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// `email`, `hash`, …; `keep` where clear values were declared to be fine; `email+text` where rows differ.
    pub kind: String,
    /// What those who look for leaks must know of it.
    pub nature: LeakTraits,
    /// Values of one domain mask equally in every table.
    pub domain: String,
    /// SQL over alias `t`.
    pub expression: String,
    /// The same with the column's name left out: equal for columns that mask alike.
    pub recipe: String,
    /// Whether different inputs can give the same output.
    pub lossy: bool,
    /// So many first characters of the result keep values apart, where `lossy` is false.
    pub telling: u64,
    /// Whether SQL of `refresh.toml` is in it, which only the server can check.
    pub written: bool,
    /// The rule in `[mask]`, for messages.
    pub rule: String,
}

impl Masks {
    /// Adds what `[mask]` says of a column.
    pub(crate) fn insert(&mut self, table: usize, column: &str, mask: Mask) {
        self.by_column.insert((table, column.to_lowercase()), mask);
    }

    /// The mask of a column; none where the column comes as it is.
    pub fn of(&self, table: usize, column: &str) -> Option<&Mask> {
        self.declared(table, column).filter(|mask| mask.kind != "keep")
    }

    /// What `[mask]` says of a column, `keep` too.
    pub fn declared(&self, table: usize, column: &str) -> Option<&Mask> {
        self.by_column.get(&(table, column.to_lowercase()))
    }

    /// Every column that `[mask]` says something of.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &str, &Mask)> {
        self.by_column.iter().map(|((table, column), mask)| (*table, column.as_str(), mask))
    }
}
