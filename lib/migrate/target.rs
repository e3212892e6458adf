//! Where the migrations of a branch run.

use crate::mysql::Server;

/// Where the migrations run.
#[derive(Debug)]
pub struct SqlTarget<'a> {
    /// The target's server, and the login of the account that loads.
    pub server: &'a Server,
    /// The database that is being refreshed.
    pub database: &'a str,
    /// The one that it will become, which a migration must not touch yet.
    pub live: &'a str,
    /// All databases of the server, also those that whoever logs in here may not see.
    pub databases: &'a [String],
}
