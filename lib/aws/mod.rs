//! AWS: the SDK's client, secrets, IAM tokens, and who owns an address.
//!
//! In: the variables and files that configure AWS' own tools. Out: a [`Connection`] to RDS; passwords and tokens for MySQL
//! logins; the clusters and instances behind an address. Without the feature `aws` there is only an error that says so.

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
