//! The branch's SQL on the refreshed database.
//!
//! In: `[migrations]`, a branch or tag, and a session on the database that is being refreshed. Out: which migrations
//! ran, or the one that failed with its file, line and the server's words. The reference is looked up and exported
//! ([`Checkout`]) before anything is touched.

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
