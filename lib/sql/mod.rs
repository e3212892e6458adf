//! SQL as text, without a connection.
//!
//! In: text that a server, a dump or a branch wrote. Out: tokens, statements, tuples, other names in it; and names and values
//! quoted. Nothing here knows what a statement does.

mod lexer;
mod literals;
mod quote;
mod rename;
mod statements;
mod tuples;

pub(crate) use lexer::{Kind, Token, portable, tokens, unqualified};
pub(crate) use literals::{Literals, quoted_length, unescape};
pub(crate) use quote::hex;
pub use quote::{literal, name, qualified};
pub use rename::{requalify, without_definer};
pub use statements::error::StatementsError;
pub use statements::{STATEMENT_BYTES_MAX, Statement, Statements};
pub(crate) use tuples::{Literal, Unknown, as_utf8, each};
