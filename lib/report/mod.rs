//! Reports of a run, for people and for monitors.
//!
//! In: any document, also a failed one. Out: a text, one summary line, an HTML page, JUnit XML, a Prometheus textfile, a reduced
//! document. The document itself is passed on unchanged.

mod archive;
mod junit;
mod page;
mod prometheus;
mod refresh;
mod text;

pub(crate) use text::{summary, text};

use std::io::Write;
use std::path::{Path, PathBuf};

use archive::archive;
use junit::junit;
use page::{CSS, CSS_NAME, Past, page};
use prometheus::prometheus;

use crate::document::{Concern, Document, Done, Ending, Exit, Failure, OnFallback};
use crate::house::House;
use crate::outlet;

/// What to write, each to a file (`-` is not special: stdout carries the document).
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Write a report for people
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,

    /// Write one line that says how the run went, for a build description
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Write an HTML page that build servers show as it is, no scripts, and report.css beside it
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Show the nights before in the page: a directory with a folder a night and a run.json (--archive) in each
    #[arg(long, value_name = "DIR", requires = "html")]
    pub history: Option<PathBuf>,

    /// Write JUnit XML: a test for each tool, for each migration, and one that fails on a fallback snapshot
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write a Prometheus textfile for the node exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    pub prometheus: Option<PathBuf>,

    /// Write the document without SQL, logins, addresses and ARNs, for a build server that keeps it where many can read it
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,

    /// Exit with 69 if the night went well, but on a fallback snapshot; for whoever looks at exit codes only
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<Concern>,
}

/// Why `refresh-report` ends with an exit code of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of a report cannot be written.
    #[error("cannot write the report {}", path.display())]
    File {
        /// Path of the report.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// The concern that `--fail-on` names was found.
    #[error(transparent)]
    Concern(#[from] OnFallback),
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::File { .. } => Ending::new(Exit::CannotWrite, "report"),
            Self::Concern(concern) => concern.ending(),
        }
    }
}

/// Writes the reports that `options` name. The returned note is empty, because a witness adds no step. With `--dry-run` only says
/// which files it would write.
pub fn write(house: &House, document: &mut Document, options: &Options) -> Result<Done, Error> {
    let metrics = options.prometheus.as_deref().map(|path| {
        let before = std::fs::read_to_string(path).unwrap_or_default();
        (path, prometheus(document, &before))
    });
    let text = options.text.as_deref().map(|path| (path, text(document)));
    let summary = options.summary.as_deref().map(|path| (path, format!("{}\n", summary(document))));
    let past = options.history.as_deref().map(|past| Past::of(past, &document.run)).unwrap_or_default();
    let html = options.html.as_deref().map(|path| (path, page(document, &past)));
    let junit = options.junit.as_deref().map(|path| (path, junit(document)));
    let archive = options.archive.as_deref().map(|path| (path, archive(document)));
    // Reports hold text from servers, branches and documents of others, so it is cleaned. The archive, JSON, has escapes already.
    let for_people = |(path, content): (_, String)| (path, outlet::for_people(&content));
    let reports = [text, summary, html, junit, metrics].into_iter().flatten().map(for_people);
    for (path, content) in reports.chain(archive) {
        if house.dry_run {
            house.progress.say(&format!("would write {}", path.display()));
        } else {
            store(path, &content)?;
        }
    }
    if let Some(page) = options.html.as_deref().filter(|page| page.is_file() && !house.dry_run) {
        store(&page.with_file_name(CSS_NAME), CSS)?;
    }
    if let Some(concern) = options.fail_on {
        concern.check(document)?;
    }
    Ok(Done::default())
}

