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
    /// How the database is. Older versions did not write it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<RefreshState>,
    /// The tables that were replaced, if not all of the database.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Where the old tables are: `<db>__previous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// File name of the dump.
    pub dump: String,
    /// Branch or tag whose migrations ran.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The commit that `ref` stood for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Migrations that ran, in order.
    pub migrations: Vec<Migration>,
    /// Rows that were loaded.
    pub rows: u64,
    /// Tables as they were loaded, verified against the manifest.
    pub tables: Vec<TableDigest>,
    /// How many rows each table has, and had before; nothing if there was nothing before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<TableChange>,
    /// Tables that are not among the changes, because counting them took too long.
    #[serde(skip_serializing_if = "is_zero")]
    pub uncounted: u64,
    /// Where it is served, if the target is an instance.
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
    /// Rows that it had; nothing if it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Rows that it has; nothing if it is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl TableChange {
    /// By how many rows it differs; a table that came or went by all of its rows, and one.
    pub fn weight(&self) -> u64 {
        match (self.before, self.after) {
            (Some(before), Some(after)) => before.abs_diff(after),
            (Some(rows), None) | (None, Some(rows)) => rows + 1,
            (None, None) => 0,
        }
    }
}

/// The instance that a refresh has put at a target's port.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RefreshedInstance {
    /// TCP port at which the instance listens.
    pub port: u16,
    /// Directory on this host that its data is in.
    pub directory: String,
    /// The option file with the developer's login.
    pub client: String,
    /// Whether it shares blocks with the template that it is a copy of.
    pub shared: bool,
    /// Seconds that copying the template took.
    pub copy_seconds: f64,
    /// How long preserve, migrations, `set` and `after` took behind a socket; nothing if there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_seconds: Option<f64>,
    /// How long nobody answered at the port.
    pub downtime_seconds: f64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How far a refresh came with the database that it is to replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshState {
    /// Nothing of it was touched.
    AsItWas,
    /// The swap had begun; how it ended is not known.
    Swapping,
    /// The new tables are in their place.
    Replaced,
    /// The word of a newer version, carried untouched.
    #[serde(untagged)]
    Unknown(String),
}

/// One migration of the branch and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Migration {
    /// File name, or the command.
    pub name: String,
    /// How the migration ended.
    pub status: MigrationStatus,
    /// Seconds that the migration took.
    pub seconds: f64,
    /// Why it failed: file, line and what the server said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What a command printed, up to 64 KiB of it.
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
    /// It had run before, so says the ledger.
    AlreadyApplied,
    /// The migration ran now and failed.
    Failed,
    /// The word of a newer version, carried untouched.
    #[serde(untagged)]
    Unknown(String),
}

impl MigrationStatus {
    /// As the document says it.
    pub fn word(&self) -> &str {
        match self {
            Self::Applied => "applied",
            Self::AlreadyApplied => "already-applied",
            Self::Failed => "failed",
            Self::Unknown(word) => word,
        }
    }
}

/// Nothing is known of it.
impl Default for MigrationStatus {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}
