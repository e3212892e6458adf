//! Runs the migrations of a branch on the database that is being refreshed.
//!
//! In: `[migrations]`, a branch, tag or commit, and the login of a server. Out: the migrations that ran, or the one that failed
//! with its file, line and the server's message. The reference is looked up and exported ([`Checkout`]) before anything of the
//! target is touched.

mod apply;
mod cage;
mod checkout;
mod command;
mod error;
mod files;
mod flyway;
mod git;
mod leaves;
mod ledger;
mod target;

pub use apply::run;
pub use checkout::Checkout;
pub use error::Error;
pub(crate) use leaves::{TABLE_FOLLOWS, leaves, others, prepared};
pub use target::SqlTarget;
