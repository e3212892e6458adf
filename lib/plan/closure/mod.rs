//! Which rows come along: two monotone phases over sets of primary keys, on the server.
//!
//! In: a blueprint. Out: key tables with every kept row, how far from the roots it is
//! (`gen`) and along which relation it came (`edge`: plus its number down, minus its number up, 0 a root); then one SELECT a table.
//!
//! ```text
//! keep = D = roots;  repeat D += owned children of D until nothing new        (generations 1..last_down)
//! repeat keep += parents referenced by keep until nothing new                 (generations last_down+1..)
//! ```
//!
//! Each round looks only at rows of the round before. A row reached upwards never brings its children. Sets only
//! grow, so the order of relations does not matter; it does decide which of several reasons a row is filed under.
//!
//! `roots` and `per_value` choose generation 0, `collect` does the rounds with the statements of `sql` and `steps`, `drops` takes
//! back, `fit` searches for how much fits, `selects` says what leaves; `pool` and `kill_on_signal` are about connections.

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
