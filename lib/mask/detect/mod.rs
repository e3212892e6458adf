//! What looks like personal data: by name, by a sample of values, by what triggers copy.

mod by_name;
mod by_value;
mod class;
mod eav;
mod finding;
mod keys;
mod names;
mod naming;
mod sample;
mod trigger_copies;
mod vocabulary;

pub use finding::{Detected, Finding, detect};
pub use keys::keys_statement;
pub(crate) use sample::last_rows;
pub use sample::{Variety, variety};
pub use trigger_copies::copies;
pub use vocabulary::{column_words, is_sensitive};
