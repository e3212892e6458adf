//! Decides which dumps stay, and removes the others.
//!
//! In: the dumps in a directory, how long they stay, the time. Out: which dumps are removed and why; then their removal. The
//! decision is a pure function (`policy.rs`). In the pipe, nothing is removed before the new dump is published.

mod command;
mod error;
mod policy;
mod run;

pub use command::{RotateAction, perform};
pub use run::run;
