//! How a plan was made to fit a number of rows or bytes (`--target-rows`, `--target-size`).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The limit, and the windows and `at_least` that were chosen to keep to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlanFit {
    /// Whether `limit` and `size` are rows or bytes.
    pub unit: TargetUnit,
    /// The number of rows or bytes that the flag allows at most.
    pub limit: u64,
    /// The rows or bytes that are kept.
    pub size: u64,
    /// The share of the configured windows and `at_least` that was applied, in thousandths; above 1000 if there was room.
    pub share_permille: u64,
    /// The rules that chose the roots, as they were applied.
    pub roots: Vec<TargetRoot>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The unit of a limit for a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetUnit {
    /// Rows, as asked for by `--target-rows`.
    Rows,
    /// Bytes, as asked for by `--target-size`.
    Bytes,
    /// A word that this version does not know, carried untouched.
    #[serde(untagged)]
    Unknown(String),
}

/// The value for a document without the field: the unit is not known.
impl Default for TargetUnit {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

impl fmt::Display for TargetUnit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Rows => "rows",
            Self::Bytes => "bytes",
            Self::Unknown(word) => word,
        })
    }
}

/// One rule that chose roots, as it was applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetRoot {
    /// The table that the rule chooses rows of.
    pub table: String,
    /// The window after scaling, in seconds; null if the rule has none.
    pub window_seconds: Option<u64>,
    /// The rule's `at_least` after scaling: so many of the newest rows are roots.
    pub at_least: u64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Dehydration;

    #[test]
    fn what_was_chosen_is_typed_and_leaves_as_it_came() {
        let text = r#"{"unit":"rows","limit":100,"size":99,"share_permille":512,"roots":[{"table":"a","window_seconds":null,"at_least":3},{"table":"b","window_seconds":60,"at_least":0,"new":1}]}"#;
        let plan: Dehydration = serde_json::from_str(&format!(r#"{{"target":{text}}}"#)).unwrap();
        let target = plan.target.unwrap();
        assert_eq!((target.unit.clone(), target.roots[1].window_seconds), (TargetUnit::Rows, Some(60)));
        assert_eq!(serde_json::to_string(&target).unwrap(), text);
        assert!(serde_json::to_value(Dehydration::default()).unwrap().get("target").is_none());
    }
}
