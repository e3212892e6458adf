//! How kept rows are read cheaper than by their keys: without keys along a relation, and as a range of the primary key.
//!
//! In: a blueprint, and key tables of the parents. Out: which tables need no keys (`along`), and within which range of its key
//! every row of a table is kept (`whole_range`). Both only where nobody else writes: a plan counts what a dump reads later.

pub(super) mod along;
pub(super) mod whole_range;
