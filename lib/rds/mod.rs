//! The cloud: take a snapshot, wait for it, restore a throw-away copy, delete what a run created; and
//! [`local`], a small RDS on this machine.
//!
//! In: a source cluster or instance, and the document. Out: the document's `source`, `snapshot` and `cluster`
//! sections, and `resources` that are created and settled. Decisions are pure and compiled always: [`names`] (what
//! things are called), [`states`] (what a status means), [`poll`] (when to look again), [`guard`] (what may be
//! deleted). The verbs speak to a [`api::Cloud`]; only `aws.rs` and its neighbours (feature `aws`) know the SDK.

pub mod adopt;
pub mod api;
pub mod classes;
pub mod desk;
pub mod drop;
mod error;
pub mod fallback;
pub mod guard;
pub mod local;
pub mod login;
pub mod names;
pub mod options;
pub mod owed;
pub mod owner;
pub mod password;
pub mod policy;
pub mod poll;
pub mod ready;
pub mod removal;
pub mod restore;
pub mod snap;
pub mod states;
pub mod usual;
pub mod wait;

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod client;
#[cfg(feature = "aws")]
mod doors;
#[cfg(feature = "aws")]
mod orders;
#[cfg(feature = "aws")]
mod things;
#[cfg(feature = "aws")]
mod vault;

#[cfg(feature = "aws")]
pub use doors::{drop, restore, snap, wait};
pub use error::Error;
pub use login::access;
