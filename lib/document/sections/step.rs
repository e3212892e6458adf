//! The steps of a chain: what each tool did.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a tool's part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// The tool did its part.
    Ok,
    /// The tool failed; the first failure of the chain is in `error`.
    Failed,
    /// The tool only passed the document on, because the chain had already failed.
    Skipped,
}

/// What one tool did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Name of the tool: `rds-snap`, `mydehydrate`, …
    pub tool: String,
    /// Version of refreshkit that the tool belongs to.
    #[serde(default)]
    pub version: String,
    /// When the tool began to work (not when it began to wait for stdin).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// Seconds that the tool worked.
    #[serde(default)]
    pub seconds: f64,
    /// How the tool's part ended.
    pub status: StepStatus,
    /// What the tool did, in one line for people.
    #[serde(default)]
    pub note: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
