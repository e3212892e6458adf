//! What must not leave: `[mask]` rules compiled to SQL expressions.
//!
//! In: the catalog and `[mask]`. Out: [`Masks`]: for each masked column an expression over alias `t`, so that clear text
//! never leaves the server. Equal inputs of one domain mask equally in every table: each is normalised (blanks cut off,
//! lower case) and hashed with the key that every connection has in `@refreshkit_key`.
//!
//! Beside the masks: the search for columns that look personal and have no mask (`detect/`), and the kinds and settings
//! that a configuration may name ([`vocabulary`]), against which every tool checks `[mask]` when it reads the file.
//!
//! Where a collation tells upper from lower case, masks keep upper and lower case apart too.
//!
//! NULL stays NULL and the empty text stays empty. Errors with file and line: a mask that does not fit its column, a
//! lossy mask on a unique index, two ends of a relation that mask differently, a rule that matches nothing.

mod conditions;
mod detect;
mod error;
mod fit;
mod generated;
mod key;
mod kinds;
mod looks;
mod masks;
mod order;
mod propose;
mod rules;
mod traits;

pub(crate) use detect::last_rows;
pub use detect::{
    Detected, Finding, Variety, column_words, copies, detect, is_sensitive, keys_statement, variety,
};
pub use error::Error;
pub use key::{MaskKey, key};
pub use kinds::{cipher_of, dictionary, vocabulary};
pub use looks::personal_in;
pub use masks::{Mask, Masks};
pub use order::{Order, is_clear, order, row_hash};
pub use propose::{KEEP, fits, fitting, propose, rule};
pub use rules::{Ends, agree, compile};
pub use traits::{LeakTraits, ResultTrait, TraceTrait, ValueTrait};
