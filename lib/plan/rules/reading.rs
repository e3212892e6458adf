//! Which tables are read without keys of their own, and their counted rows. Plain data; the wing `read` decides.

use std::collections::BTreeMap;

use crate::document::WholeRange;

/// In tables with fewer rows, writing keys takes too little time to be worth saving.
const ROWS_MIN: u64 = 20_000;

/// Ranges with a smaller share of the kept rows would save too little.
const SHARE_PERCENT: u64 = 80;

/// Tables read without keys of their own, and limits for choosing them.
#[derive(Debug, Clone)]
pub struct KeylessReading {
    /// True if nobody else writes on the server, so that a dump will read the rows that are counted now.
    pub still: bool,
    /// Tables with fewer rows are not considered.
    pub rows_min: u64,
    /// Ranges are used if they hold this many per cent of the kept rows. The other rows are read by their keys or their parents.
    pub share_percent: u64,
    /// Tables that are read along a relation, by position: chosen before the closure, some struck out in it.
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
    /// The counted rows; none until the parents' keys are collected.
    pub found: Option<CountedRows>,
}

/// How many rows of a table are kept, and in which ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedRows {
    /// Number of kept rows, in ranges or not.
    pub rows: u64,
    /// Ranges of the table's key in which every row is kept. They hold most of the kept rows.
    pub ranges: Vec<WholeRange>,
}

impl CountedRows {
    /// Number of kept rows outside of the ranges.
    pub(crate) fn beside(&self) -> u64 {
        self.rows - self.ranges.iter().map(|range| range.rows).sum::<u64>().min(self.rows)
    }
}
