//! The dump file, and the directory of dumps.
//!
//! In: SQL of a dump on its way to the disk, a directory, a name or `latest`. Out: gzip members and a manifest behind them,
//! published in one step; the dumps of the directory, the one that is meant, and any part of one. `README.md` is the format.

mod bounded;
mod directory;
mod error;
mod file;
mod inserts;
mod manifest;
mod member;
mod regular;
mod signature;
mod strict;
mod text;
mod trailer;
mod verify;

pub(crate) use directory::{
    DumpCandidate, LATEST, Partial, WholeDump, candidates, directory, find, is_file_letter, is_file_word,
    is_later, latest, pick, whole_dumps,
};
pub use directory::{DumpStore, ListedDump, list};
pub use error::{Error, FileAction, Purpose};
pub use file::{DumpFile, MemberReader};
pub(crate) use inserts::{Insert, Inserts, insert_into};
pub use manifest::{
    Consistency, DatabaseEntry, FORMAT, Manifest, MemberEntry, MemberKind, ObjectEntry, ObjectKind,
    TableEntry, TableKind,
};
pub(crate) use member::{Member, MemberRows, Packer, of_text};
pub(crate) use regular::open as open_regular;
pub use signature::{KeyPair, Signer, Trust, fingerprint};
pub(crate) use strict::session::{AS_IT_IS, SESSION};
pub use verify::verify;
pub(crate) use verify::verify_own;

#[cfg(test)]
pub(crate) use file::tests::whole;
