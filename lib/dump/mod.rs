//! The dump: rows to one gzip file of many members, and back.
//!
//! In: the plan of the document (or whole databases), and a server. Out: one `NAME-YYYYMMDDTHHMMSSZ.sql.gz` that
//! `zcat | mysql` restores and that `dev-restore` loads member by member. `README.md` describes the file.

mod column;
mod digest;
mod encode;
mod error;
mod file;
mod manifest;
mod text;
mod trailer;

pub use digest::digest_table;
pub use error::Error;
pub use file::{DumpFile, MemberReader};
pub use manifest::{
    Consistency, DatabaseEntry, FORMAT, Manifest, MemberEntry, MemberKind, ObjectEntry, ObjectKind,
    TableEntry, TableKind,
};

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
