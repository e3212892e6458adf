//! AWS: the SDK's client, secrets, IAM tokens, and who owns an address.
//!
//! In: what AWS' own tools are configured with. Out: a [`Connection`] for the room that orders copies, the keys that
//! MySQL logins may ask for, and whose server is behind a host name. Without the feature `aws`, a sentence that says so.

#[cfg(feature = "aws")]
mod call;
#[cfg(feature = "aws")]
mod client;
#[cfg(feature = "aws")]
mod connection;
#[cfg(feature = "aws")]
mod credentials;
#[cfg(feature = "aws")]
mod error;
#[cfg(feature = "aws")]
mod fault;
mod host;
mod owner;
#[cfg(feature = "aws")]
mod search;
#[cfg(feature = "aws")]
mod secrets;
#[cfg(not(feature = "aws"))]
mod without;

#[cfg(feature = "aws")]
pub(crate) use client::region;
#[cfg(feature = "aws")]
pub(crate) use connection::Connection;
#[cfg(feature = "aws")]
pub(crate) use credentials::Standing;
#[cfg(feature = "aws")]
pub use error::Error;
#[cfg(feature = "aws")]
pub use fault::{CallFailure, FaultClass};
#[cfg(feature = "aws")]
pub(crate) use host::checked_endpoint;
pub use host::is_rds;
pub use owner::AddressOwner;
pub(crate) use owner::label;
#[cfg(feature = "aws")]
pub(crate) use search::owners;
#[cfg(feature = "aws")]
pub(crate) use secrets::keys;
#[cfg(not(feature = "aws"))]
pub(crate) use without::{keys, owners};
