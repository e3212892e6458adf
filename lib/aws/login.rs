//! The keys that the MySQL tools log in with: secrets of AWS Secrets Manager and RDS IAM tokens.
//!
//! In: a house and the flags of a login. Out: an [`Access`] that asks AWS only when a reference wants it to; in a build
//! without AWS, one that says so.

use std::sync::Arc;

use crate::house::House;
use crate::mysql::{Access, Keys, LoginOptions};

/// How the servers of this configuration are logged in to.
pub fn access(house: &House, options: &LoginOptions) -> Access {
    let LoginOptions { defaults_extra_file, tls_ca } = options.clone();
    Access { keys: keys(house), extra: defaults_extra_file, tls_ca }
}

#[cfg(feature = "aws")]
fn keys(house: &House) -> Arc<dyn Keys> {
    Arc::new(super::secrets::Vault::new(house.cancel.clone()))
}

#[cfg(not(feature = "aws"))]
fn keys(_house: &House) -> Arc<dyn Keys> {
    Arc::new(crate::mysql::NoKeys)
}
