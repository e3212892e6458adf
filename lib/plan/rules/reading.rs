//! How kept rows are read without keys of their own: which tables, and what was found of them. Plain data; the wing `read` decides.

use std::collections::BTreeMap;

use crate::document::WholeRange;

/// Below so many rows, writing keys takes no time worth saving.
const ROWS_MIN: u64 = 20_000;

/// Ranges that hold less of the kept rows than this would save little.
const SHARE_PERCENT: u64 = 80;

/// How rows are read without their keys.
#[derive(Debug, Clone)]
pub struct KeylessReading {
    /// Whether nobody else writes on the server: what is counted now is what a dump will read.
    pub still: bool,
    /// Tables with fewer rows are not worth a look.
    pub rows_min: u64,
    /// Ranges must hold so many per cent of the kept rows: the others are read by their keys or their parents.
    pub share_percent: u64,
    /// The tables that are read along a relation, by position: asked for before the closure, found or struck out in it.
    pub along: BTreeMap<usize, Along>,
}

impl Default for KeylessReading {
    fn default() -> Self {
        Self { still: false, rows_min: ROWS_MIN, share_percent: SHARE_PERCENT, along: BTreeMap::new() }
    }
}

/// A table that is read along a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Along {
    /// Number of the relation, counted from 1.
    pub edge: usize,
    /// What was found, once the parents' keys are there.
    pub found: Option<CountedRows>,
}

/// The kept rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedRows {
    /// Number of kept rows, in ranges or not.
    pub rows: u64,
    /// Ranges of the table's key that hold most of them, without a gap.
    pub ranges: Vec<WholeRange>,
}

impl CountedRows {
    /// How many rows are in none of the ranges.
    pub(crate) fn beside(&self) -> u64 {
        self.rows - self.ranges.iter().map(|range| range.rows).sum::<u64>().min(self.rows)
    }
}
