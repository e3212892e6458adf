//! Writes the document to stdout and shows errors. (Commands write to stdout in `command.rs`, `--help` in `door.rs`.)
//!
//! In: the finished document, or an error report. Out: on stdout, once at the end, the document for a program or a sentence for a
//! person at a terminal; on stderr `tool: error: …` and `  hint: …`.

use std::io::{IsTerminal, Write};

use super::args::Common;
use crate::document::{self, Document, Ending, ErrorReport, Exit, Failure};
use crate::outlet;
use crate::report::{summary, text};

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

/// Writes one message to stderr, for people.
pub(crate) fn remark(tool: &str, message: &str) {
    outlet::say(tool, message);
}

/// Shows an error and its hint on stderr.
pub(crate) fn show(report: &ErrorReport) {
    let mut said = format!("error: {}", report.message);
    if let Some(hint) = &report.hint {
        said.push_str("\n  hint: ");
        said.push_str(hint);
    }
    outlet::say(&report.tool, &said);
}

/// The reader of stdout, who decides what is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// A tool, a file, or a person with `--json`: the document.
    Document,
    /// A person at a terminal: text instead of the document.
    Person,
}

impl Voice {
    /// A person if stdout is a terminal and `--json` is not given, else a program.
    pub(crate) fn of(common: &Common) -> Self {
        if !common.json && std::io::stdout().is_terminal() { Self::Person } else { Self::Document }
    }

    /// The text that a tool writes to stdout at its end.
    pub(crate) fn say(self, document: &Document) -> String {
        match self {
            Self::Document => document::render(document),
            Self::Person => outlet::for_people(&format!("{}\n", summary(document))),
        }
    }

    /// The report that a witness shows to a person; `None` for a program.
    pub(crate) fn report(self, document: &Document) -> Option<String> {
        (self == Self::Person).then(|| outlet::for_people(&text(document)))
    }
}
