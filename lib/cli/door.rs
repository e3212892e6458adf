//! The way in: flags that are read, or wrong.
//!
//! In: argv. Out: the tool is entered with its flags; wrong ones are shown, and a document goes on that says so.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use super::args::Common;
use super::report::Voice;
use super::role::Role;
use super::{answer, ends, signal, wait};
use crate::document::{Document, Ending, ErrorReport, Exit, Failure, StepStatus};
use crate::outlet;

/// Reads the flags of `tool` and goes on with `enter`. Wrong flags are shown, and a tool in the middle of a pipe still
/// hands the document on: failed, with what the tools before it created, so that the end of the pipe can clean up.
pub fn door<A: Parser>(tool: &'static str, role: Role, enter: impl FnOnce(A) -> ExitCode) -> ExitCode {
    outlet::catch_panics(tool);
    if let Some(code) = answer::pages::<A>(tool) {
        return code;
    }
    let error = match A::try_parse() {
        Ok(flags) => return enter(flags),
        Err(error) => error,
    };
    if !error.use_stderr() {
        // --help and --version: our own words.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // It quotes what was typed, or what a variable holds.
    outlet::say(tool, &error.render().to_string());
    if std::io::stdout().is_terminal() {
        return ExitCode::from(Exit::Usage as u8);
    }
    let failed = ErrorReport::of(tool, &Usage(error.kind().to_string()));
    let code = failed.exit;
    let mut document = before(tool, role);
    document.steps.push(ends::step(tool, StepStatus::Failed));
    document.fail(failed);
    ends::write(&document, code, Voice::Document)
}

/// The document of the tool before, or one that stands for it.
fn before(tool: &str, role: Role) -> Document {
    let mut lost = Document::new(&Common::default().known_run().unwrap_or_default());
    lost.lost = role != Role::Head;
    if role == Role::Head {
        return lost;
    }
    wait::for_stdin(tool, &signal::listen(), true).map_or(lost, |(_, document)| document)
}

/// The flags are wrong; clap has shown how.
#[derive(Debug, thiserror::Error)]
#[error("the flags are wrong: {0}")]
struct Usage(String);

impl Failure for Usage {
    fn ending(&self) -> Ending {
        Ending::new(Exit::Usage, "usage").hint("see --help of the tool")
    }
}
