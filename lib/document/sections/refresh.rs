//! What happened to a developer's database, and the migrations that ran there (dev-restore).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::dump::TableDigest;

/// What happened to a developer's database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Refresh {
    /// Target name in `refresh.toml`.
    pub target: String,
    /// The database that was replaced.
    pub database: String,
    /// How far the refresh came with the database. Documents of older versions do not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<RefreshState>,
    /// The tables that were replaced, if not all of the database.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// The database that holds the old tables: `<db>__previous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// File name of the dump.
    pub dump: String,
    /// Branch, tag or commit whose migrations ran.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Id of the commit that `ref` stood for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Migrations that ran, in order.
    pub migrations: Vec<Migration>,
    /// Rows that were loaded.
    pub rows: u64,
    /// Tables as they were loaded, verified against the manifest.
    pub tables: Vec<TableDigest>,
    /// How many rows each table has now and had before; empty if there was no database before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<TableChange>,
    /// Number of tables that are not in `changes` because counting their rows took too long.
    #[serde(skip_serializing_if = "is_zero")]
    pub uncounted: u64,
    /// The instance that serves the database, if the target is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<RefreshedInstance>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The rows of a table before and after a refresh.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TableChange {
    /// Name of the table.
    pub table: String,
    /// Rows before the refresh; none if the table did not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Rows after the refresh; none if the table no longer exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl TableChange {
    /// The number of rows by which the table differs. For a new or a removed table, all its rows and one.
    pub fn weight(&self) -> u64 {
        match (self.before, self.after) {
            (Some(before), Some(after)) => before.abs_diff(after),
            (Some(rows), None) | (None, Some(rows)) => rows + 1,
            (None, None) => 0,
        }
    }
}

/// The instance that listens at the target's port after the refresh.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RefreshedInstance {
    /// TCP port at which the instance listens.
    pub port: u16,
    /// Directory on this host with the instance's data.
    pub directory: String,
    /// Path of the option file with the developer's login.
    pub client: String,
    /// Whether the data shares disk blocks with the template that it is a copy of.
    pub shared: bool,
    /// Seconds that copying the template took.
    pub copy_seconds: f64,
    /// Seconds that `preserve`, migrations, `set` and `after` took, before the instance listened at its port; none if there was
    /// nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_seconds: Option<f64>,
    /// Seconds without a server at the port.
    pub downtime_seconds: f64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How far a refresh came with replacing the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshState {
    /// The database was not touched.
    AsItWas,
    /// The swap had begun; how it ended is not known.
    Swapping,
    /// The new tables have replaced the old ones.
    Replaced,
    /// The word of a newer version, carried untouched.
    #[serde(untagged)]
    Unknown(String),
}

/// One migration of the branch and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Migration {
    /// File name of the migration, or the command that runs the migrations.
    pub name: String,
    /// How the migration ended.
    pub status: MigrationStatus,
    /// Seconds that the migration took.
    pub seconds: f64,
    /// Why the migration failed: file, line and the server's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The output of a command, up to 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How a migration ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationStatus {
    /// The migration ran now, without an error.
    Applied,
    /// The ledger says that the migration had run before.
    AlreadyApplied,
    /// The migration ran now and failed.
    Failed,
    /// The word of a newer version, carried untouched.
    #[serde(untagged)]
    Unknown(String),
}

impl MigrationStatus {
    /// The word that stands for the status in a document.
    pub fn word(&self) -> &str {
        match self {
            Self::Applied => "applied",
            Self::AlreadyApplied => "already-applied",
            Self::Failed => "failed",
            Self::Unknown(word) => word,
        }
    }
}

/// The value for a document without the field: the status is not known.
impl Default for MigrationStatus {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}
