//! The report as JUnit XML: build servers show the tests, with a history of each.
//!
//! In: any document. Out: one suite with a test for each tool, one for the snapshot, and one for each migration. A fallback
//! snapshot is a failed test, although the night went on, so that a person notices it.

use super::refresh;
use crate::document::{Document, Step, StepStatus};
use crate::junit::{TestCase, TestOutcome, case, suite};

/// The whole XML file: tests for the tools, for the snapshot and for the migrations.
pub(super) fn junit(document: &Document) -> String {
    let outputs: Vec<String> = document.steps.iter().map(|step| output(document, step)).collect();
    let tools = document.steps.iter().zip(&outputs).map(|(step, output)| of_step(document, step, output));
    let migrations = document.refresh.iter().flat_map(|refresh| &refresh.migrations);
    let migrations = migrations.map(|migration| case("refreshkit.migrations", migration));
    let cases: Vec<TestCase<'_>> = tools.chain(fallback(document)).chain(migrations).collect();
    suite(&document.run, &cases)
}

fn of_step<'a>(document: &'a Document, step: &'a Step, output: &'a str) -> TestCase<'a> {
    let error = document.error.as_ref().filter(|error| error.tool == step.tool);
    let message = error.map_or(&step.note, |error| &error.message);
    TestCase {
        class: "refreshkit.tools",
        name: &step.tool,
        seconds: step.seconds,
        outcome: match step.status {
            StepStatus::Ok => TestOutcome::Passed,
            StepStatus::Skipped => TestOutcome::Skipped("an earlier tool failed"),
            StepStatus::Failed => TestOutcome::Failed(message),
        },
        output,
    }
}

/// The output of a tool's test: the note of its step, for `dev-restore` the result of the refresh, and after a failure the hint.
fn output(document: &Document, step: &Step) -> String {
    let refresh = document.refresh.as_ref().filter(|_| step.tool == refresh::TOOL);
    let told = refresh.map(|refresh| refresh::plain(document, refresh));
    let error = document.error.as_ref().filter(|error| error.tool == step.tool);
    let hint = error.and_then(|error| error.hint.as_ref()).map(|hint| format!("hint: {hint}\n"));
    let parts = [Some(step.note.clone()).filter(|note| !note.is_empty()), told, hint];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// A test that fails if the data is from a fallback snapshot; `None` without a snapshot.
fn fallback(document: &Document) -> Option<TestCase<'_>> {
    let snapshot = document.snapshot.as_ref()?;
    let reason = snapshot.fallback_reason.as_deref().unwrap_or("a fallback was taken");
    Some(TestCase {
        class: "refreshkit.data",
        name: "the snapshot is the one that was asked for",
        seconds: 0.0,
        outcome: if snapshot.fallback { TestOutcome::Failed(reason) } else { TestOutcome::Passed },
        output: &snapshot.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Migration, MigrationStatus, Refresh, Snapshot};

    #[test]
    fn a_fallback_and_a_failed_migration_are_failed_tests_and_the_rest_is_not() {
        let mut document = Document::new("a&b\u{1}");
        document.snapshot = Some(Snapshot {
            fallback: true,
            fallback_reason: Some("the snapshot \"failed\"".into()),
            ..Snapshot::default()
        });
        let migration = |name: &str, status| Migration { name: name.into(), status, ..Migration::default() };
        let migrations = vec![
            migration("V1.sql", MigrationStatus::AlreadyApplied),
            migration("V2<x>.sql", MigrationStatus::Failed),
        ];
        document.refresh = Some(Refresh { migrations, ..Refresh::default() });
        let text = junit(&document);
        assert!(
            text.contains(
                r#"<testsuite name="a&amp;b\x01" tests="3" failures="2" skipped="1" time="0.000">"#
            ),
            "{text}"
        );
        assert!(text.contains("the snapshot &quot;failed&quot;"), "{text}");
        assert!(text.contains("V2&lt;x&gt;.sql"), "{text}");
        assert!(roxmltree::Document::parse(&text).is_ok(), "{text}");
    }
}
