//! Answers `--schema`, `--config-schema` and `--get` without running the tool. `TOOL --generate man|bash|zsh|fish DIR`, which
//! `scripts/pages` calls, writes manual pages and shell completions from the flags.
//!
//! In: the flags; for `--get` a document on stdin. Out: JSON, a text or a list with one value a line on stdout; files in DIR.

use std::io::{ErrorKind, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};
use serde_json::Value;

use super::args::Common;
use super::report;
use crate::config;
use crate::document::{self, Ending, ErrorReport, Exit, Failure};
use crate::mask;
use crate::outlet;

/// Answers `--schema`, `--config-schema` or `--get`; `None` if no such flag is given.
pub(crate) fn answer(tool: &str, common: &Common) -> Option<ExitCode> {
    let outcome = if common.schema {
        Ok(pretty(&document::json_schema()))
    } else if common.config_schema {
        Ok(pretty(&config::json_schema(&mask::vocabulary())))
    } else {
        get(common.get.as_deref()?)
    };
    let printed = outcome.map_err(|failure| ErrorReport::of(tool, &failure)).and_then(|text| {
        // A pipe gets the value unchanged. On a terminal, control characters could move the cursor.
        let text = if std::io::stdout().is_terminal() { outlet::for_people(&text) } else { text };
        match report::print(text.as_bytes()) {
            // A reader that closes the pipe early (head, less) is no error.
            Err(e) if e.0.kind() != ErrorKind::BrokenPipe => Err(ErrorReport::of(tool, &e)),
            _ => Ok(()),
        }
    });
    Some(match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            report::show(&failed);
            ExitCode::from(failed.exit)
        }
    })
}

#[derive(Debug, thiserror::Error)]
enum GetError {
    #[error("{0:?} is not a JSON pointer: write /section/field (RFC 6901)")]
    Pointer(String),
    #[error("the document has nothing at {0}")]
    Nothing(String),
    #[error(transparent)]
    Document(#[from] document::Error),
}

impl Failure for GetError {
    fn ending(&self) -> Ending {
        match self {
            Self::Pointer(_) => Ending::new(Exit::Usage, "get"),
            Self::Nothing(_) => Ending::new(Exit::BadInput, "get"),
            Self::Document(inner) => Ending::new(inner.ending().exit, "get"),
        }
    }
}

/// Returns the value at `pointer` of the document on stdin: a text as it is, a list with one value a line, anything else as JSON.
fn get(pointer: &str) -> Result<String, GetError> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(GetError::Pointer(pointer.to_owned()));
    }
    if std::io::stdin().is_terminal() {
        return Err(document::Error::Terminal.into());
    }
    let document = document::read(std::io::stdin().lock())?;
    let value = serde_json::to_value(&document).expect("a document has only string keys");
    match value.pointer(pointer) {
        Some(Value::Array(values)) => Ok(values.iter().map(plain).collect()),
        Some(found) => Ok(plain(found)),
        None => Err(GetError::Nothing(pointer.to_owned())),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        other => format!("{other}\n"),
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The flag for manual pages and completions. No help shows it: only the packaging scripts need it.
const GENERATE: &str = "--generate";

/// Why the manual pages and completions cannot be written.
#[derive(Debug, thiserror::Error)]
enum PagesError {
    #[error("--generate takes man, bash, zsh or fish, and a directory")]
    Usage,
    #[error("cannot write to {}", directory.display())]
    Write { directory: PathBuf, source: std::io::Error },
}

impl Failure for PagesError {
    fn ending(&self) -> Ending {
        match self {
            Self::Usage => Ending::new(Exit::Usage, "usage"),
            Self::Write { .. } => Ending::new(Exit::CannotWrite, "cannot-write"),
        }
    }
}

/// Writes manual pages or completions if the first argument is `--generate`; `None` otherwise.
pub(crate) fn pages<A: CommandFactory>(tool: &str) -> Option<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().map(String::as_str) != Some(GENERATE) {
        return None;
    }
    Some(match write_pages(tool, A::command(), &words[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let failed = ErrorReport::of(tool, &failure);
            report::show(&failed);
            ExitCode::from(failed.exit)
        }
    })
}

fn write_pages(tool: &str, mut command: clap::Command, words: &[String]) -> Result<(), PagesError> {
    let [kind, directory] = words else { return Err(PagesError::Usage) };
    let shell = match kind.as_str() {
        "man" => None,
        "bash" => Some(Shell::Bash),
        "zsh" => Some(Shell::Zsh),
        "fish" => Some(Shell::Fish),
        _ => return Err(PagesError::Usage),
    };
    let fail = |source| PagesError::Write { directory: PathBuf::from(directory), source };
    match shell {
        Some(shell) => generate_to(shell, &mut command, tool, directory).map(drop).map_err(fail),
        None => clap_mangen::generate_to(command, directory).map_err(fail),
    }
}
