//! The dump: rows to one gzip file of many members, and back.
//!
//! In: the plan of the document (or whole databases), and a server. Out: one `NAME-YYYYMMDDTHHMMSSZ.sql.gz` that
//! `zcat | mysql` restores and that `dev-restore` loads member by member. `README.md` describes the file.

mod define;
mod error;
mod guard;
mod job;
mod leak_scan;
mod read;
mod write;

pub(crate) use define::script::{alter, placeholder};
pub use error::Error;
pub use job::Options;
pub use write::write;
