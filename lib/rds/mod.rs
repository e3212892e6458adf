//! The cloud: take a snapshot, wait for it, restore a throw-away copy, delete what a run created; and
//! [`local`], a small RDS on this machine.
//!
//! In: a source cluster or instance, and the document. Out: the document's `source`, `snapshot` and `cluster`
//! sections, and `resources` that are created and settled. Decisions are pure and compiled always: [`names`] (what
//! things are called), [`states`] (what a status means), [`poll`] (when to look again), [`guard`] (what may be
//! deleted). The verbs speak to a [`api::Cloud`]; only `aws.rs` and its neighbours (feature `aws`) know the SDK.

#![cfg_attr(
    not(feature = "aws"),
    allow(dead_code, reason = "only the doors, which need the SDK, call the verbs")
)]

mod api;
#[cfg(feature = "aws")]
mod aws;
mod desk;
#[cfg(feature = "aws")]
mod doors;
mod drop;
mod error;
mod guard;
mod names;
mod options;
#[cfg(feature = "aws")]
mod orders;
mod policy;
mod poll;
mod restore;
mod snapshot;
#[cfg(feature = "aws")]
mod things;
mod wait;

pub use api::{Cloud, Fault, FaultClass, Listing, Thing};
#[cfg(feature = "aws")]
pub(crate) use aws::{Aws, run};
#[cfg(feature = "aws")]
pub use doors::{drop, restore, snap, wait};
pub use drop::DropOptions;
pub use error::Error;
pub use options::{ServiceOptions, checked, is_local};
pub use policy::print;
pub use restore::RestoreOptions;
pub use snapshot::SnapOptions;
pub use wait::WaitOptions;
