//! Makes and removes a throw-away copy of a live server on this host: the pipe without AWS.
//!
//! In: the option file of a server. Out: a document with a `cluster` that the rest of the pipe takes like one of `rds-restore`.
//! The copy is in the journal before anything is made, it expires, and it holds a token.
//!
//! ```text
//! source (what it is, how it can be copied)  ->  place (a directory with our marker)  ->  clone | backup | dump
//!   ->  make (start it, accounts, token, journal, document)          drop: journal, marker  ->  place (stop, remove)
//! ```

mod backup;
mod child;
mod clone;
mod drop;
mod dump;
mod make;
mod options;
mod place;
mod source;
mod ways;

pub(super) use drop::drop;
pub(super) use make::make;
pub use options::{CopyOptions, LocalDropOptions};
