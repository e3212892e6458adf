//! The porch that all doors share: argv and stdin in, one document on stdout and an exit code out.
//!
//! ```text
//! read the document  ── not readable ──> say so, 65 (a Finally tool goes on if it knows the run)
//! ok:false?          ── yes ──> add a `skipped` step, pass it on, exit with error.exit (a Finally tool works on)
//! work on a thread   ── SIGTERM/SIGINT ──> the room stops by itself, or is left behind after a grace
//! add a step, write the document once, exit
//! ```

mod args;
mod report;
mod signal;
mod wait;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

pub use args::{Common, EXIT_STATUS};
use jiff::Timestamp;

use crate::config::{self, Config};
use crate::document::{self, AnyFailure, Document, ErrorReport, Exit, Failure, Step, StepStatus};
use crate::house::{Cancel, House};
use crate::progress::Progress;

/// How long a room may take to stop by itself. Build servers signal the tools of a pipe one after the other.
const STOP_GRACE: Duration = Duration::from_millis(1_200);

/// How long a cleaning tool may go on issuing deletes. Jenkins ends a step 20 s after its signal.
const FINALLY_GRACE: Duration = Duration::from_secs(15);

/// How long to wait, after a signal, for the document of the tool before: it got the signal too.
const STDIN_GRACE: Duration = Duration::from_secs(3);

/// A tool's place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Starts a new document and does not read stdin.
    Head,
    /// Takes a document and adds to it.
    Link,
    /// Takes a document if one is piped in; a terminal or an empty stdin starts a new one, for flags that say all.
    Either,
    /// Takes a document and cleans up, whatever `ok` says.
    Finally,
    /// Takes a document, whatever `ok` says, and passes it on unchanged.
    Witness,
}

