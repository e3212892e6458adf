//! The kinds of masks: one row a kind in `table.rs`, one file a family.

mod choice;
mod cipher;
mod dates;
mod digits;
pub(super) mod expression;
mod json;
mod network;
mod numbers;
mod people;
mod plain;
mod shapes;
pub(super) mod table;
pub(super) mod target;
mod tokens;
mod words;

pub use cipher::cipher_of;
pub use table::vocabulary;
pub use words::dictionary;
