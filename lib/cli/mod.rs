//! The porch that all doors share: argv and stdin in, one document on stdout and an exit code out.
//!
//! ```text
//! read the flags     ── wrong ──> say so; the document of the tool before goes on, failed; exit 2
//! read the document  ── not readable ──> say so, 65 (a Finally tool goes on if it knows the run)
//! ok:false?          ── yes ──> add a `skipped` step, pass it on, exit with error.exit (a Finally tool works on)
//! work on a thread   ── SIGTERM/SIGINT/SIGHUP ──> the room stops by itself, or is left behind after a grace
//! add a step, write the document once, exit
//! ```

mod args;
mod command;
mod ends;
mod input;
mod report;
mod signal;
mod wait;

pub use args::{Common, EXIT_STATUS, door};
pub use command::{command, service};

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{self, Config};
use crate::document::{AnyFailure, Document, ErrorReport, Step, StepStatus};
use crate::house::{Cancel, House};
use crate::progress::Progress;

/// How long a room may take to stop by itself. Build servers signal the tools of a pipe one after the other.
const STOP_GRACE: Duration = Duration::from_millis(1_200);

/// How long a cleaning tool may go on issuing deletes. Jenkins ends a step 20 s after its signal.
const FINALLY_GRACE: Duration = Duration::from_secs(15);

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
    let input::Received { mut document, bytes } = match input::receive(tool, common, role, &cancel) {
        Ok(received) => received,
        Err(report) => return ends::refuse(tool, common, report),
    };
    if !document.ok && !matches!(role, Role::Finally | Role::Witness) {
        return ends::pass_on(tool, document);
    }
    let started = Timestamp::now();
    let Done { outcome, note, objection } = perform(tool, common, role, &cancel, &mut document, work);
    if role == Role::Witness {
        return ends::testify(&document, bytes, outcome);
    }
    let seconds = ends::seconds_since(started);
    let step = Step { note, seconds, started_at: Some(started), ..ends::step(tool, StepStatus::Ok) };
    ends::conclude(document, outcome, step, objection)
}

/// What came of the work.
struct Done {
    outcome: Result<(), ErrorReport>,
    /// The line that the room left for people.
    note: String,
    /// What the exit code is to say although nothing failed.
    objection: Option<ErrorReport>,
}

/// Does the work, or says why it cannot begin.
fn perform<F>(
    tool: &'static str,
    common: &Common,
    role: Role,
    cancel: &Cancel,
    document: &mut Document,
    work: F,
) -> Done
where
    F: FnOnce(&House, &mut Document) -> Result<(), AnyFailure> + Send + 'static,
{
    let house = match house(tool, common, role, cancel) {
        Ok(house) => Arc::new(house),
        Err(failure) => {
            let outcome = Err(ErrorReport::of(tool, &*failure));
            return Done { outcome, note: String::new(), objection: None };
        }
    };
    house.remember(document);
    let grace = if role == Role::Finally { FINALLY_GRACE } else { STOP_GRACE };
    let (after, outcome) = wait::for_work(&house, document.clone(), work, grace);
    *document = after;
    Done { outcome, note: house.noted(), objection: house.objected() }
}

/// What the room is handed. A witness needs no configuration, and must speak when that is what is broken.
fn house(tool: &'static str, common: &Common, role: Role, cancel: &Cancel) -> Result<House, AnyFailure> {
    let config = match config::find(common.config.as_deref()) {
        Some(path) if role != Role::Witness => config::load(&path)?,
        _ => Config::default(),
    };
    let state_dir = match &common.state_dir {
        Some(named) => named.clone(),
        None => config::state_dir()?,
    };
    let mut house = House::new(tool, config, Progress::new(tool, common.style()), state_dir);
    house.dry_run = common.dry_run;
    house.cancel = cancel.clone();
    Ok(house)
}
