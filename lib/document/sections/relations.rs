//! Fields of a plan's report on one relation: where the relation is known from, and the parents with the most children.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where a relation is known from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeOrigin {
    /// A foreign key of the database.
    ForeignKey,
    /// An entry of `[relations]` in `refresh.toml`.
    Declared,
    /// A proposal of `mydehydrate infer`. This version writes it into no document.
    Inferred,
    /// A word that this version does not know, carried untouched.
    #[serde(untagged)]
    Unknown(String),
}

/// The value for a document without the field: the origin is not known.
impl Default for EdgeOrigin {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

impl fmt::Display for EdgeOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::ForeignKey => "foreign-key",
            Self::Declared => "declared",
            Self::Inferred => "inferred",
            Self::Unknown(word) => word,
        })
    }
}

/// A parent because of which many children are kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HotParent {
    /// The parent's key as the children refer to it; a key of several columns has blanks between its values.
    pub key: String,
    /// Number of the parent's children that are kept.
    pub children: u64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use crate::document::{EdgeOrigin, EdgeReport, json_schema};

    #[test]
    fn where_a_relation_is_known_from_is_typed_and_a_new_word_leaves_as_it_came() {
        for (word, origin) in [
            ("foreign-key", EdgeOrigin::ForeignKey),
            ("declared", EdgeOrigin::Declared),
            ("guessed", EdgeOrigin::Unknown("guessed".to_owned())),
        ] {
            let text = format!(
                r#"{{"child":"a.b(c)","parent":"a.d(e)","origin":"{word}","down_rows":0,"up_rows":1,"orphans":0,"dangling":0,"dropped_rows":2,"hot_parents":[{{"key":"7","children":99,"new":[1]}}],"newer":true}}"#
            );
            let report: EdgeReport = serde_json::from_str(&text).unwrap();
            assert_eq!(report.origin, origin);
            assert_eq!((report.dropped_rows, report.hot_parents[0].children), (Some(2), 99));
            assert_eq!(report.origin.to_string(), word);
            assert_eq!(serde_json::to_string(&report).unwrap(), text);
        }
        let plain = serde_json::to_value(EdgeReport::default()).unwrap();
        assert!(plain.get("dropped_rows").is_none() && plain.get("hot_parents").is_none(), "{plain}");
    }

    #[test]
    fn the_schema_names_what_a_relation_says() {
        let schema = json_schema();
        let report = &schema["$defs"]["EdgeReport"]["properties"];
        for field in ["origin", "dropped_rows", "hot_parents"] {
            assert!(report.get(field).is_some(), "{field}");
        }
        assert!(schema["$defs"]["Dehydration"]["properties"].get("target").is_some());
    }
}
