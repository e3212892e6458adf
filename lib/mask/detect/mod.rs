//! What looks like personal data: by name, by a sample of values, by what triggers copy.

mod by_name;
mod by_value;
mod names;
mod naming;
mod sample;
mod trigger_copies;

pub use by_name::{Finding, detect};
pub use naming::column_words;
pub use trigger_copies::copies;
