//! The closure: collects the keys of all kept rows, on the server, in two phases in which sets of keys only grow.
//!
//! In: a blueprint. Out: key tables with every kept row, its distance from the roots (`gen`) and the relation that brought it
//! (`edge`: plus its number in the down phase, minus its number in the up phase, 0 for a root); then one SELECT a table.
//!
//! ```text
//! keep = D = roots;  repeat D += owned children of D until nothing new        (generations 1..last_down)
//! repeat keep += parents referenced by keep until nothing new                 (generations last_down+1..)
//! ```
//!
//! Each round looks only at rows of the round before. A row reached upwards never brings its children. Sets only grow, so the
//! order of relations does not change which rows are kept; it decides which of several relations is a row's `edge`.
//!
//! `roots` and `per_value` choose generation 0, `collect` does the rounds with the statements of `sql` and `steps`, `drops` takes
//! rows back (`up = "drop"`), `fit` searches for how much fits, `selects` writes the SELECTs; `pool` and `kill_on_signal` are
//! about connections.

pub(super) mod collect;
pub(super) mod conditions;
pub(super) mod drops;
pub(super) mod fit;
pub(super) mod kill_on_signal;
pub(super) mod per_value;
pub(super) mod pool;
pub(super) mod roots;
pub(super) mod selects;
pub(super) mod sql;
pub(super) mod steps;
