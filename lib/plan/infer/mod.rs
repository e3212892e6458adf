//! Relations that nobody declared: names propose, data verifies.
//!
//! In: the catalog, the relations that are known, a session. Out: `proposals`, as TOML to paste. `candidates` and `by_table` (one column,
//! by the words of `lexicon` and `roles`, in the ways of `readings` and `spelling`), `composites` (several) and `joins` (statements of
//! the application, which `statements` reads) propose; `sample` looks values up.

pub(super) mod by_table;
pub(super) mod candidates;
pub(super) mod composites;
pub(super) mod joins;
pub(super) mod lexicon;
pub(super) mod proposals;
pub(super) mod readings;
pub(super) mod roles;
pub(super) mod sample;
pub(super) mod spelling;
pub(super) mod statements;
