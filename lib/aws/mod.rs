//! AWS beside RDS: the SDK's client, secrets, IAM tokens, and who owns an address.

#[cfg(feature = "aws")]
mod client;
mod login;
mod owner;
#[cfg(feature = "aws")]
mod secrets;

#[cfg(feature = "aws")]
pub(crate) use client::open;
pub use login::access;
pub use owner::{is_rds, owners};
