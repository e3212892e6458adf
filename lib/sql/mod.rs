//! SQL as text, without a connection.
//!
//! In: text that a server, a dump or a branch wrote. Out: its tokens, statements or tuples; the same text with other
//! names in it; names and values in quotes. No file here knows what a statement does.

mod bytes;
mod condition;
mod definer;
mod event;
mod lexer;
mod portable;
mod quote;
mod rename;
mod security;
mod splice;
mod statements;
mod table;
mod tuples;

pub(crate) use bytes::{ProgramText, hides_quotes, readable};
pub(crate) use condition::{Constant, constant, constants};
pub(crate) use definer::{definer, definer_in, with_definer, without_definer};
pub(crate) use event::{asleep, awake, is_awake, without_completion};
pub(crate) use lexer::{Mode, Token, TokenKind, pieces, tokens, without_closing_marks};
pub(crate) use portable::{for_those_who_know, portable, settings};
pub(crate) use quote::{hex, plain_literal};
pub use quote::{literal, name, qualified};
pub(crate) use rename::{Named, in_case, named_in, requalify, unqualified};
pub(crate) use security::with_invoker;
pub(crate) use splice::spliced;
pub(crate) use statements::block::singles;
pub(crate) use statements::certain::{Certain, read_by_all};
pub use statements::error::StatementsError;
pub use statements::{STATEMENT_BYTES_MAX, Statement, Statements};
pub(crate) use table::{TableText, counter, databases_of_parents, without_counter, without_places};
pub(crate) use tuples::{
    Literal, Literals, TupleStep, Unknown, as_marked_utf8, as_utf8, each, literal_as_text, members,
    unescaped, unquoted,
};