/// Writes a report as a temporary file and renames it, so that nobody sees half a report. A path that is no plain file
/// (/dev/stderr, a pipe, a link) is appended to and never replaced.
fn store(path: &Path, content: &str) -> Result<(), Error> {
    let fail = |source| Error::File { path: path.to_owned(), source };
    if std::fs::symlink_metadata(path).is_ok_and(|known| !known.is_file()) {
        return std::fs::File::options()
            .append(true)
            .open(path)
            .and_then(|mut device| device.write_all(content.as_bytes()))
            .map_err(fail);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(directory)
        .map_err(fail)?;
    temporary.write_all(content.as_bytes()).and_then(|()| temporary.as_file().sync_all()).map_err(fail)?;
    temporary.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ErrorReport, Migration, MigrationStatus, Refresh, RefreshState, Step, StepStatus};

    const SENTENCE: &str = "mask them, or say why not, under [mask] of refresh.toml:";
    const TOML: &str = "[mask]\n\"app.users.email\" = \"email\"  # by its name\n\"app.users.note\" = { keep = \"<none>\" }  # \"a&b\"";

    fn step(tool: &str, status: StepStatus, note: &str) -> Step {
        Step {
            tool: tool.into(),
            version: String::new(),
            started_at: None,
            seconds: 1.5,
            status,
            note: note.into(),
            other: serde_json::Map::new(),
        }
    }

    fn refreshed() -> Document {
        let mut document = Document::new("refresh-1");
        let migration = |name: &str, status| Migration { name: name.into(), status, ..Migration::default() };
        document.refresh = Some(Refresh {
            target: "dev3".into(),
            database: "app".into(),
            previous: Some("app__previous".into()),
            dump: "app-20261122T020000Z.sql.gz".into(),
            reference: Some("feature/rating".into()),
            commit: Some("c0ffee".into()),
            migrations: vec![
                migration("V1.sql", MigrationStatus::AlreadyApplied),
                migration("V2.sql", MigrationStatus::Applied),
            ],
            rows: 11_368,
            ..Refresh::default()
        });
        document.steps.push(step("dev-restore", StepStatus::Ok, "dev3 <- app"));
        document
    }

    /// The document of `refreshed()`, but with a failed migration and without a swap.
    fn failed(code: &str, hint: &str) -> Document {
        let mut document = refreshed();
        let refresh = document.refresh.as_mut().unwrap();
        refresh.previous = None;
        let error = Some("V3.sql:4: ERROR 1064".to_owned());
        refresh.migrations.push(Migration {
            name: "V3.sql".into(),
            status: MigrationStatus::Failed,
            error,
            ..Migration::default()
        });
        document.steps[0] = step("dev-restore", StepStatus::Failed, "it failed");
        document.fail(ErrorReport {
            tool: "dev-restore".into(),
            code: code.into(),
            exit: 65,
            message: "it failed".into(),
            hint: Some(hint.into()),
            retryable: false,
            other: serde_json::Map::new(),
        });
        document
    }

    /// The text of a page, without tags and entities.
    fn seen(page: &str) -> String {
        let parts = page.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        parts
            .collect::<String>()
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
    }

    fn everywhere(document: &Document) -> [String; 3] {
        [seen(&page(document, &[])), text(document), seen(&junit(document))]
    }

    #[test]
    fn a_refresh_that_happened_is_told_in_every_report() {
        for told in everywhere(&refreshed()) {
            let sentence = "Database app now has 11,368 rows of app-20261122T020000Z.sql.gz, with the migrations of \
                            feature/rating (c0ffee). The tables before it are in app__previous.";
            assert!(told.contains(sentence), "{told}");
        }
        let report = text(&refreshed());
        for part in ["refresh of dev3", "already-applied", "V2.sql"] {
            assert!(report.contains(part), "{part}: {report}");
        }
    }

    #[test]
    fn a_refresh_that_failed_is_nowhere_told_as_one_that_happened() {
        let document = failed("migration-failed", "the database is as it was");
        for told in everywhere(&document).iter().chain([&summary(&document)]) {
            for word in ["now has", "dev3 <- app", "The tables before it"] {
                assert!(!told.contains(word), "{word}: {told}");
            }
        }
        for told in everywhere(&document) {
            let sentence = "Database app is as it was: the refresh failed before anything was replaced. It was to get \
                            app-20261122T020000Z.sql.gz, with the migrations of feature/rating (c0ffee).";
            assert!(told.contains(sentence), "{told}");
        }
        assert!(text(&document).contains("V3.sql:4: ERROR 1064"), "{}", text(&document));
    }

    #[test]
    fn a_refresh_that_was_stopped_or_did_not_finish_promises_nothing() {
        for code in ["interrupted", "swap-unfinished"] {
            for told in everywhere(&failed(code, "dev-restore status")) {
                assert!(!told.contains("now has") && !told.contains("is as it was"), "{told}");
                assert!(told.contains("dev-restore status --target dev3"), "{told}");
            }
        }
    }

    #[test]
    fn what_the_refresh_wrote_down_of_its_database_is_what_is_told() {
        let mut document = failed("interrupted", "dev-restore status");
        let told = |document: &Document, state| {
            let mut document = document.clone();
            document.refresh.as_mut().unwrap().state = Some(state);
            text(&document)
        };
        let report = told(&document, RefreshState::AsItWas);
        assert!(report.contains("is as it was: the refresh was stopped before"), "{report}");
        let report = told(&document, RefreshState::Swapping);
        assert!(report.contains("Whether database app was replaced is not written down here"), "{report}");
        // As if the tables were swapped and then the JUnit report could not be written.
        document.error.as_mut().unwrap().code = "cannot-write".to_owned();
        assert!(told(&document, RefreshState::Replaced).contains("Database app now has"));
        let report = told(&document, RefreshState::Unknown("cloned".to_owned()));
        assert!(!report.contains("now has") && !report.contains("as it was"), "{report}");
    }

    #[test]
    fn a_refresh_that_was_only_tried_out_or_taken_back_is_told_as_such() {
        let mut document = refreshed();
        document.refresh.as_mut().unwrap().previous = None;
        for told in everywhere(&document).iter().chain([&summary(&document)]) {
            assert!(!told.contains("now has") && !told.contains("dev3 <- app-"), "{told}");
        }
        let mut document = refreshed();
        let refresh = document.refresh.as_mut().unwrap();
        (refresh.dump, refresh.reference, refresh.commit) = (String::new(), None, None);
        refresh.migrations.clear();
        for told in everywhere(&document) {
            assert!(!told.contains("rows of "), "{told}");
            assert!(told.contains("Database app is again what it was before the last refresh."), "{told}");
        }
        assert!(summary(&document).contains("dev3 <- what it was before"), "{}", summary(&document));
    }

    #[test]
    fn the_toml_of_a_hint_can_be_pasted_from_every_report() {
        let document = failed("unmasked", &format!("{SENTENCE}\n{TOML}"));
        let page = page(&document, &[]);
        let block = page.split("<pre>").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap();
        assert_eq!(seen(block), TOML);
        assert!(toml::from_str::<toml::Table>(TOML).unwrap()["mask"].get("app.users.note").is_some());
        assert!(seen(&page).contains(SENTENCE), "{page}");
        let told = seen(&junit(&document));
        assert!(told.contains(&format!("{SENTENCE}\n{TOML}\n")), "{told}");
        // The lines are indented, so that none looks like a line of the report.
        let report = text(&document);
        let set_in = TOML.replace('\n', "\n  ");
        assert!(report.contains(&format!("{SENTENCE}\n  {set_in}\n")), "{report}");
        assert!(toml::from_str::<toml::Table>(&set_in).is_ok());
    }
}
