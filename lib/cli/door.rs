//! Reads the flags of a tool.
//!
//! In: argv. Out: a call of the tool's function with its flags. If the flags are wrong, an error on stderr and a failed document
//! for the next tool of the pipe.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use super::args::Common;
use super::report::Voice;
use super::role::Role;
use super::{answer, ends, signal, wait};
use crate::document::{Document, Ending, ErrorReport, Exit, Failure, StepStatus};
use crate::outlet;

/// Reads the flags of `tool` and calls `enter` with them. If the flags are wrong, shows how. In a pipe the tool then still passes
/// the document on, marked as failed: it names what earlier tools created, so that the end of the pipe can clean up.
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
        // --help and --version hold only text of this program, so clap may print it itself.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // The error quotes the command line or a variable, which may hold a password or control characters.
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

/// A tool's name and its `main`.
pub type NamedTool = (&'static str, fn() -> ExitCode);

/// Runs the tool whose name the binary was called by: the links to this one file have the tools' names.
pub fn one_of(tools: &[NamedTool]) -> ExitCode {
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let name = called.file_name().unwrap_or_default();
    if let Some((_, main)) = tools.iter().find(|(tool, _)| name == *tool) {
        return main();
    }
    let names: Vec<&str> = tools.iter().map(|(tool, _)| *tool).collect();
    let said = format!(
        "this file is all tools in one, and is called by a link with the name of one: {}",
        names.join(", ")
    );
    outlet::say("refreshkit", &said);
    let asked = std::env::args_os().nth(1).is_some_and(|first| first == "--help" || first == "-h");
    if asked { ExitCode::SUCCESS } else { ExitCode::from(Exit::Usage as u8) }
}

/// The document on stdin; for a head, or if none can be read, a new document.
fn before(tool: &str, role: Role) -> Document {
    let mut lost = Document::new(&Common::default().known_run().unwrap_or_default());
    lost.lost = role != Role::Head;
    if role == Role::Head {
        return lost;
    }
    wait::for_stdin(tool, &signal::listen(), true).map_or(lost, |(_, document)| document)
}

/// The flags are wrong; the details from clap are on stderr already.
#[derive(Debug, thiserror::Error)]
#[error("the flags are wrong: {0}")]
struct Usage(String);

impl Failure for Usage {
    fn ending(&self) -> Ending {
        Ending::new(Exit::Usage, "usage").hint("see --help of the tool")
    }
}
