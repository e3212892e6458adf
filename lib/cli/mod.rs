//! The porch that all doors share: argv and stdin in, one document on stdout and an exit code out.
//!
//! ```text
//! read the flags     ── wrong ──> say so; the document of the tool before goes on, failed; exit 2
//! read the document  ── not readable ──> say so, 65 (a Finally tool goes on if it knows the run)
//! ok:false?          ── yes ──> add a `skipped` step, pass it on, exit with error.exit (a Finally tool works on)
//! work on a thread   ── SIGTERM/SIGINT/SIGHUP ──> the room stops by itself, or is left behind after a grace
//! add a step, write the document once, exit
//! ```

mod answer;
mod args;
mod chain;
mod command;
mod door;
mod ends;
mod input;
mod report;
mod role;
mod signal;
mod wait;

pub use args::{Common, EXIT_STATUS, version};
pub use chain::run;
pub use command::{command, data, service};
pub use door::{NamedTool, door, one_of};
pub use role::Role;
