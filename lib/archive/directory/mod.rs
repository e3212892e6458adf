//! The directory of dumps: its path, its file names, the list of its dumps, the choice of one, and the writing of a new one.

mod list;
mod name;
mod place;
mod select;
mod store;

pub(crate) use list::{DumpCandidate, WholeDump, candidates, whole_dumps};
pub use list::{ListedDump, list};
pub(crate) use name::{is_file_letter, is_file_word, is_later};
pub(crate) use place::directory;
pub(crate) use select::{LATEST, find, latest, pick};
pub use store::DumpStore;
pub(crate) use store::Partial;
