//! How a tool fails: every room's error has an exit code, a stable code word and a hint.
//!
//! In: an error of any room. Out: the [`ErrorReport`] that travels in the document, and the process's exit code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::outlet;

/// The exit codes, one table for all tools (names and numbers from BSD `sysexits.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The tool did what it was asked to do.
    Ok = 0,
    /// The flags are wrong (clap's own code).
    Usage = 2,
    /// The input is not usable: no document, a broken dump, a dump or branch that does not exist.
    BadInput = 65,
    /// A service refused or cannot be reached.
    Unavailable = 69,
    /// A fault of refreshkit itself, to be reported.
    Bug = 70,
    /// The output cannot be created: permissions, a full disk.
    CannotWrite = 73,
    /// Reading or writing failed half-way.
    Io = 74,
    /// The only code for which a retry makes sense: lock held, throttled, timed out waiting.
    Temporary = 75,
    /// A guard refused the work.
    Refused = 77,
    /// `refresh.toml` or the environment is wrong.
    BadConfig = 78,
    /// SIGINT (Ctrl-C) ended the run.
    Interrupted = 130,
    /// SIGTERM or SIGHUP ended the run.
    Terminated = 143,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a tool ends because of an error. Each room decides it in one function for all variants of its error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The process's exit code.
    pub exit: Exit,
    /// A stable kebab-case word for machines, such as `snapshot-failed`.
    pub code: &'static str,
    /// What a person can do: a command or a configuration line.
    pub hint: Option<String>,
}

impl Ending {
    /// An ending without a hint.
    pub fn new(exit: Exit, code: &'static str) -> Self {
        Self { exit, code, hint: None }
    }

    /// Returns the ending with this hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What every room's error enum implements, so that the porch can report it without knowing the room.
pub trait Failure: std::error::Error {
    /// Returns exit code, code word and hint of the error.
    fn ending(&self) -> Ending;

    /// Returns the process's exit code.
    fn exit(&self) -> Exit {
        self.ending().exit
    }

    /// Returns the stable code word for machines.
    fn code(&self) -> &'static str {
        self.ending().code
    }

    /// Returns the hint: what a person can do about the error.
    fn hint(&self) -> Option<String> {
        self.ending().hint
    }
}

/// The document's `error`: the first failure in the pipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    /// The tool that failed.
    pub tool: String,
    /// A stable kebab-case word, such as `snapshot-failed` or `interrupted`.
    pub code: String,
    /// The exit code of the tool that failed; later tools of the pipe exit with it too.
    pub exit: u8,
    /// What failed and where, followed by the causes.
    pub message: String,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the same call may succeed later (exit 75).
    #[serde(default)]
    pub retryable: bool,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ErrorReport {
    /// Describes a failure of `tool`. The message includes the causes; passwords in URLs are removed.
    pub fn of(tool: &str, failure: &dyn Failure) -> Self {
        let Ending { exit, code, hint } = failure.ending();
        Self {
            tool: tool.to_owned(),
            code: code.to_owned(),
            exit: exit as u8,
            message: outlet::without_userinfo(&chain(failure)).into_owned(),
            hint: hint.map(|hint| outlet::without_userinfo(&hint).into_owned()),
            retryable: exit == Exit::Temporary,
            other: Map::new(),
        }
    }
}

/// The message and its causes, joined with `: `. A cause that the text contains already is left out.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// The error of any room, boxed: the doors return it to the porch.
pub type AnyFailure = Box<dyn Failure + Send + Sync>;

impl<E: Failure + Send + Sync + 'static> From<E> for AnyFailure {
    fn from(failure: E) -> Self {
        Box::new(failure)
    }
}

/// A signal arrived, and the work stopped. SIGHUP counts as SIGTERM.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("stopped by {}", if *terminated { "SIGTERM" } else { "SIGINT" })]
pub struct Interrupted {
    /// True for SIGTERM, false for SIGINT.
    pub terminated: bool,
}

impl Failure for Interrupted {
    fn ending(&self) -> Ending {
        let exit = if self.terminated { Exit::Terminated } else { Exit::Interrupted };
        Ending::new(exit, "interrupted")
            .hint("what the run created is in `resources`; rds-drop --run ID removes it")
    }
}
