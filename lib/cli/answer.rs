//! What `--schema`, `--config-schema` and `--get` answer without running the tool.
//!
//! In: the flags; for `--get` a document on stdin. Out: JSON, a text, or a list one value a line.

use std::io::{ErrorKind, IsTerminal};
use std::process::ExitCode;

use serde_json::Value;

use super::args::Common;
use super::report;
use crate::config;
use crate::document::{self, Ending, ErrorReport, Exit, Failure};
use crate::mask;
use crate::outlet;

/// Answers `--schema`, `--config-schema` and `--get`.
pub(crate) fn answer(tool: &str, common: &Common) -> Option<ExitCode> {
    let outcome = if common.schema {
        Ok(pretty(&document::json_schema()))
    } else if common.config_schema {
        Ok(pretty(&config::json_schema(&mask::vocabulary())))
    } else {
        get(common.get.as_deref()?)
    };
    let printed = outcome.map_err(|failure| ErrorReport::of(tool, &failure)).and_then(|text| {
        // A machine gets the value as it is; a person, nothing that moves the cursor.
        let text = if std::io::stdout().is_terminal() { outlet::for_people(&text) } else { text };
        match report::print(text.as_bytes()) {
            // Whoever closes the pipe early (head, less) has seen enough.
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

/// The value at `pointer` of the document on stdin: a text as it is, a list one value a line, anything else as JSON.
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
