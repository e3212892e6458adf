//! What is no failure of a tool, and still nothing to overlook: `--fail-on`.
//!
//! In: a chain that went well. Out: exit code 69 with a word of its own (`fallback`) for whoever looks at exit codes only; the document says
//! `ok: true` all the same, for there is a dump.

use super::failure::{Ending, Exit, Failure};
use super::whole::Document;

/// What `--fail-on` may ask to be told of by the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Concern {
    /// The data is from a fallback snapshot
    Fallback,
}

/// The concern that `--fail-on fallback` looks for was found: the run went well, on data of a fallback snapshot.
#[derive(Debug, thiserror::Error)]
#[error("{snapshot} is a fallback{reason}")]
pub struct OnFallback {
    /// Identifier of the fallback snapshot that the data is from.
    snapshot: String,
    /// Why the run fell back, as `: …`, or nothing.
    reason: String,
}

impl Concern {
    /// Fails if the document has what the person asked to be told of. A chain that failed has an exit code already.
    pub fn check(self, document: &Document) -> Result<(), OnFallback> {
        let Self::Fallback = self;
        match document.snapshot.as_ref().filter(|snapshot| snapshot.fallback && document.ok) {
            None => Ok(()),
            Some(snapshot) => Err(OnFallback {
                snapshot: snapshot.id.clone(),
                reason: snapshot.fallback_reason.as_ref().map_or_else(String::new, |why| format!(": {why}")),
            }),
        }
    }
}

impl Failure for OnFallback {
    fn ending(&self) -> Ending {
        Ending::new(Exit::Unavailable, "fallback")
    }
}
