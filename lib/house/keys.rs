//! Fetches the secrets and login tokens that the configuration and the document only refer to.
//!
//! In: the name of a secret, or a user and an address. Out: the secret, or a token to log in with. The porch sets the real
//! store; [`NoKeys`] fails for every secret.

use std::fmt;

use crate::document::{AnyFailure, Ending, Exit, Failure};

/// The login of a server from a secret of AWS Secrets Manager. The fields have the keys of its database secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ServerSecret {
    /// `username`: the account to log in with.
    pub user: Option<String>,
    /// `password`: the account's password, in clear.
    pub password: String,
    /// `host`: name or address of the server.
    pub host: Option<String>,
    /// `port`: TCP port of the server.
    pub port: Option<u16>,
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A store of secrets and login tokens.
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// Fetches the content of the secret with this ARN or name, whether it is a text or bytes.
    fn content(&self, id: &str) -> Result<Vec<u8>, AnyFailure>;

    /// Fetches the secret with this ARN or name, which must be the login of a server.
    fn secret(&self, id: &str) -> Result<ServerSecret, AnyFailure>;

    /// Makes a token with which `user` may log in at this address. It is valid for a quarter of an hour, so a token is made for
    /// each connection.
    fn token(&self, host: &str, port: u16, user: &str) -> Result<String, AnyFailure>;
}

/// The store of a build or a test without AWS: it fails for every secret and token.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKeys;

impl SecretStore for NoKeys {
    fn content(&self, _id: &str) -> Result<Vec<u8>, AnyFailure> {
        Err(NoAws("a secret of AWS Secrets Manager").into())
    }

    fn secret(&self, _id: &str) -> Result<ServerSecret, AnyFailure> {
        Err(NoAws("a secret of AWS Secrets Manager").into())
    }

    fn token(&self, _host: &str, _port: u16, _user: &str) -> Result<String, AnyFailure> {
        Err(NoAws("an RDS IAM token").into())
    }
}

/// A way to log in that this build does not have.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("this build has no AWS in it: it cannot log in with {0}")]
struct NoAws(&'static str);

impl Failure for NoAws {
    fn ending(&self) -> Ending {
        Ending::new(Exit::BadConfig, "mysql-login")
            .hint("use a build with the feature `aws`, which is on by default")
    }
}
