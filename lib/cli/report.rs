//! The only file that writes to stdout, and the one that shows errors.
//!
//! In: the finished document or list; an error report. Out: stdout once, at the end; stderr as
//! `tool: error: …` and `  hint: …`.

use std::io::Write;

use crate::document::{Ending, ErrorReport, Exit, Failure};
use crate::outlet;

/// stdout is closed or full.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to stdout")]
pub(crate) struct StdoutError(#[source] pub(crate) std::io::Error);

impl Failure for StdoutError {
    fn ending(&self) -> Ending {
        Ending::new(Exit::Io, "stdout").hint("what the run created is in its journal too: rds-drop --run ID")
    }
}

/// Writes everything to stdout at once.
pub(crate) fn print(text: &[u8]) -> Result<(), StdoutError> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).map_err(StdoutError)
}

/// Says one thing to people.
pub(crate) fn remark(tool: &str, message: &str) {
    outlet::say(tool, message);
}

/// Shows an error to people.
pub(crate) fn show(report: &ErrorReport) {
    let mut said = format!("error: {}", report.message);
    if let Some(hint) = &report.hint {
        said.push_str("\n  hint: ");
        said.push_str(hint);
    }
    outlet::say(&report.tool, &said);
}