/// Runs one tool of the chain.
pub fn run<F>(tool: &'static str, common: &Common, role: Role, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut Document) -> Result<(), AnyFailure> + Send + 'static,
{
    if let Some(code) = common.answer(tool) {
        return code;
    }
    let cancel = signal::listen();
    let mut document = match receive(tool, common, role, &cancel) {
        Ok(document) => document,
        Err(report) => return refuse(tool, common, report),
    };
    if !document.ok && !matches!(role, Role::Finally | Role::Witness) {
        return pass_on(tool, document);
    }
    let started = Timestamp::now();
    let (outcome, note) = perform(tool, common, role, &cancel, &mut document, work);
    if role == Role::Witness {
        return testify(&document, outcome);
    }
    let seconds = seconds_since(started);
    let step = Step { note, seconds, started_at: Some(started), ..step(tool, StepStatus::Ok) };
    conclude(document, outcome, step)
}

/// Does the work, or says why it cannot begin; and the line that the room left for people.
fn perform<F>(
    tool: &'static str,
    common: &Common,
    role: Role,
    cancel: &Cancel,
    document: &mut Document,
    work: F,
) -> (Result<(), ErrorReport>, String)
where
    F: FnOnce(&House, &mut Document) -> Result<(), AnyFailure> + Send + 'static,
{
    let house = match house(tool, common, cancel) {
        Ok(house) => Arc::new(house),
        Err(failure) => return (Err(ErrorReport::of(tool, &*failure)), String::new()),
    };
    house.remember(document);
    let grace = if role == Role::Finally { FINALLY_GRACE } else { STOP_GRACE };
    let (after, outcome) = wait::for_work(&house, document.clone(), work, grace);
    *document = after;
    (outcome, house.noted())
}

/// Runs a command that takes no document and writes text or JSON of its own to stdout: lists, plans, checks.
pub fn command<F>(tool: &'static str, common: &Common, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut dyn std::io::Write) -> Result<(), AnyFailure>,
{
    if let Some(code) = common.answer(tool) {
        return code;
    }
    let cancel = signal::listen();
    let outcome = house(tool, common, &cancel).and_then(|house| {
        let mut text = Vec::new();
        let outcome = work(&house, &mut text);
        report::print(&text).map_err(AnyFailure::from)?;
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let report = ErrorReport::of(tool, &*failure);
            report::show(&report);
            ExitCode::from(report.exit)
        }
    }
}

/// Runs a command that goes on for a while and speaks on stdout meanwhile: what `work` writes is there at once. It has
/// to look at `house.cancel` and to end by itself.
pub fn service<F>(tool: &'static str, common: &Common, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut dyn std::io::Write) -> Result<(), AnyFailure>,
{
    if let Some(code) = common.answer(tool) {
        return code;
    }
    let cancel = signal::listen();
    match house(tool, common, &cancel).and_then(|house| work(&house, &mut std::io::stdout())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let report = ErrorReport::of(tool, &*failure);
            report::show(&report);
            ExitCode::from(report.exit)
        }
    }
}

fn house(tool: &'static str, common: &Common, cancel: &Cancel) -> Result<House, AnyFailure> {
    let config = match config::find(common.config.as_deref()) {
        Some(path) => config::load(&path)?,
        None => Config::default(),
    };
    let state_dir = common.state_dir.clone().unwrap_or_else(config::state_dir);
    let mut house = House::new(tool, config, Progress::new(tool, common.progress), state_dir);
    house.dry_run = common.dry_run;
    house.cancel = cancel.clone();
    Ok(house)
}

/// The document to work on.
fn receive(tool: &str, common: &Common, role: Role, cancel: &Cancel) -> Result<Document, ErrorReport> {
    if role == Role::Head {
        return Ok(Document::new(&common.run_or_new()));
    }
    match wait::for_stdin(cancel, STDIN_GRACE) {
        Ok(document) => Ok(document),
        Err(failure) => {
            let report = ErrorReport::of(tool, &*failure);
            // Nobody expected a document: the flags say what to work on.
            let alone = role == Role::Either || (role == Role::Finally && common.run.is_some());
            if alone && failure.code() == document::NO_DOCUMENT {
                return Ok(Document::new(&common.run_or_new()));
            }
            match common.known_run() {
                // The journal knows what the lost document knew.
                Some(run) if role == Role::Finally => {
                    let mut document = Document::new(&run);
                    document.fail(report);
                    Ok(document)
                }
                _ => Err(report),
            }
        }
    }
}

/// There is no document: one is made that says so, for whoever is next in the pipe.
fn refuse(tool: &str, common: &Common, mut report: ErrorReport) -> ExitCode {
    report.hint.get_or_insert_with(|| args::alone(tool).to_owned());
    report::show(&report);
    let mut document = Document::new(&common.known_run().unwrap_or_default());
    document.steps.push(step(tool, StepStatus::Failed));
    let code = report.exit;
    document.fail(report);
    // Nobody in the pipe can act on an error to write this.
    let _ = report::print(document::render(&document).as_bytes());
    ExitCode::from(code)
}

/// The chain has already failed: the document goes on, and so does the exit code.
fn pass_on(tool: &str, mut document: Document) -> ExitCode {
    document.steps.push(step(tool, StepStatus::Skipped));
    let code = document.error.as_ref().map_or(Exit::Bug as u8, |error| error.exit);
    write(&document, code)
}

/// A witness leaves no trace in the document.
fn testify(document: &Document, outcome: Result<(), ErrorReport>) -> ExitCode {
    let mut code = document.error.as_ref().map_or(0, |error| error.exit);
    if let Err(report) = outcome {
        report::show(&report);
        code = report.exit;
    }
    write(document, code)
}

fn conclude(mut document: Document, outcome: Result<(), ErrorReport>, mut step: Step) -> ExitCode {
    let mut code = document.error.as_ref().map_or(0, |error| error.exit);
    if let Err(report) = outcome {
        report::show(&report);
        code = report.exit;
        step.status = StepStatus::Failed;
        step.note.clone_from(&report.message);
        document.fail(report);
    }
    document.steps.push(step);
    write(&document, code)
}

fn write(document: &Document, code: u8) -> ExitCode {
    match report::print(document::render(document).as_bytes()) {
        Ok(()) => ExitCode::from(code),
        Err(failure) => {
            report::show(&ErrorReport::of("stdout", &failure));
            ExitCode::from(if code == 0 { failure.exit() as u8 } else { code })
        }
    }
}

fn step(tool: &str, status: StepStatus) -> Step {
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

fn seconds_since(start: Timestamp) -> f64 {
    let elapsed = Timestamp::now().duration_since(start);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a night are far below 2^52")]
    let seconds = elapsed.as_millis() as f64 / 1_000.0;
    seconds.max(0.0)
}
