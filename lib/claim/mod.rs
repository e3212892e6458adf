//! Whether a document's copy is ours: the document is a claim, and anybody can write one.
//!
//! In: the document's `cluster`, the journal of its run, what a person typed. Out: a [`Claim`] whose servers may be logged in
//! to, with a login that belongs to them; and, before anything on it is rewritten, proof that it is the copy.
//!
//! | who says so | where it may be logged in to | by which login |
//! |---|---|---|
//! | the journal, which `rds-restore` or `rds-local copy` wrote on this host | at the address in the journal | the journal's |
//! | a person: `--i-own-this-server HOST` | at the document's address on that host | one that a flag or the configuration names |
//!
//! The token ([`plant`]) is random, lies in a schema of its own on the copy and in the journal, and nowhere else: no document has
//! it. A server that has another one, or none, is not the copy, whatever its address. Beside it lies how production's events were before
//! they were disabled on the copy ([`events_before`]).

mod check;
mod error;
mod events;
mod token;

pub use check::{Claim, check, is_named};
pub use error::Error;
#[cfg(feature = "aws")]
pub(crate) use events::still_events;
pub use events::{EventBefore, events_before};
pub(crate) use token::plant;
pub use token::stays;
