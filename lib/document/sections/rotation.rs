//! Which dumps were kept and which were removed (mydump-rotate).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which dumps were kept and which were removed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rotation {
    /// Dumps that were kept, newest first.
    pub kept: Vec<RotationVerdict>,
    /// Dumps that were removed.
    pub removed: Vec<RotationVerdict>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One dump, and why it was kept or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RotationVerdict {
    /// File name of the dump.
    pub name: String,
    /// The reason, for people: `newest`, `younger than 7 days`, …
    pub reason: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
