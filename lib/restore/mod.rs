//! Loads a dump file, verifies and migrates it, and swaps it in as a developer's database.
//!
//! In: a target of `refresh.toml`, a dump, a branch. Out: the target's database replaced (with `--only`, the named tables), the
//! old tables kept in `<db>__previous`. A refresh that fails before the swap leaves the database as it was and says why in one
//! sentence. `undo` swaps back; `status` and `list` show what there is.
//!
//! ```text
//! choose the dump, look up the branch       nothing is changed yet
//! lock the target, repair what an interrupted refresh left behind
//! load into <db>__refresh, compare with the manifest, migrate, run `set` and `after`
//! swap                                      the only step that changes <db>
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
