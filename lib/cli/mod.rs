//! The porch that all doors share. In: argv, stdin. Out: one document on stdout, and an exit code.
//!
//! ```text
//! read the flags     ── wrong ──> show the error, pass the document on as failed, exit 2
//! read the document  ── not readable ──> show the error, exit mostly 65 (a witness works on, a Finally tool if it knows the run)
//! ok:false?          ── yes ──> add a `skipped` step, pass it on, exit with error.exit (a Finally tool or a witness works on)
//! work on a thread   ── SIGTERM/SIGINT/SIGHUP ──> the work stops by itself, or its thread is abandoned after a grace
//! add a step (a witness does not), write the document once, exit
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
