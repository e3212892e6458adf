//! A build without AWS: it has no keys and cannot ask whose a server is.

use std::sync::Arc;

use super::owner::AddressOwner;
use crate::house::{Cancel, House, NoKeys, SecretStore};

/// Nobody who could be asked for secrets and tokens.
pub(crate) fn keys(_cancel: Cancel) -> Arc<dyn SecretStore> {
    Arc::new(NoKeys)
}

/// Why nobody can say whose server this is.
pub(crate) fn owners(_house: &House, _host: &str, _port: u16) -> Result<Vec<AddressOwner>, String> {
    Err("this build has no AWS in it".to_owned())
}
