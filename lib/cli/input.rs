//! The document that a tool begins with: read from stdin, made new by a head, or made up in place of a lost one.

use super::args::Common;
use super::role::Role;
use super::{report, wait};
use crate::document::{self, Document, Ending, ErrorReport, Exit, Failure};
use crate::house::Cancel;

/// The document that a tool begins with, and the bytes of stdin.
pub(crate) struct Received {
    pub(crate) document: Document,
    /// For a witness the bytes of stdin, unchanged; empty for other tools and if no document was read.
    pub(crate) bytes: Vec<u8>,
}

/// Returns the document to work on; fails if there is none.
pub(crate) fn receive(
    tool: &str,
    common: &Common,
    role: Role,
    cancel: &Cancel,
) -> Result<Received, ErrorReport> {
    if role == Role::Head {
        return Ok(Received { document: Document::new(&common.run_or_new()), bytes: Vec::new() });
    }
    // A person who names the run may not know that the tool still reads stdin: `for_stdin` then says so.
    let patient = !(role == Role::Finally && common.run.is_some());
    let (bytes, read) = match wait::for_stdin(tool, cancel, patient) {
        Ok((bytes, document)) if role == Role::Witness => (bytes, Ok(document)),
        Ok((_, document)) => (Vec::new(), Ok(document)),
        Err(failure) => (Vec::new(), Err(failure)),
    };
    let document = match read {
        Ok(document) => named(tool, common, role, document)?,
        Err(failure) if expected_none(common, role, failure.ending().code) => {
            let known = common.known_run();
            if role == Role::Finally && known.is_none() {
                return Err(ErrorReport::of(tool, &NoName));
            }
            Document::new(&known.unwrap_or_else(|| common.run_or_new()))
        }
        Err(failure) => made_up(common, role, ErrorReport::of(tool, &*failure))?,
    };
    Ok(Received { document, bytes })
}

/// True if stdin holds no document and the flags replace it.
fn expected_none(common: &Common, role: Role, code: &str) -> bool {
    let alone = role == Role::Either || (role == Role::Finally && common.run.is_some());
    alone && code == document::NO_DOCUMENT
}

/// Makes up a document with `lost` set, in place of one that cannot be read. Only a witness gets it, to report the loss, and a
/// tool that cleans up and knows the run: the journal and the tags hold what the lost document held. Other tools fail.
fn made_up(common: &Common, role: Role, failed: ErrorReport) -> Result<Document, ErrorReport> {
    let run = match (role, common.known_run()) {
        (Role::Finally, Some(run)) => run,
        (Role::Witness, run) => run.unwrap_or_default(),
        _ => return Err(failed),
    };
    report::show(&failed);
    let mut document = Document::new(&run);
    document.lost = true;
    document.fail(failed);
    Ok(document)
}

/// Fills in the run for a tool that cleans up and cannot work without it: a made-up document may have none. Fails if nobody
/// names the run.
fn named(tool: &str, common: &Common, role: Role, mut document: Document) -> Result<Document, ErrorReport> {
    if role == Role::Finally && document.run.is_empty() {
        match common.known_run() {
            Some(run) => document.run = run,
            None => return Err(ErrorReport::of(tool, &NoRun)),
        }
    }
    Ok(document)
}

/// `--run` has no value, and the environment gives no id.
#[derive(Debug, thiserror::Error)]
#[error("--run has no value, and neither $REFRESH_RUN nor $BUILD_TAG says what the run is called")]
struct NoName;

impl Failure for NoName {
    fn ending(&self) -> Ending {
        Ending::new(Exit::Usage, "usage").hint("rds-drop --run ID; rds-drop --expired needs no name")
    }
}

/// The document was lost on the way, and the run's id with it.
#[derive(Debug, thiserror::Error)]
#[error("the document does not name its run (it was lost on the way), so nothing is deleted")]
struct NoRun;

impl Failure for NoRun {
    fn ending(&self) -> Ending {
        Ending::new(Exit::BadInput, "no-run").hint(
            "rds-drop --run ID if you know it, rds-drop --expired later; set REFRESH_RUN so that it cannot happen",
        )
    }
}
