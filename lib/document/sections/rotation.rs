//! Which dumps stayed and which went (mydump-rotate).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which dumps stayed and which went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rotation {
    /// Dumps that stay, newest first.
    pub kept: Vec<RotationVerdict>,
    /// Dumps that were removed.
    pub removed: Vec<RotationVerdict>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One dump and why it stays or goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RotationVerdict {
    /// File name of the dump.
    pub name: String,
    /// For people: `newest`, `younger than 7 days`, …
    pub reason: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
