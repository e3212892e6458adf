//! Whether anything sensitive is left in what leaves: keyed hashes of the originals, looked up word by word.
//!
//! In: records of the originals, made on the server by the SQL of this room, and outgoing cells. Out: which cells hold
//! an original. Pure: no connection, no file. `README.md` says what is found, what is not, and what it costs.
//!
//! ```text
//! plan   original ──fold──> canonical ──SHA2(scan key, …)──> record                          SQL, on the server
//!        records ──> Tally ──> runs, each record once, sealed in the work schema             here, in memory
//! dump   records ──> Filter;  cell ──views──> words ──fold──> runs of words ──> Filter       here, in memory
//! ```

mod filter;
mod fold;
mod seal;
mod sniffer;
mod sql;
mod stop;
mod tally;
mod views;
mod words;

pub use filter::{Filter, Known, RECORD_BYTES, Record, hash_of, stop_hashes};
pub use fold::Fold;
pub use seal::seal;
pub use sniffer::{Scanner, Sniffer};
pub use sql::{Records, SearchedValues, VALUE_CHARACTERS_MAX, canonical, folded, lower};
pub use tally::RecordTally;

/// Shorter originals are not looked for: they are found everywhere (bytes of the canonical form).
pub const LENGTH_MIN: usize = 5;

/// Longer originals are not looked for, but as parts of themselves (bytes of the canonical form).
pub const LENGTH_MAX: usize = 128;

/// Numbers with fewer digits say nothing of anybody.
const DIGITS_MIN: usize = 6;

/// Numbers with fewer digits are told only where they are all of a text: ids and dates look like them.
const DIGITS_ANYWHERE: usize = 9;

/// Single words of letters that are shorter are told only where they are all of a value: a name may be a word.
const LETTERS_ANYWHERE: usize = 8;

/// Length of the scan key.
pub const KEY_BYTES: usize = 32;

/// What kind of value a canonical text comes from: part of what is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueSort {
    /// One word, such as a last name.
    Word,
    /// Several words, or anything between, before or behind.
    Strong,
}

/// All the sorts of values that are hashed.
pub(crate) const SORTS: &[ValueSort] = &[ValueSort::Word, ValueSort::Strong];

impl ValueSort {
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Word => "w",
            Self::Strong => "s",
        }
    }
}
