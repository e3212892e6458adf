//! The words of MySQL, shared by every room that talks to a server.
//!
//! In: a [`ServerConfig`](crate::config::ServerConfig) or the document's cluster. Out: a connection whose session
//! settings are known, quoted names and values, error numbers by name.

mod access;
mod binary;
mod connect;
mod digits;
mod error;
mod infile;
mod keys;
mod option_file;
mod packets;
mod quote;
mod requalify;
mod session;
mod statements;
mod wire;

pub use access::{Access, LoginOptions};
pub use connect::{Engine, Server};
pub use error::{Cause, Error, number};
pub use infile::{Broken, Loaded};
pub use keys::{Keys, NoKeys, Secret};
pub use option_file::{OptionFile, write as write_option_file};
pub use quote::{literal, name, qualified};
pub use requalify::{requalify, without_definer};
pub use session::Session;
pub use statements::{STATEMENT_BYTES_MAX, Statement, Statements, StatementsError};
pub use wire::Fields;
