//! The ways in which a tool ends: each writes the document once and gives the exit code.

use std::process::ExitCode;

use jiff::Timestamp;

use super::args::{self, Common};
use super::report::{self, Voice};
use crate::document::{Document, Done, ErrorReport, Exit, Failure, RefreshState, Step, StepStatus};
use crate::outlet;

/// Ends a tool that got no document: writes a failed one that says so, for the next tool of the pipe.
pub(crate) fn refuse(tool: &str, common: &Common, mut failed: ErrorReport, voice: Voice) -> ExitCode {
    failed.hint.get_or_insert_with(|| args::alone(tool).to_owned());
    report::show(&failed);
    let mut document = Document::new(&common.known_run().unwrap_or_default());
    document.lost = true;
    document.steps.push(step(tool, StepStatus::Failed));
    let code = failed.exit;
    document.fail(failed);
    // If this write fails there is nobody to tell: the error is shown already.
    let _ = report::print(voice.say(&document).as_bytes());
    ExitCode::from(code)
}

/// Ends a tool of a chain that has already failed: adds a `skipped` step, passes the document on and exits with its code.
pub(crate) fn pass_on(tool: &str, mut document: Document, voice: Voice) -> ExitCode {
    document.steps.push(step(tool, StepStatus::Skipped));
    let code = cause(&document);
    write(&document, code, voice)
}

/// Ends a witness: it adds no step and passes the bytes of stdin on unchanged, except that control characters which JSON allows
/// raw become escapes. A person at a terminal gets a report instead.
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

/// The usual end: adds the tool's step. An objection sets the exit code if the chain has not failed.
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

/// The hint for a tool that a signal stopped, by the resources and the refresh that the document names.
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

/// The exit code for a document: that of its `error`, and never 0 for a chain that failed.
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

/// A step of `tool` with neither start nor duration.
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

/// Seconds from `start` to now, with a precision of milliseconds; 0 if the clock went back.
pub(crate) fn seconds_since(start: Timestamp) -> f64 {
    let elapsed = Timestamp::now().duration_since(start);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a night are far below 2^52")]
    let seconds = elapsed.as_millis() as f64 / 1_000.0;
    seconds.max(0.0)
}
