//! `--fail-on`: an exit code for a result that is no failure, but that a person should notice.
//!
//! In: a chain that went well. Out: exit code 69 with a code word of its own (`fallback`), for callers that look at exit codes
//! only. The document still says `ok: true`, because there is a dump.

use super::failure::{Ending, Exit, Failure};
use super::whole::Document;

/// The results that `--fail-on` can turn into an exit code.
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
    /// Why the run fell back, as `: …`; empty if the document does not say.
    reason: String,
}

impl Concern {
    /// Fails if the document has the concern. A failed chain passes: it has an exit code already.
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
