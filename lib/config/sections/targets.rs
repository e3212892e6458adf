//! `[targets.NAME]`: the development servers that may be refreshed.

mod instance;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::server::{self, ServerConfig, WithServer};
use crate::config::length::Length;
use crate::config::scalar::Scalar;
pub use instance::{Memory, PortRange};

/// One development server and the database on it that may be replaced.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct TargetConfig {
    /// The database that is replaced.
    pub database: String,
    /// How to reach and log in to the server.
    #[serde(skip)]
    #[schemars(!skip, flatten)]
    pub server: ServerConfig,
    /// The loader, on the target's server: an account with all rights on `<database>__refresh` and none elsewhere, so that
    /// nothing in a dump or a branch can reach another database. If not given, the target's own account makes one for each
    /// refresh, if it may make accounts.
    pub loader: Option<AccountConfig>,
    /// Whether a refresh without a loader is refused.
    pub require_loader: bool,
    /// The account in whose name views, routines, triggers and events of the refreshed database run: `"app_dev@%"`. It has rights
    /// on `database` alone and may be locked. If not given, the target's own account makes one, if it may make accounts.
    pub definer: Option<String>,
    /// SQL statements that run on the refreshed database before the swap, after `set`.
    pub after: Vec<String>,
    /// Values that are written into the refreshed database: `"table.column" = value` or `"table.column where …" = value`.
    pub set: BTreeMap<String, Scalar>,
    /// Tags of RDS, as `key=value` with globs, that mark production: a server that has one is refused. If not given, a server at
    /// RDS is checked for common ones such as `env=prod*`. If empty, no tags are looked up.
    pub refuse_tags: Option<Vec<String>>,
    /// Rows that survive a refresh: whole tables, as names and globs, and single rows, as `"users where email like '%@dev%'"`.
    pub preserve: Vec<String>,
    /// Tables whose rows are loaded, as names and globs; all tables if the list is empty. Other tables are created empty.
    pub include: Vec<String>,
    /// Tables whose rows are not loaded, as names and globs; they are created empty.
    pub exclude: Vec<String>,
    /// Directory of instances. The target is then a server of its own on this host, a copy of a template below this directory,
    /// and listens at `port`. The keys below are only for such targets, the keys of a login only for others.
    pub instance: Option<String>,
    /// For a name with globs, such as `[targets."dev-*"]`: the ports that its instances get, `"3310-3399"`.
    pub ports: Option<PortRange>,
    /// How long after its last refresh an instance expires. `dev-restore bake` and `dev-restore drop --expired` remove expired
    /// instances that nobody is connected to.
    pub expires: Option<Length>,
    /// Path of the server program, mysqld or mariadbd; the first that is found if not given.
    #[serde(rename = "server")]
    pub program: Option<String>,
    /// An option file for the server, appended to the settings that refreshkit makes.
    pub options_file: Option<String>,
    /// SQL statements that make the developer's accounts. Accounts of the old instance are made again after a refresh.
    pub accounts: Vec<String>,
    /// The address at which an instance listens: 127.0.0.1 if not given.
    pub bind: Option<String>,
    /// Size of InnoDB's buffer pool: `"128M"`; 64M if not given.
    pub memory: Option<Memory>,
    /// The user of this host that instances run as if the tool runs as root: `refreshkit` if not given.
    pub run_as: Option<String>,
}

/// An account on a server whose address another section gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountConfig {
    /// User; an option file may name it too.
    pub user: Option<String>,
    /// A MySQL option file with a `[client]` group.
    pub defaults_file: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// A secret of AWS Secrets Manager (ARN or name) with the user and the password in it.
    pub secret: Option<String>,
}

impl WithServer for TargetConfig {
    const EXPECTED: &'static str = "struct TargetConfig";

    fn own<'de, D: Deserializer<'de>>(section: D) -> Result<Self, D::Error> {
        Self::deserialize(section)
    }

    fn with(self, server: ServerConfig) -> Self {
        Self { server, ..self }
    }
}

impl<'de> Deserialize<'de> for TargetConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        server::read(deserializer)
    }
}
