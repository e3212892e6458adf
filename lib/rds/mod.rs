//! The cloud: take a snapshot, wait for it, restore a throw-away copy, delete what a run created.
//!
//! In: a source cluster or instance, and the document. Out: the document's `source`, `snapshot` and `cluster`
//! sections, and its `resources`: each is added before its create call and removed after its deletion. Decisions are pure and
//! apart from the code that acts on them: `names` (identifiers and tags), `poll` (what a status means, when to look again),
//! `guard` (what may be adopted or deleted), `policy` (what the role must be allowed), `check` (what would go wrong). `doors`
//! connects each verb to the real service. The verbs call an `api::RdsApi`; only `aws`, `things`, `orders` and `check/ask` name
//! the SDK.

mod api;
mod aws;
mod check;
mod desk;
mod doors;
mod drop;
mod error;
mod guard;
mod names;
mod options;
mod orders;
mod policy;
mod poll;
mod restore;
mod snapshot;
mod things;
mod wait;

pub use check::CheckForm;
pub use doors::{answer, drop, restore, snap, wait};
pub use drop::DropOptions;
pub use error::Error;
pub use options::ServiceOptions;
pub use policy::print;
pub use restore::RestoreOptions;
pub use snapshot::SnapOptions;
pub use wait::WaitOptions;
