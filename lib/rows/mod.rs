//! A table's rows as tuples of SQL text, and their digest.
//!
//! In: a session, a SELECT and the facts of `information_schema` about its columns. Out: tuples of literals, the same in a
//! dump and in a later check of the restored table.

mod column;
mod digest;
mod encode;
mod error;
mod json;
mod reader;

pub(crate) use column::{Form, RowColumn, columns_of, pick};
pub(crate) use digest::Sum;
pub use digest::digest_table;
pub(crate) use encode::literal;
pub use error::Error;
pub(crate) use reader::read;
