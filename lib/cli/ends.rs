//! The ways in which a tool ends: each writes the document once and gives the exit code.

use std::process::ExitCode;

use jiff::Timestamp;

use super::args::{self, Common};
use super::report::{self, Voice};
use crate::document::{Document, Done, ErrorReport, Exit, Failure, RefreshState, Step, StepStatus};
use crate::outlet;

/// There is no document: one is made that says so, for whoever is next in the pipe.
pub(crate) fn refuse(tool: &str, common: &Common, mut failed: ErrorReport, voice: Voice) -> ExitCode {
    failed.hint.get_or_insert_with(|| args::alone(tool).to_owned());
    report::show(&failed);
    let mut document = Document::new(&common.known_run().unwrap_or_default());
    document.lost = true;
    document.steps.push(step(tool, StepStatus::Failed));
    let code = failed.exit;
    document.fail(failed);
    // Nobody in the pipe can act on an error to write this.
    let _ = report::print(voice.say(&document).as_bytes());
    ExitCode::from(code)
}

/// The chain has already failed: the document goes on, and so does the exit code.
pub(crate) fn pass_on(tool: &str, mut document: Document, voice: Voice) -> ExitCode {
    document.steps.push(step(tool, StepStatus::Skipped));
    let code = cause(&document);
    write(&document, code, voice)
}

/// A witness leaves no trace: what came is what goes on, to the byte, but that control characters which JSON lets through raw
/// leave as escapes.
pub(crate) fn testify(
    document: &Document,
    bytes: Vec<u8>,
    outcome: Result<(), ErrorReport>,
    voice: Voice,
) -> ExitCode {
    let mut code = cause(document);
    if let Err(failed) = outcome {
        report::show(&failed);
        code = failed.exit;
    }
    if let Some(told) = voice.report(document) {
        return print(told.as_bytes(), code);
    }
    let bytes = if bytes.is_empty() { voice.say(document).into_bytes() } else { bytes };
    match std::str::from_utf8(&bytes) {
        Ok(text) => print(outlet::as_json(text).as_bytes(), code),
        Err(_) => print(&bytes, code),
    }
}

/// The usual end: the tool's step is added. An objection counts where nothing failed.
pub(crate) fn conclude(
    mut document: Document,
    outcome: Result<Done, ErrorReport>,
    mut step: Step,
    voice: Voice,
) -> ExitCode {
    let mut code = cause(&document);
    match outcome {
        Ok(done) => {
            step.note = outlet::without_userinfo(&done.note).into_owned();
            if let Some(objection) = done.objection.filter(|_| document.ok) {
                report::show(&objection);
                code = objection.exit;
            }
        }
        Err(mut failed) => {
            if failed.code == INTERRUPTED {
                failed.hint = after_an_interruption(&document);
            }
            report::show(&failed);
            code = failed.exit;
            step.status = StepStatus::Failed;
            step.note.clone_from(&failed.message);
            document.fail(failed);
        }
    }
    document.steps.push(step);
    write(&document, code, voice)
}

const INTERRUPTED: &str = "interrupted";

/// What to do when a tool was stopped: by what the document says is there.
fn after_an_interruption(document: &Document) -> Option<String> {
    if !document.resources.is_empty() {
        return Some(format!("what the run created is in its journal: rds-drop --run {}", document.run));
    }
    let refresh = document.refresh.as_ref().filter(|refresh| !refresh.target.is_empty())?;
    Some(match refresh.state {
        Some(RefreshState::AsItWas) => "the database is as it was; the next refresh cleans up".to_owned(),
        _ => format!("dev-restore status --target {} says what the database is now", refresh.target),
    })
}

/// The exit code that a document stands for: never 0 for a chain that failed.
fn cause(document: &Document) -> u8 {
    match &document.error {
        _ if document.ok => Exit::Ok as u8,
        Some(error) if error.exit != 0 => error.exit,
        _ => Exit::Bug as u8,
    }
}

pub(crate) fn write(document: &Document, code: u8, voice: Voice) -> ExitCode {
    print(voice.say(document).as_bytes(), code)
}

fn print(bytes: &[u8], code: u8) -> ExitCode {
    match report::print(bytes) {
        Ok(()) => ExitCode::from(code),
        Err(failure) => {
            report::show(&ErrorReport::of("stdout", &failure));
            ExitCode::from(if code == 0 { failure.ending().exit as u8 } else { code })
        }
    }
}

/// A step of `tool` without times.
pub(crate) fn step(tool: &str, status: StepStatus) -> Step {
    Step {
        tool: tool.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: None,
        seconds: 0.0,
        status,
        note: String::new(),
        other: serde_json::Map::new(),
    }
}

/// Seconds from `start` to now, in milliseconds' precision.
pub(crate) fn seconds_since(start: Timestamp) -> f64 {
    let elapsed = Timestamp::now().duration_since(start);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a night are far below 2^52")]
    let seconds = elapsed.as_millis() as f64 / 1_000.0;
    seconds.max(0.0)
}
