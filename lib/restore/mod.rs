//! A dump file to a developer's database: load, verify, migrate, swap.
//!
//! In: a target of `refresh.toml`, a dump of the dump directory, a branch. Out: the target's database replaced as a
//! whole, the old one kept as `<db>__previous`; or everything as it was and one sentence that says why.
//!
//! ```text
//! choose the dump, look the branch up       nothing is touched yet
//! lock the target, repair what a killed run left behind
//! load into <db>__refresh, compare with the manifest, migrate, run `after`
//! swap                                      the only step that touches <db>
//! ```

mod choice;
mod choose;
mod error;
mod events;
mod failure;
mod fast;
mod furnish;
mod guard;
mod hint;
mod list;
mod load;
mod loading;
mod lock;
mod objects;
mod options;
mod own;
mod plain;
mod plan;
mod preserve;
mod production;
mod run;
mod schedule;
mod set;
mod settle;
mod state;
mod status;
mod swap;
mod target;
mod transcode;
mod tuples;
mod undo;
mod worker;

pub use error::Error;
pub use list::{list, targets};
pub use options::{Command, ListOptions, RunOptions, StatusOptions, TargetsOptions, UndoOptions, Verify};
pub use run::refresh;
pub use status::status;
pub use undo::undo;

use lock::Holder;
use target::Target;
