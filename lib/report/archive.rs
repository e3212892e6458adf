//! A reduced document for a build server's archive, where everybody who may see the build can read it for months.
//!
//! In: any document. Out: the same document with only the fields of a list: what happened, to which tables, how many rows, what
//! is still to delete. Left out are SQL and its constants, keys of rows, logins (option files, secrets), addresses, ARNs, and
//! fields of newer versions until they are added to the list.

use serde_json::{Map, Value};

use crate::document::Document;
use crate::outlet;

/// The paths of the fields that are kept; `[]` stands for every element of a list.
const KEPT: &[&str] = &[
    "schema",
    "run",
    "ok",
    "lost",
    "error.tool",
    "error.code",
    "error.exit",
    "error.message",
    "error.hint",
    "error.retryable",
    "source.cluster",
    "source.instance",
    "source.databases",
    "snapshot.id",
    "snapshot.kind",
    "snapshot.status",
    "snapshot.created_at",
    "snapshot.engine",
    "snapshot.engine_version",
    "snapshot.fallback",
    "snapshot.fallback_reason",
    "cluster.id",
    "cluster.resource_id",
    "cluster.engine",
    "cluster.engine_version",
    "cluster.instances",
    "cluster.throw_away",
    "dehydration.as_of",
    "dehydration.databases",
    "dehydration.in_place",
    "dehydration.dangling",
    "dehydration.canaries",
    "dehydration.config_sha256",
    "dehydration.warnings",
    "dehydration.tables[].database",
    "dehydration.tables[].table",
    "dehydration.tables[].class",
    "dehydration.tables[].rows_before",
    "dehydration.tables[].rows",
    "dehydration.tables[].bytes_before",
    "dehydration.tables[].columns[].name",
    "dehydration.tables[].columns[].mask",
    "dehydration.edges[].child",
    "dehydration.edges[].parent",
    "dehydration.edges[].origin",
    "dehydration.edges[].down_rows",
    "dehydration.edges[].up_rows",
    "dehydration.edges[].orphans",
    "dehydration.edges[].dangling",
    "dehydration.edges[].dropped_rows",
    "dump.name",
    "dump.bytes",
    "dump.rows",
    "dump.as_of",
    "dump.tables[].database",
    "dump.tables[].table",
    "dump.tables[].rows",
    "rotation.kept[].name",
    "rotation.kept[].reason",
    "rotation.removed[].name",
    "rotation.removed[].reason",
    "refresh.target",
    "refresh.database",
    "refresh.state",
    "refresh.only",
    "refresh.previous",
    "refresh.dump",
    "refresh.ref",
    "refresh.commit",
    "refresh.rows",
    "refresh.changes[].table",
    "refresh.changes[].before",
    "refresh.changes[].after",
    "refresh.uncounted",
    "refresh.migrations[].name",
    "refresh.migrations[].status",
    "refresh.migrations[].seconds",
    "refresh.migrations[].error",
    "refresh.migrations[].output",
    "resources[].kind",
    "resources[].id",
    "resources[].resource_id",
    "resources[].expires_at",
    "resources[].intended_at",
    "steps[].tool",
    "steps[].version",
    "steps[].started_at",
    "steps[].seconds",
    "steps[].status",
    "steps[].note",
];

/// The reduced document as one line of JSON.
pub(super) fn archive(document: &Document) -> String {
    let whole = serde_json::to_value(document).unwrap_or_default();
    let kept = reduced(&whole, "").unwrap_or_default();
    format!("{}\n", outlet::as_json(&kept.to_string()))
}

/// The parts of a value that are on the list; `None` if no part is.
fn reduced(value: &Value, path: &str) -> Option<Value> {
    if KEPT.contains(&path) {
        return Some(said(value));
    }
    if !KEPT.iter().any(|kept| {
        kept.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']) || path.is_empty())
    }) {
        return None;
    }
    match value {
        Value::Object(fields) => {
            let name =
                |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
            let kept = fields
                .iter()
                .filter_map(|(field, value)| Some((field.clone(), reduced(value, &name(field))?)));
            Some(Value::Object(kept.collect::<Map<_, _>>()))
        }
        Value::Array(values) => {
            let inner = format!("{path}[]");
            Some(Value::Array(values.iter().filter_map(|value| reduced(value, &inner)).collect()))
        }
        // The list has fields below this path, but the value has none: a newer version changed its type.
        _ => None,
    }
}

/// A value of a field on the list, without passwords in URLs and ARNs in its texts.
fn said(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_arns(&outlet::without_userinfo(text))),
        Value::Array(values) => Value::Array(values.iter().map(said).collect()),
        // No field on the list is an object in this version, so the content of this one is unknown and left out.
        Value::Object(_) => Value::Null,
        plain => plain.clone(),
    }
}

/// Hides ARNs in a text: an ARN names an account, a region and a secret.
fn without_arns(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("arn:") {
        let end = rest[at..]
            .find(|c: char| c.is_whitespace() || "'\"`,;()<>".contains(c))
            .map_or(rest.len(), |end| at + end);
        out.push_str(&rest[..at]);
        out.push_str("arn:***");
        rest = &rest[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse;

    #[test]
    fn an_archive_is_a_document_without_sql_logins_addresses_and_arns() {
        let text = r#"{"schema":"refreshkit/1","run":"r","ok":false,
            "error":{"tool":"t","code":"c","exit":69,"message":"no arn:aws:secretsmanager:eu-west-1:123456789012:secret:PLANTED, sorry","new":"PLANTED"},
            "snapshot":{"id":"s","arn":"arn:aws:rds:eu-west-1:1:PLANTED"},
            "cluster":{"id":"c","host":"PLANTED","login":{"user":"admin","option_file":"/PLANTED"}},
            "dehydration":{"session":["PLANTED"],"work_schema":"PLANTED","tables":[{"database":"app","table":"t","class":"root","rows":1,
              "columns":[{"name":"email","expression":"PLANTED","mask":"email"}],"from":"PLANTED","filter":"PLANTED","select":"PLANTED"}],
              "edges":[{"child":"a","parent":"b","down_rows":3,"hot_parents":[{"key":"PLANTED","children":2}]}]},
            "dump":{"name":"d","path":"/PLANTED"},"resources":[{"kind":"cluster","id":"c","resource_id":"cluster-X"}],
            "steps":[{"tool":"t","status":"failed","note":"https://u:PLANTED@h/"}],"PLANTED":{"PLANTED":"PLANTED"}}"#;
        let document = parse(text.as_bytes()).unwrap();
        let archived = archive(&document);
        assert!(!archived.contains("PLANTED"), "{archived}");
        let again = parse(archived.as_bytes()).unwrap();
        assert_eq!(again.dehydration.as_ref().unwrap().tables[0].columns[0].mask.as_deref(), Some("email"));
        assert_eq!(again.dehydration.as_ref().unwrap().edges[0].down_rows, 3);
        assert_eq!(again.resources, document.resources);
        assert_eq!(again.error.unwrap().message, "no arn:***, sorry");
    }

    #[test]
    fn every_field_of_the_list_is_one_of_the_document() {
        let schema = crate::document::json_schema();
        let known = |wanted: &str| {
            let quoted = format!("\"{wanted}\"");
            schema.to_string().contains(&quoted)
        };
        for kept in KEPT {
            for field in kept.replace("[]", "").split('.') {
                assert!(known(field), "{kept}");
            }
        }
    }
}
