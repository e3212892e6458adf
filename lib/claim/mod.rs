//! Whether a document's copy is ours. The document only claims that, and anybody can write a document.
//!
//! In: the document's `cluster`, the journal of its run, what a person typed. Out: a [`Claim`]: servers that a tool may log in
//! to, with a login that belongs to them. And a proof that a server is the copy, before anything there is rewritten.
//!
//! | who confirms the claim | address | login |
//! |---|---|---|
//! | the journal, which `rds-restore` or `rds-local copy` wrote on this host | the journal's | the journal's |
//! | a person: `--i-own-this-server HOST` | the document's, on that host | one of a flag or the configuration, or an IAM token |
//!
//! The token ([`plant`]) is random. It is in the journal and in a schema of its own on the copy, and in no document. A server
//! with another token, or without one, is not the copy, whatever its address. A table beside the token's has production's events
//! as they were before they were disabled on the copy ([`events_before`]).

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
