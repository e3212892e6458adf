//! The kinds of masks: one row a kind in `table.rs`, one file a family.

pub(super) mod choice;
pub(super) mod dates;
pub(super) mod digits;
pub(super) mod expression;
pub(super) mod json;
pub(super) mod nature;
pub(super) mod network;
pub(super) mod numbers;
pub(super) mod people;
pub(super) mod plain;
pub(super) mod redact;
pub(super) mod settings;
pub(super) mod shapes;
pub(super) mod table;
pub(super) mod tokens;
pub(super) mod words;
