//! Writes JUnit XML, of which build servers show each test with its history.
//!
//! In: migrations as the document has them, or other test cases (those of the room `report`). Out: one `<testsuite>` with a
//! `<testcase>` for each; migrations that had run before are skipped.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

use crate::document::{Migration, MigrationStatus};
use crate::outlet;

/// One test: a migration, or a case of the report.
#[derive(Debug)]
pub(crate) struct TestCase<'a> {
    /// Class of the test; build servers take the parts before a dot in it for packages.
    pub(crate) class: &'a str,
    pub(crate) name: &'a str,
    pub(crate) seconds: f64,
    pub(crate) outcome: TestOutcome<'a>,
    /// What the test printed; the element is left out if this is empty.
    pub(crate) output: &'a str,
}

#[derive(Debug)]
pub(crate) enum TestOutcome<'a> {
    Passed,
    Skipped(&'a str),
    Failed(&'a str),
}

/// The XML of one test suite with all migrations. `reference` is the branch that the suite is named after.
pub fn junit(reference: &str, migrations: &[Migration]) -> String {
    let cases: Vec<TestCase<'_>> = migrations.iter().map(|migration| case("migrations", migration)).collect();
    suite(&format!("migrations of {reference}"), &cases)
}

pub(crate) fn case<'a>(class: &'a str, migration: &'a Migration) -> TestCase<'a> {
    TestCase {
        class,
        name: &migration.name,
        seconds: migration.seconds,
        outcome: match &migration.status {
            MigrationStatus::AlreadyApplied => TestOutcome::Skipped("applied before"),
            MigrationStatus::Failed => TestOutcome::Failed(migration.error.as_deref().unwrap_or_default()),
            MigrationStatus::Applied => TestOutcome::Passed,
            // The word of a newer version, whose meaning is not known: it must not count as passed.
            MigrationStatus::Unknown(word) => TestOutcome::Skipped(word),
        },
        output: migration.output.as_deref().unwrap_or_default(),
    }
}

pub(crate) fn suite(name: &str, cases: &[TestCase<'_>]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, name, cases).expect("writing to memory cannot fail");
    let mut text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

fn write(writer: &mut Writer<Vec<u8>>, name: &str, cases: &[TestCase<'_>]) -> io::Result<()> {
    let count = |wanted: fn(&TestOutcome<'_>) -> bool| {
        cases.iter().filter(|case| wanted(&case.outcome)).count().to_string()
    };
    let failures = count(|outcome| matches!(outcome, TestOutcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, TestOutcome::Skipped(_)));
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suite = writer.create_element("testsuite").with_attributes([
        ("name", clean(name).as_str()),
        ("tests", cases.len().to_string().as_str()),
        ("failures", failures.as_str()),
        ("skipped", skipped.as_str()),
        ("time", seconds(cases.iter().map(|case| case.seconds).sum()).as_str()),
    ]);
    suite.write_inner_content(|writer| cases.iter().try_for_each(|case| write_case(writer, case)))?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &TestCase<'_>) -> io::Result<()> {
    let element = writer.create_element("testcase").with_attributes([
        ("classname", clean(case.class).as_str()),
        ("name", clean(case.name).as_str()),
        ("time", seconds(case.seconds).as_str()),
    ]);
    element.write_inner_content(|writer| {
        match case.outcome {
            TestOutcome::Passed => {}
            TestOutcome::Skipped(why) => write_outcome(writer, "skipped", why)?,
            TestOutcome::Failed(why) => write_outcome(writer, "failure", why)?,
        }
        if !case.output.is_empty() {
            let output = clean(case.output);
            writer.create_element("system-out").write_text_content(BytesText::new(&output))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_outcome(writer: &mut Writer<Vec<u8>>, element: &str, message: &str) -> io::Result<()> {
    let message = clean(message);
    writer.create_element(element).with_attribute(("message", message.as_str())).write_empty().map(drop)
}

/// Writes seconds to the millisecond, never with an exponent.
fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// Writes out control characters, most of which XML 1.0 cannot hold; others that it cannot hold become `?`.
fn clean(text: &str) -> String {
    outlet::for_people(text).replace(['\u{fffe}', '\u{ffff}'], "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(name: &str, status: MigrationStatus) -> Migration {
        Migration { name: name.to_owned(), status, seconds: 0.5, ..Migration::default() }
    }

    #[test]
    fn each_migration_is_a_test_and_a_failed_one_says_why() {
        let mut failed = migration("V3.sql", MigrationStatus::Failed);
        failed.error = Some("V3.sql:1: \"<x>\"\u{7}".to_owned());
        let before = migration("V1.sql", MigrationStatus::AlreadyApplied);
        let text = junit("a&b", &[before, migration("V2.sql", MigrationStatus::Applied), failed]);
        let document = roxmltree::Document::parse(&text).unwrap();
        let suite = document.root_element();
        let said = |name| suite.attribute(name).unwrap_or_default();
        assert_eq!([said("name"), said("tests")], ["migrations of a&b", "3"]);
        assert_eq!([said("failures"), said("skipped"), said("time")], ["1", "1", "1.500"]);
        let told: Vec<(&str, Option<&str>)> = document
            .descendants()
            .filter(|node| node.has_tag_name("skipped") || node.has_tag_name("failure"))
            .map(|node| (node.tag_name().name(), node.attribute("message")))
            .collect();
        assert_eq!(told, [("skipped", Some("applied before")), ("failure", Some("V3.sql:1: \"<x>\"\\x07"))]);
    }

    #[test]
    fn whatever_a_migration_prints_a_strict_reader_reads() {
        let nasty = "]]> <!-- & </system-out> \u{0}\u{1b}[31m\u{fffe}\u{85} 😀 \u{202e}'\"\ttwo\nlines";
        let mut failed = migration(nasty, MigrationStatus::Failed);
        failed.error = Some(nasty.to_owned());
        failed.output = Some(nasty.to_owned());
        let text = junit(nasty, &[failed, migration("", MigrationStatus::Applied)]);
        let document = roxmltree::Document::parse(&text).unwrap();
        let read = |name: &str| document.descendants().find(|node| node.has_tag_name(name)).unwrap();
        let expected = outlet::for_people(nasty).replace('\u{fffe}', "?");
        assert!(expected.contains("\\x00\\x1b[31m?\\x85") && expected.contains("\\u{202e}"), "{expected}");
        assert_eq!(read("testsuite").attribute("name").unwrap(), format!("migrations of {expected}"));
        assert_eq!(read("testcase").attribute("name").unwrap(), expected);
        assert_eq!(read("failure").attribute("message").unwrap(), expected);
        assert_eq!(read("system-out").text().unwrap(), expected);
    }
}
