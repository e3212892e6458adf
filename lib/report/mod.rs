//! What a run did, for people and for machines that watch it.
//!
//! In: any document, failed ones too. Out: a text, one summary line, an HTML page, JUnit XML, a Prometheus textfile. The
//! document itself goes on unchanged.

mod html;
mod junit;
mod prometheus;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};

use html::html;
use junit::junit;
use prometheus::prometheus;
use text::summary;
use text::text;

use crate::document::{Concern, Document, Done, Ending, Exit, Failure, OnFallback};
use crate::house::House;

/// What to write, each to a file (`-` is not special: stdout carries the document).
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Write a report for people
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,

    /// Write one line that says how the run went, for a build description
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Write an HTML page that build servers show as it is: no scripts, no styles, no other files
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Write JUnit XML: a test for each tool, for each migration, and one that fails on a fallback snapshot
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write a Prometheus textfile for the node exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    pub prometheus: Option<PathBuf>,

    /// Exit with 69 if the night went well, but on a fallback snapshot; for whoever looks at exit codes only
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<Concern>,
}

/// Why a report ends with an exit code of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A report cannot be written.
    #[error("cannot write the report {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// `--fail-on`.
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

/// Writes the reports that `options` name. There is nothing to say of it: a witness has no step.
pub fn write(house: &House, document: &mut Document, options: &Options) -> Result<Done, Error> {
    let metrics = options.prometheus.as_deref().map(|path| {
        let before = std::fs::read_to_string(path).unwrap_or_default();
        (path, prometheus(document, &before))
    });
    let text = options.text.as_deref().map(|path| (path, text(document)));
    let summary = options.summary.as_deref().map(|path| (path, format!("{}\n", summary(document))));
    let html = options.html.as_deref().map(|path| (path, html(document)));
    let junit = options.junit.as_deref().map(|path| (path, junit(document)));
    for (path, content) in [text, summary, html, junit, metrics].into_iter().flatten() {
        if house.dry_run {
            house.progress.say(&format!("would write {}", path.display()));
        } else {
            store(path, &content)?;
        }
    }
    if let Some(concern) = options.fail_on {
        concern.check(document)?;
    }
    Ok(Done::default())
}

/// Whole or not at all: whoever collects reports never sees half of one. What is no plain file (/dev/stderr, a pipe, a
/// link) is written to, never replaced.
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
