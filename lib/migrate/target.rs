//! Where the migrations of a branch run.

use crate::mysql::Server;

/// Where the migrations run.
#[derive(Debug)]
pub struct SqlTarget<'a> {
    /// The target's server, with the login of the loader.
    pub server: &'a Server,
    /// The database that is being refreshed.
    pub database: &'a str,
    /// The target's database, which the refreshed one replaces at the swap. Until then a migration must not touch it.
    pub live: &'a str,
    /// All databases of the server, including those that this login may not see.
    pub databases: &'a [String],
}
