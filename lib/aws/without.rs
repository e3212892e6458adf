//! A build without AWS: it has no keys and cannot ask whose a server is.

use std::sync::Arc;

use super::owner::Owner;
use crate::house::{Cancel, House, Keys, NoKeys};

/// Nobody who could be asked for secrets and tokens.
pub(crate) fn keys(_cancel: Cancel) -> Arc<dyn Keys> {
    Arc::new(NoKeys)
}

/// Why nobody can say whose server this is.
pub(crate) fn owners(_house: &House, _host: &str, _port: u16) -> Result<Vec<Owner>, String> {
    Err("this build has no AWS in it".to_owned())
}
