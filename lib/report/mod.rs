//! What a run did, for people and for machines that watch it.
//!
//! In: any document, failed ones too. Out: a text, one summary line, a Prometheus textfile. The document itself goes
//! on unchanged.

mod prometheus;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};

pub use prometheus::prometheus;
pub use text::{summary, text};

use crate::document::{Document, Exit, Failure};
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

    /// Write a Prometheus textfile for the node exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    pub prometheus: Option<PathBuf>,
}

/// A report cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the report {}", path.display())]
pub struct Error {
    path: PathBuf,
    source: std::io::Error,
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        Exit::CannotWrite
    }

    fn code(&self) -> &'static str {
        "report"
    }
}

/// Writes the reports that `options` name.
pub fn write(_: &House, document: &mut Document, options: &Options) -> Result<(), Error> {
    let reports = [
        (&options.text, text as fn(&Document) -> String),
        (&options.summary, |document| format!("{}\n", summary(document))),
        (&options.prometheus, prometheus),
    ];
    for (path, render) in reports {
        if let Some(path) = path {
            store(path, &render(document))?;
        }
    }
    Ok(())
}

/// Whole or not at all: whoever collects reports never sees half of one. A device such as /dev/stderr is written to.
fn store(path: &Path, content: &str) -> Result<(), Error> {
    let fail = |source| Error { path: path.to_owned(), source };
    if path.exists() && !path.is_file() {
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
