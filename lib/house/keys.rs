//! Who turns a reference to a login into what a server takes.
//!
//! In: the name of a secret, or a user of an address. Out: a password, or a token that is good for one connection.
//! The porch hands in the real one; [`NoKeys`] says that there is none.

use std::fmt;

use crate::document::{AnyFailure, Ending, Exit, Failure};

/// What a secret of AWS Secrets Manager says about a server, in the words that its database secrets use.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ServerSecret {
    /// `username`: the account that the password is of.
    pub user: Option<String>,
    /// `password`: of that account, in clear.
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

/// Who has the keys.
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// What the secret of this ARN or name holds, be it a text or bytes.
    fn content(&self, id: &str) -> Result<Vec<u8>, AnyFailure>;

    /// Fetches the secret of this ARN or name, which says how to log in to a server.
    fn secret(&self, id: &str) -> Result<ServerSecret, AnyFailure>;

    /// A token that `user` may log in with at this address. It opens connections for a quarter of an hour, so it is made
    /// for each.
    fn token(&self, host: &str, port: u16, user: &str) -> Result<String, AnyFailure>;
}

/// A build, or a test, without AWS.
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
