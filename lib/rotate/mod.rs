//! Which dumps stay.
//!
//! In: the dumps in a directory, how long they stay, the time. Out: what goes and why; then it goes. The decision is a
//! pure function (`policy.rs`); nothing is removed before a new dump is there, whole and verified.

mod command;
mod error;
mod policy;
mod run;

pub use command::{RotateAction, perform};
pub use run::run;
