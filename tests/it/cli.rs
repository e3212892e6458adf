//! The document as every door reads and writes it.

use refreshkit::document::{self, Document};

#[test]
fn a_newer_document_leaves_with_every_field_it_came_with() {
    let newer = r#"{"schema":"refreshkit/1","run":"r","ok":true,"snapshot":{"id":"s","kind":"","status":"","engine":"","engine_version":"","fallback":false,"later":{"x":1e400,"y":1.10}},"resources":[{"kind":"cluster","id":"c","colour":"red"}],"steps":[{"tool":"t","version":"","seconds":0.5,"status":"ok","note":"","big":123456789012345678901234567890}],"zeal":[1,{"deep":null}]}"#;
    let written = document::render(&document::parse(newer.as_bytes()).unwrap());
    assert_eq!(written.trim_end(), newer.replace("1e400", "1e+400"));
}

#[test]
fn an_older_document_without_most_fields_is_read() {
    let older = document::parse(br#"{"schema":"refreshkit/1","run":"r"}"#).unwrap();
    assert_eq!(older, Document::new("r"));
}
