//! What a room hands back when all went well, for the tool's step and its exit code.
//!
//! In: what was done, in words; sometimes why the exit code is to say more. Out: the porch puts it into the step.

use super::failure::{ErrorReport, Failure};

/// How a tool's work ended when nothing failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    /// The one line that the tool's step carries for people.
    pub note: String,
    /// Overrides the exit code of a successful run; the document does not change.
    pub objection: Option<ErrorReport>,
}

impl Done {
    /// Done, in one line for people.
    pub fn saying(note: impl Into<String>) -> Self {
        Self { note: note.into(), objection: None }
    }

    /// The same, but the process exits with the code of `failure`, which is reported as a failure of `tool`.
    #[must_use]
    pub fn objecting(self, tool: &str, failure: &dyn Failure) -> Self {
        Self { objection: Some(ErrorReport::of(tool, failure)), ..self }
    }
}
