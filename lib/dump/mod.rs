//! The dump: rows to one gzip file of many members, and back.
//!
//! In: the plan of the document (or whole databases), and a server. Out: one `NAME-YYYYMMDDTHHMMSSZ.sql.gz` that
//! `zcat | mysql` restores and that `dev-restore` loads member by member. `README.md` describes the file.

mod chunk;
mod clear;
mod column;
mod create;
pub mod deep;
mod digest;
mod encode;
mod error;
mod facts;
mod file;
mod guard;
mod job;
mod leaks;
mod list;
mod literals;
mod manifest;
mod member;
mod objects;
mod readers;
mod rewrite;
mod schema;
mod script;
mod snapshot;
mod store;
mod text;
mod token;
mod trailer;
pub mod verify;
mod work;
mod write;

pub use digest::digest_table;
pub use error::Error;
pub use file::{DumpFile, MemberReader};
pub use job::Options;
pub use list::{Listed, directory, find, is_later, latest, list};
pub use manifest::{
    Consistency, DatabaseEntry, FORMAT, Manifest, MemberEntry, MemberKind, ObjectEntry, ObjectKind,
    TableEntry, TableKind,
};
pub use store::Store;
pub use write::write;

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
