//! A table's rows as tuples of SQL text, and the digest of them.
//!
//! In: a session, a SELECT and what `information_schema` says of its columns. Out: tuples of literals, the same from a dump
//! and from a later check of the restored table.

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
