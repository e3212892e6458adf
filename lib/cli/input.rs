//! The document that a tool begins with: read from stdin, made by a head, or made up for one that was lost.

use super::args::Common;
use super::role::Role;
use super::{report, wait};
use crate::document::{self, Document, Ending, ErrorReport, Exit, Failure};
use crate::house::Cancel;

/// What a tool begins with.
pub(crate) struct Received {
    pub(crate) document: Document,
    /// What came on stdin, to the byte, for a witness; empty if nothing did.
    pub(crate) bytes: Vec<u8>,
}

/// The document to work on, or why there is none.
pub(crate) fn receive(
    tool: &str,
    common: &Common,
    role: Role,
    cancel: &Cancel,
) -> Result<Received, ErrorReport> {
    if role == Role::Head {
        return Ok(Received { document: Document::new(&common.run_or_new()), bytes: Vec::new() });
    }
    // A person who names the run may not know that stdin is read as well.
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

/// Whether the flags say what to work on, so that nobody expected a document.
fn expected_none(common: &Common, role: Role, code: &str) -> bool {
    let alone = role == Role::Either || (role == Role::Finally && common.run.is_some());
    alone && code == document::NO_DOCUMENT
}

/// For whom a document is made up that says that the real one was lost: a witness, who reports it; and a tool that
/// cleans up and knows the run, for the journal and the tags know what the lost document knew.
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

/// A tool that cleans up must know the run. A document that was made up upstream may not name it.
fn named(tool: &str, common: &Common, role: Role, mut document: Document) -> Result<Document, ErrorReport> {
    if role == Role::Finally && document.run.is_empty() {
        match common.known_run() {
            Some(run) => document.run = run,
            None => return Err(ErrorReport::of(tool, &NoRun)),
        }
    }
    Ok(document)
}

/// `--run` without a value, where the environment gives none.
#[derive(Debug, thiserror::Error)]
#[error("--run has no value, and neither $REFRESH_RUN nor $BUILD_TAG says what the run is called")]
struct NoName;

impl Failure for NoName {
    fn ending(&self) -> Ending {
        Ending::new(Exit::Usage, "usage").hint("rds-drop --run ID; rds-drop --expired needs no name")
    }
}

/// The document was lost, and the run's id with it.
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
