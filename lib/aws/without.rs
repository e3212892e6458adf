//! Replaces `search` and `secrets` in a build without the feature `aws`: every question fails.

use std::sync::Arc;

use super::owner::AddressOwner;
use crate::house::{Cancel, House, NoKeys, SecretStore};

/// A store of secrets and tokens that has none.
pub(crate) fn keys(_cancel: Cancel) -> Arc<dyn SecretStore> {
    Arc::new(NoKeys)
}

/// Always an error: without AWS nothing is known about an address.
pub(crate) fn owners(_house: &House, _host: &str, _port: u16) -> Result<Vec<AddressOwner>, String> {
    Err("this build has no AWS in it".to_owned())
}
