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
    /// The account that loads: it has all rights on `<database>__refresh` and none elsewhere, so that nothing in a dump or
    /// a branch can reach another database. Its host is the target's. Without it, an account that may make accounts makes
    /// one for each refresh.
    pub loader: Option<AccountConfig>,
    /// Whether a refresh without such an account is refused.
    pub require_loader: bool,
    /// In whose name views, routines, triggers and events of the refreshed database run: `"app_dev@%"`, an account with rights
    /// on `database` alone, which may be locked. Without it, an account that may make accounts makes one.
    pub definer: Option<String>,
    /// SQL that runs on the refreshed database before the swap.
    pub after: Vec<String>,
    /// What is written into the refreshed database before `after`: `"table.column"` or `"table.column where …"` to a
    /// value.
    pub set: BTreeMap<String, Scalar>,
    /// Tags of RDS, as `key=value` with globs, that mark production: a server that has one is refused. Not given: those
    /// that people commonly use. Empty: the service is not asked.
    pub refuse_tags: Option<Vec<String>>,
    /// What survives a refresh: tables, as names and globs, and single rows, as `"users where email like '%@dev%'"`.
    pub preserve: Vec<String>,
    /// Tables whose rows are loaded, as names and globs; all if there are none. The others are there, but empty.
    pub include: Vec<String>,
    /// Tables whose rows are left out, as names and globs; they are there, but empty.
    pub exclude: Vec<String>,
    /// The target is a server of its own on this host, cloned from a template below this directory; `port` is where it listens. The
    /// keys below are for such targets, those of a login for others.
    pub instance: Option<String>,
    /// For a name with globs, such as `[targets."dev-*"]`: where its instances get their ports from, `"3310-3399"`.
    pub ports: Option<PortRange>,
    /// How long an instance stays after its last refresh; then it is removed when nobody is connected.
    pub expires: Option<Length>,
    /// The server program: mysqld or mariadbd; the first that is found if not given.
    #[serde(rename = "server")]
    pub program: Option<String>,
    /// An option file of the developer's, read behind our own settings.
    pub options_file: Option<String>,
    /// SQL that makes the developer's accounts, one statement each. Those of the instance before are there again after a refresh.
    pub accounts: Vec<String>,
    /// The address at which an instance listens: 127.0.0.1 if not given.
    pub bind: Option<String>,
    /// InnoDB's buffer pool: `"128M"`; 64M if not given.
    pub memory: Option<Memory>,
    /// The user of this host that instances run as where the tool is root: `refreshkit` or `mysql` if not given.
    pub run_as: Option<String>,
}

/// Who logs in to a server that another section names.
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
