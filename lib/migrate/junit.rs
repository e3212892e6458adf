//! The migrations as JUnit XML, which build servers show as tests.
//!
//! In: what the document says of the migrations. Out: one `<testcase>` each; those that had run already are skipped.

use std::fmt::Write;

use crate::document::Migration;

/// One test suite, named after the branch.
pub fn junit(reference: &str, migrations: &[Migration]) -> String {
    let count = |status: &str| migrations.iter().filter(|migration| migration.status == status).count();
    let seconds: f64 = migrations.iter().map(|migration| migration.seconds).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "<testsuite name=\"migrations of {}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">",
        escape(reference),
        migrations.len(),
        count("failed"),
        count("already-applied")
    );
    for migration in migrations {
        case(migration, &mut text);
    }
    text.push_str("</testsuite>\n");
    text
}

fn case(migration: &Migration, text: &mut String) {
    let field = |name: &str| migration.other.get(name).and_then(|value| value.as_str()).map(escape);
    let (name, seconds) = (escape(&migration.name), migration.seconds);
    let _ = writeln!(text, "  <testcase classname=\"migrations\" name=\"{name}\" time=\"{seconds:.3}\">");
    match migration.status.as_str() {
        "already-applied" => text.push_str("    <skipped message=\"applied before\"/>\n"),
        "failed" => {
            let _ = writeln!(text, "    <failure message=\"{}\"/>", field("error").unwrap_or_default());
        }
        _ => {}
    }
    if let Some(output) = field("output") {
        let _ = writeln!(text, "    <system-out>{output}</system-out>");
    }
    text.push_str("  </testcase>\n");
}

/// Text for an element or an attribute; control characters, which XML cannot hold, become `?`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c if c.is_control() && c != '\t' => escaped.push('?'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_migration_is_a_test_and_a_failed_one_says_why() {
        let migration = |name: &str, status: &str| Migration {
            name: name.to_owned(),
            status: status.to_owned(),
            seconds: 0.5,
            ..Migration::default()
        };
        let mut failed = migration("V3.sql", "failed");
        failed.other.insert("error".to_owned(), "V3.sql:1: \"<x>\"\u{7}".into());
        let text =
            junit("a&b", &[migration("V1.sql", "already-applied"), migration("V2.sql", "applied"), failed]);
        assert!(text.contains(
            "name=\"migrations of a&amp;b\" tests=\"3\" failures=\"1\" skipped=\"1\" time=\"1.500\""
        ));
        assert!(text.contains("<failure message=\"V3.sql:1: &quot;&lt;x&gt;&quot;?\"/>"), "{text}");
        let mut reader = quick_xml::Reader::from_str(&text);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }
}
