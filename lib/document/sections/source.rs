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
    /// `DbClusterResourceId` or `DbiResourceId` of the source. Names are reused, these ids are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// The databases of the source that are dumped.
    pub databases: Vec<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A snapshot of the source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Snapshot {
    /// Snapshot identifier; that of an automated snapshot begins with `rds:`.
    pub id: String,
    /// Amazon resource name of the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `manual`, taken by a run or a person, or `automated`, taken by the service.
    pub kind: String,
    /// The service's word: `creating`, `available`, …
    pub status: String,
    /// When the snapshot was taken. It becomes `as_of` of the plan and of the dump.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Engine of the source: `aurora-mysql`, `mysql`, …
    pub engine: String,
    /// Engine version of the source, which the restore uses.
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
