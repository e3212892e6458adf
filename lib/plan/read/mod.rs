//! Finds kept rows that can be read more cheaply than by keys of their own: along a relation, or as a range of the table's key.
//!
//! In: a blueprint, and key tables. Out: which tables need no keys (`along`), and within which ranges of its key every row of a
//! table is kept (`whole_range`). Both only if nobody else writes on the server: a dump must later read the rows that the plan
//! counts.

pub(super) mod along;
pub(super) mod whole_range;
