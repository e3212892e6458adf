//! The report as JUnit XML, which build servers show as tests, with a history of each.
//!
//! In: any document. Out: a suite for the tools and one for the migrations. A fallback is a failed test of its own: the night
//! went on, but somebody should look.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

use crate::document::{Document, Migration, Step, StepStatus};

/// One test, whatever it was in the document.
struct Case {
    class: &'static str,
    name: String,
    seconds: f64,
    outcome: Outcome,
    output: String,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
}

/// The whole file.
pub fn junit(document: &Document) -> String {
    let tools = document.steps.iter().map(|step| of_step(document, step));
    let migrations = document.refresh.iter().flat_map(|refresh| &refresh.migrations).map(of_migration);
    let cases: Vec<Case> = tools.chain(fallback(document)).chain(migrations).collect();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, &document.run, &cases).expect("writing to memory cannot fail");
    String::from_utf8(writer.into_inner()).unwrap_or_default()
}

fn of_step(document: &Document, step: &Step) -> Case {
    let error = document.error.as_ref().filter(|error| error.tool == step.tool);
    let message = error.map_or_else(|| step.note.clone(), |error| error.message.clone());
    Case {
        class: "refreshkit.tools",
        name: step.tool.clone(),
        seconds: step.seconds,
        outcome: match step.status {
            StepStatus::Ok => Outcome::Passed,
            StepStatus::Skipped => Outcome::Skipped("an earlier tool failed".to_owned()),
            StepStatus::Failed => Outcome::Failed(message),
        },
        output: step.note.clone(),
    }
}

/// Whether the data is what the run asked for.
fn fallback(document: &Document) -> Option<Case> {
    let snapshot = document.snapshot.as_ref()?;
    let reason = snapshot.fallback_reason.clone().unwrap_or_else(|| "a fallback was taken".to_owned());
    Some(Case {
        class: "refreshkit.data",
        name: "the snapshot is the one that was asked for".to_owned(),
        seconds: 0.0,
        outcome: if snapshot.fallback { Outcome::Failed(reason) } else { Outcome::Passed },
        output: snapshot.id.clone(),
    })
}

fn of_migration(migration: &Migration) -> Case {
    let text = |name: &str| migration.other.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    Case {
        class: "refreshkit.migrations",
        name: migration.name.clone(),
        seconds: migration.seconds,
        outcome: match migration.status.as_str() {
            "already-applied" => Outcome::Skipped("applied before".to_owned()),
            "failed" => Outcome::Failed(text("error").to_owned()),
            _ => Outcome::Passed,
        },
        output: text("output").to_owned(),
    }
}

fn write(writer: &mut Writer<Vec<u8>>, run: &str, cases: &[Case]) -> io::Result<()> {
    let count =
        |wanted: fn(&Outcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count().to_string();
    let (failures, skipped) =
        (count(|outcome| matches!(outcome, Outcome::Failed(_))), count(|o| matches!(o, Outcome::Skipped(_))));
    let seconds = format!("{:.3}", cases.iter().map(|case| case.seconds).sum::<f64>());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suite = writer.create_element("testsuite").with_attributes([
        ("name", clean(run).as_str()),
        ("tests", cases.len().to_string().as_str()),
        ("failures", failures.as_str()),
        ("skipped", skipped.as_str()),
        ("time", seconds.as_str()),
    ]);
    suite.write_inner_content(|writer| cases.iter().try_for_each(|case| write_case(writer, case)))?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &Case) -> io::Result<()> {
    let seconds = format!("{:.3}", case.seconds);
    let element = writer.create_element("testcase").with_attributes([
        ("classname", case.class),
        ("name", clean(&case.name).as_str()),
        ("time", seconds.as_str()),
    ]);
    element.write_inner_content(|writer| {
        let told = |writer: &mut Writer<Vec<u8>>, element: &str, message: &str| {
            let message = clean(message);
            writer
                .create_element(element)
                .with_attribute(("message", message.as_str()))
                .write_empty()
                .map(drop)
        };
        match &case.outcome {
            Outcome::Passed => {}
            Outcome::Skipped(why) => told(writer, "skipped", why)?,
            Outcome::Failed(why) => told(writer, "failure", why)?,
        }
        if !case.output.is_empty() {
            let output = clean(&case.output);
            writer.create_element("system-out").write_text_content(BytesText::new(&output))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Control characters, which XML 1.0 cannot hold, become `?`.
fn clean(text: &str) -> String {
    let forbidden =
        |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.replace(forbidden, "?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Refresh, Snapshot};

    #[test]
    fn a_fallback_and_a_failed_migration_are_failed_tests_and_the_rest_is_not() {
        let mut document = Document::new("a&b\u{1}");
        document.snapshot = Some(Snapshot {
            fallback: true,
            fallback_reason: Some("the snapshot \"failed\"".into()),
            ..Snapshot::default()
        });
        let migration = |name: &str, status: &str| Migration {
            name: name.into(),
            status: status.into(),
            ..Migration::default()
        };
        let migrations = vec![migration("V1.sql", "already-applied"), migration("V2<x>.sql", "failed")];
        document.refresh = Some(Refresh { migrations, ..Refresh::default() });
        let text = junit(&document);
        assert!(
            text.contains(r#"<testsuite name="a&amp;b?" tests="3" failures="2" skipped="1" time="0.000">"#),
            "{text}"
        );
        assert!(text.contains("the snapshot &quot;failed&quot;"), "{text}");
        assert!(text.contains("V2&lt;x&gt;.sql"), "{text}");
        let mut reader = quick_xml::Reader::from_str(&text);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }
}
