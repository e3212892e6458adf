//! The value that a room returns after success, for the tool's step and its exit code.
//!
//! In: one line on what was done, and sometimes an objection. Out: the porch puts the line into the step, and the objection sets
//! the exit code.

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
    /// Success, with one line for people.
    pub fn saying(note: impl Into<String>) -> Self {
        Self { note: note.into(), objection: None }
    }

    /// Adds an objection: the process exits with the code of `failure`, which is reported as a failure of `tool`.
    #[must_use]
    pub fn objecting(self, tool: &str, failure: &dyn Failure) -> Self {
        Self { objection: Some(ErrorReport::of(tool, failure)), ..self }
    }
}
