//! A throw-away copy of a live server on this host: the night without AWS.
//!
//! In: the option file of a server. Out: a document with a `cluster` that the rest of the pipe takes as it takes one of
//! `rds-restore`: its debt in the journal before anything is made, an expiry, a token on the copy. And its removal.
//!
//! ```text
//! source (what is there, how can it be copied)  ->  place (a directory with our marker)  ->  clone | backup | dump
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
