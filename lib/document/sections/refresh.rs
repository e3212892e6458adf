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
    /// Where the old tables are: `<db>__previous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// File name of the dump.
    pub dump: String,
    /// Branch or tag.
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
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One migration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Migration {
    /// File name, or the command.
    pub name: String,
    /// `applied`, `already-applied` or `failed`.
    pub status: String,
    /// How long it took.
    pub seconds: f64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
