//! The JSON Schema of `refresh.toml`, for editors.
//!
//! In: the words of the kinds of masks. Out: the schema of all sections, in which each kind of mask allows only its own settings.

use serde_json::{Value, json};

use super::sections::config::Config;
use super::vocabulary::{KindVocabulary, KindWords};

/// Settings that every kind takes.
const UNIVERSAL: &[&str] = &["kind", "when", "domain", "reason"];

/// The JSON Schema of `refresh.toml`.
pub fn json_schema(vocabulary: &KindVocabulary) -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    let names: Vec<&str> = vocabulary.kinds.iter().map(|kind| kind.name).collect();
    // A mask is written as the name of a kind, or as a table with the key `kind`.
    if let Some([word, table]) =
        schema.pointer_mut("/$defs/MaskConfig/anyOf").and_then(Value::as_array_mut).map(Vec::as_mut_slice)
    {
        word["enum"] = json!(names);
        table["properties"]["kind"]["enum"] = json!(names);
        table["allOf"] = vocabulary.kinds.iter().map(settings).collect();
    }
    schema
}

/// The rule that a table of this kind has only `UNIVERSAL` settings and those of the kind.
fn settings(kind: &KindWords) -> Value {
    let own = kind.settings.iter().filter(|name| !UNIVERSAL.contains(name));
    let names: Vec<&&str> = UNIVERSAL.iter().chain(own).collect();
    json!({
        "if": { "properties": { "kind": { "const": kind.name } }, "required": ["kind"] },
        "then": { "propertyNames": { "enum": names } },
    })
}
