//! Logging in to MySQL and MariaDB, sessions, rows and errors, for every room that talks to a server.
//!
//! In: a [`ServerConfig`](crate::config::ServerConfig) or the copy that a document names. Out: a connection whose session
//! settings are known, rows as the server sent them, error numbers by name, a server's messages without the values of
//! rows.

mod access;
mod binary;
mod connect;
mod digits;
mod error;
mod infile;
mod option_file;
mod packets;
mod raw;
mod said;
mod session;
mod wire;

pub(crate) use ::mysql::prelude::FromRow;
pub use access::{Access, LoginOptions};
pub(crate) use connect::expand_home;
pub use connect::{Server, authorities};
pub(crate) use digits::double;
pub use error::{Error, number};
pub use infile::{Broken, InfileOutcome};
pub(crate) use option_file::write_with_key as write_option_file_with_key;
pub use option_file::{OptionFile, write as write_option_file};
pub(crate) use said::relayed;
pub(crate) use session::{DefinitionUnread, Warnings, text_of};
pub use session::{Engine, Session};
pub use wire::Fields;
