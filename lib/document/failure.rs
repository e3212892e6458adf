//! How a tool fails: every room's error knows its exit code, a stable word for it and a hint.
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
    /// The input is not usable: no document, a broken dump, a choice that is not there.
    BadInput = 65,
    /// A service said no or is not there.
    Unavailable = 69,
    /// A fault of refreshkit itself, to be reported.
    Bug = 70,
    /// The output cannot be created: permissions, a full disk.
    CannotWrite = 73,
    /// Reading or writing failed half-way.
    Io = 74,
    /// The only "retry me": lock held, throttled, timed out waiting.
    Temporary = 75,
    /// A guard said no.
    Refused = 77,
    /// `refresh.toml` or the environment is wrong.
    BadConfig = 78,
    /// SIGINT (Ctrl-C) ended the run.
    Interrupted = 130,
    /// SIGTERM ended the run.
    Terminated = 143,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a tool ends because of an error: decided in one place for each variant of a room's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The process's exit code.
    pub exit: Exit,
    /// A stable kebab-case word for machines, such as `snapshot-failed`.
    pub code: &'static str,
    /// What to do: a command or a configuration line. Nothing where there is nothing to add.
    pub hint: Option<String>,
}

impl Ending {
    /// An ending without a hint.
    pub fn new(exit: Exit, code: &'static str) -> Self {
        Self { exit, code, hint: None }
    }

    /// The same, with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What every room's error enum implements, so that the porch can report it without knowing the room.
pub trait Failure: std::error::Error {
    /// Exit code, word and hint together: one arm a variant.
    fn ending(&self) -> Ending;

    /// The process's exit code.
    fn exit(&self) -> Exit {
        self.ending().exit
    }

    /// The stable word for machines.
    fn code(&self) -> &'static str {
        self.ending().code
    }

    /// What to do about it.
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
    /// One sentence: what, where, and the causes below it.
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
    /// Describes `failure` of `tool`, its chain of causes included in the message.
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

/// The message and its causes, joined with `: `, each cause once.
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

/// Every room's error, boxed: what the doors hand to the porch.
pub type AnyFailure = Box<dyn Failure + Send + Sync>;

impl<E: Failure + Send + Sync + 'static> From<E> for AnyFailure {
    fn from(failure: E) -> Self {
        Box::new(failure)
    }
}

/// A SIGTERM or SIGINT arrived; the room stopped where it was.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("stopped by {}", if *terminated { "SIGTERM" } else { "SIGINT" })]
pub struct Interrupted {
    /// SIGTERM rather than SIGINT.
    pub terminated: bool,
}

impl Failure for Interrupted {
    fn ending(&self) -> Ending {
        let exit = if self.terminated { Exit::Terminated } else { Exit::Interrupted };
        Ending::new(exit, "interrupted")
            .hint("what the run created is in `resources`; rds-drop --run ID removes it")
    }
}
