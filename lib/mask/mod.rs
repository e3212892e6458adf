//! What must not leave: `[mask]` rules compiled to SQL expressions.
//!
//! In: the catalog and `[mask]`. Out: [`Masks`]: for each masked column an expression over alias `t`, so that clear
//! text never leaves the server. Equal inputs of one domain mask equally in every table: a normaliser (trim, lower
//! case) and a hash with a key that only the server knows, read into `@refreshkit_key` by each connection.
//!
//! A collation that tells upper from lower case keeps them apart in masks too.
//!
//! NULL stays NULL and the empty text stays empty. What does not fit its column, a lossy mask on a unique index, two
//! ends of a relation that mask differently, a rule that matches nothing: errors with file and line.

mod conditions;
mod detect;
mod ends;
mod error;
mod fit;
mod generated;
mod key;
mod kinds;
mod rules;

use crate::mask::kinds::words;
pub use detect::by_name::{Finding, detect};
pub(crate) use detect::naming::words;
pub use detect::trigger_copies::copies;
pub use ends::{Ends, agree};
pub use error::Error;
pub use key::{Key, key};
pub use kinds::nature::{Outcome, Trace, Value};
pub use rules::{Leaks, Policy, canaries, compile, leaks, policy};

use std::collections::BTreeMap;

use crate::mask::kinds::nature::Nature;

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
    pub nature: Nature,
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

/// The names that masks put in place of real ones.
pub fn dictionary() -> impl Iterator<Item = &'static str> {
    words::FIRST.iter().chain(words::LAST).copied()
}

impl Masks {
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
