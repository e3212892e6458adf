//! The dump file, and the directory of dumps.
//!
//! In: the SQL of a dump to write; or a directory and the dump that a person names (`latest`, a file name, a path). Out: a file
//! of gzip members with a manifest behind them, renamed into place in one step; or the dumps of the directory, the named dump,
//! and the SQL of any of its members. `README.md` describes the format.

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
