//! A dump file to a developer's database: load, verify, migrate, swap.
//!
//! In: a target of `refresh.toml`, a dump of the dump directory, a branch. Out: the target's database replaced as a
//! whole (or the tables that were named), the old one kept as `<db>__previous`; or everything as it was and one sentence that says why. Also back again (`undo`), and what
//! there is (`status`, `list`).
//!
//! ```text
//! choose the dump, look the branch up       nothing is touched yet
//! lock the target, repair what a killed run left behind
//! load into <db>__refresh, compare with the manifest, migrate, run `after`
//! swap                                      the only step that touches <db>
//! ```

mod alone;
mod cure;
mod doctor;
mod error;
mod fresh;
mod guard;
mod keep;
mod list;
mod load;
mod loader;
mod options;
mod run;
mod status;
mod swap;
mod target;
mod undo;

pub(crate) use doctor::{
    common as doctor_common, finding as doctor_finding, target as doctor_target, tell as doctor_tell,
};
pub use error::Error;
pub(crate) use fresh::{ChosenDump, OwnServer};
pub use list::{list, refs, targets};
pub use options::{
    DumpListOptions, RefsOptions, RunOptions, StatusOptions, TargetName, TargetsOptions, UndoOptions,
};
pub use run::refresh;
pub use status::status;
pub use undo::undo;
