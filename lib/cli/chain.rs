//! One tool of the chain, from its document to its exit code.
//!
//! In: the flags, the tool's [`Role`], its work. Out: the document with the tool's step, and an exit code.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::answer::answer;
use super::args::{Common, house};
use super::report::Voice;
use super::role::Role;
use super::{ends, input, signal, wait};
use crate::document::{AnyFailure, Document, Done, ErrorReport, Step, StepStatus};
use crate::house::{Cancel, House};
use crate::outlet;
use crate::progress::Progress;

/// How long a tool's work may take to stop by itself after a signal. Build servers signal the tools of a pipe one after the
/// other. The next tool waits longer than this for the document ([`wait`]).
const STOP_GRACE: Duration = Duration::from_millis(1_200);

/// How long a tool that cleans up may go on deleting after a signal. Jenkins ends a step 20 s after its signal.
const FINALLY_GRACE: Duration = Duration::from_secs(15);

/// Runs one tool of the chain.
pub fn run<F>(tool: &'static str, common: &Common, role: Role, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut Document) -> Result<Done, AnyFailure> + Send + 'static,
{
    if let Some(code) = answer(tool, common) {
        return code;
    }
    let voice = Voice::of(common);
    let cancel = signal::listen();
    let input::Received { mut document, bytes } = match input::receive(tool, common, role, &cancel) {
        Ok(received) => received,
        Err(report) => return ends::refuse(tool, common, report, voice),
    };
    if !document.ok && !matches!(role, Role::Finally | Role::Witness) {
        return ends::pass_on(tool, document, voice);
    }
    let (started, begun) = (Timestamp::now(), Instant::now());
    let outcome = perform(tool, common, role, &cancel, &mut document, work);
    // Work that did not stop in time may still draw progress bars.
    outlet::end_bars();
    let is_well = outcome.as_ref().is_ok_and(|done| done.objection.is_none());
    let last_word = LastWord { tool, common, begun, is_well, voice };
    // The line comes before the document: the next tool of the pipe writes to stderr as soon as it has the document.
    last_word.say_as(Voice::Document);
    let code = if role == Role::Witness {
        ends::testify(&document, bytes, outcome.map(drop), voice)
    } else {
        let seconds = ends::seconds_since(started);
        let step = Step { seconds, started_at: Some(started), ..ends::step(tool, StepStatus::Ok) };
        ends::conclude(document, outcome, step, voice)
    };
    last_word.say_as(Voice::Person);
    code
}

/// The last line on stderr, which says how long the tool took; only after success.
struct LastWord<'a> {
    tool: &'static str,
    common: &'a Common,
    begun: Instant,
    is_well: bool,
    voice: Voice,
}

impl LastWord<'_> {
    fn say_as(&self, voice: Voice) {
        if self.is_well && self.voice == voice {
            Progress::new(self.tool, self.common.style()).end(self.begun.elapsed());
        }
    }
}

/// Does the work on `document`, which is then the document after the work. Fails if the work cannot begin or fails.
fn perform<F>(
    tool: &'static str,
    common: &Common,
    role: Role,
    cancel: &Cancel,
    document: &mut Document,
    work: F,
) -> Result<Done, ErrorReport>
where
    F: FnOnce(&House, &mut Document) -> Result<Done, AnyFailure> + Send + 'static,
{
    let house = house(tool, common, role, cancel).map_err(|failure| ErrorReport::of(tool, &*failure))?;
    let house = Arc::new(house);
    let given = std::mem::replace(document, Document::new(""));
    let grace = if role == Role::Finally { FINALLY_GRACE } else { STOP_GRACE };
    let (after, outcome) = wait::for_work(&house, given, work, grace);
    *document = after;
    outcome
}
