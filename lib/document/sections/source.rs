//! Where the data comes from, and the snapshot of it (rds-snap, rds-wait).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where the data comes from: an Aurora cluster, a plain RDS instance, or neither (a server without AWS).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Source {
    /// Identifier of the Aurora cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// RDS MySQL instance identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// `DbClusterResourceId` / `DbiResourceId` of the source: names get reused, these do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Databases to bring along.
    pub databases: Vec<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A snapshot of the source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Snapshot {
    /// Snapshot identifier; automated ones are `rds:…`.
    pub id: String,
    /// Amazon resource name of the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Who had it taken: `manual` or `automated`.
    pub kind: String,
    /// As the service says: `creating`, `available`, …
    pub status: String,
    /// When the snapshot was taken; the `as_of` of all that is made from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Engine of the source: `aurora-mysql`, `mysql`, …
    pub engine: String,
    /// Engine version, passed on to the restore.
    pub engine_version: String,
    /// True if this is not the snapshot that the run asked for.
    pub fallback: bool,
    /// Why the fallback was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_reason: Option<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
