//! The dump file, and the directory of dumps.
//!
//! In: SQL of a dump on its way to the disk, a directory, a name or `latest`. Out: gzip members and a manifest behind them,
//! published in one step; the dumps of the directory, and any part of one. `README.md` is the format.

mod file;
mod list;
mod manifest;
mod member;
mod store;
mod text;
mod trailer;
mod verify;

pub use file::{DumpFile, MemberReader};
pub use list::{Listed, directory, find, is_later, latest, list};
pub use manifest::{
    Consistency, DatabaseEntry, FORMAT, Manifest, MemberEntry, MemberKind, ObjectEntry, ObjectKind,
    TableEntry, TableKind,
};
pub(crate) use member::{Member, Packer, Rows, of_text};
pub(crate) use store::Partial;
pub use store::Store;
pub use verify::all;
pub(crate) use verify::own;
