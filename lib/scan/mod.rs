//! The scan: finds originals that are left in a dump. Words of each cell are looked up among keyed hashes of the originals.
//!
//! In: records of the originals, which the server makes with the SQL of this room, and outgoing cells. Out: which cells
//! hold an original. No connection, no file. `README.md` says what is found, what is not, and what the scan costs.
//!
//! ```text
//! plan   original ──fold──> canonical ──SHA2(scan key, …)──> record                         SQL, on the server
//!        records ──> RecordTally ──> runs of records, sealed in the work schema             here, in memory
//! dump   records ──> Filter;  cell ──views──> words ──fold──> runs of words ──> Filter      here, in memory
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

/// Fewest bytes of an original's canonical form. Shorter originals are not searched for: they would be found everywhere.
pub const LENGTH_MIN: usize = 5;

/// Most bytes of an original's canonical form. Longer originals are not searched for, except for the parts of a person's name.
pub const LENGTH_MAX: usize = 128;

/// Fewest digits of a number that is searched for: shorter numbers tell nothing about a person.
const DIGITS_MIN: usize = 6;

/// A number with fewer digits counts only where it is a whole value: ids and dates look like it.
const DIGITS_ANYWHERE: usize = 9;

/// A single word of letters with fewer bytes counts only where it is a whole value: a name may also be an ordinary word.
const LETTERS_ANYWHERE: usize = 8;

/// Length of the scan key in bytes.
pub const KEY_BYTES: usize = 32;

/// Kind of the value that a canonical text comes from. Its letter is hashed together with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueSort {
    /// One word, such as a last name.
    Word,
    /// Several words, or a value with other characters between, before or after its letters and digits.
    Strong,
}

/// All sorts of values that are hashed.
pub(crate) const SORTS: &[ValueSort] = &[ValueSort::Word, ValueSort::Strong];

impl ValueSort {
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Word => "w",
            Self::Strong => "s",
        }
    }
}
