//! The dump file, and the directory of dumps.
//!
//! In: SQL of a dump on its way to the disk, a directory, a name or `latest`. Out: gzip members and a manifest behind them,
//! published in one step; the dumps of the directory, the one that is meant, and any part of one. `README.md` is the format.

mod bounded;
mod error;
mod file;
mod inserts;
mod list;
mod manifest;
mod member;
mod name;
mod regular;
mod select;
mod store;
mod strict;
mod text;
mod trailer;
mod verify;

pub use error::{Error, FileAction, Purpose};
pub use file::{DumpFile, MemberReader};
pub(crate) use inserts::{Insert, Inserts, insert_into};
pub(crate) use list::{Candidate, candidates, directory};
pub use list::{Listed, list};
pub use manifest::{
    Consistency, DatabaseEntry, FORMAT, Manifest, MemberEntry, MemberKind, ObjectEntry, ObjectKind,
    TableEntry, TableKind,
};
pub(crate) use member::{Member, Packer, Rows, of_text};
pub(crate) use name::is_later;
pub(crate) use select::{LATEST, find, latest, pick};
pub(crate) use store::Partial;
pub use store::Store;
pub(crate) use strict::session::SESSION;
pub use verify::verify;
pub(crate) use verify::verify_own;

#[cfg(test)]
pub(crate) use file::tests::whole;
