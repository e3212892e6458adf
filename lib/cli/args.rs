//! The flags that every tool shares, and what `--schema` and `--get` answer without running the tool.

use std::io::{ErrorKind, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use serde_json::Value;

use super::{Role, ends, report, signal, wait};
use crate::config::environment;
use crate::document::{self, Document, ErrorReport, Exit, Failure, StepStatus};
use crate::progress::Style;

/// The table at the end of every `--help`.
pub const EXIT_STATUS: &str = "\
EXIT STATUS:
    0  done
    2  usage: the flags are wrong
   65  bad input: no document on stdin, a broken dump, a choice that is not there
   69  unavailable: a service said no or is not there
   70  a bug in refreshkit
   73  cannot write: permissions, a full disk
   74  input/output error half-way
   75  temporary, try again: lock held, throttled, timed out waiting
   77  refused by a guard
   78  bad configuration
  130  interrupted (SIGINT)     143  terminated (SIGTERM)

A tool that reads a failed document passes it on and exits with the code of the tool that failed.";

/// Flags of every tool.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Common {
    /// Configuration file [default: $REFRESH_CONFIG, ./refresh.toml, /etc/refreshkit/refresh.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Id of this chain, for the head of it [default: $REFRESH_RUN, $BUILD_TAG, or made up]
    #[arg(long, value_name = "ID", global = true)]
    pub run: Option<String>,

    /// Say what would be done, and do nothing
    #[arg(long, global = true)]
    pub dry_run: bool,

    /// Directory of journals [default: $REFRESH_STATE_DIR, /var/lib/refreshkit or ~/.local/state/refreshkit]
    #[arg(long, value_name = "DIR", global = true)]
    pub state_dir: Option<PathBuf>,

    /// How progress is shown on stderr [default: bar on a terminal, else text]
    ///
    /// $REFRESH_PROGRESS says the same.
    #[arg(long, value_name = "STYLE", global = true)]
    pub progress: Option<Style>,

    /// Read a document from stdin, print the value at a JSON pointer such as /dump/path, and do nothing else
    #[arg(long, value_name = "POINTER", global = true)]
    pub get: Option<String>,

    /// Print the JSON Schema of the document and do nothing else
    #[arg(long, global = true)]
    pub schema: bool,

    /// Print the JSON Schema of refresh.toml, for editors, and do nothing else
    #[arg(long, global = true, hide_short_help = true)]
    pub config_schema: bool,
}

impl Common {
    /// Answers `--schema`, `--config-schema` and `--get`.
    pub(crate) fn answer(&self, tool: &str) -> Option<ExitCode> {
        let outcome = if self.schema {
            Ok(pretty(&document::json_schema()))
        } else if self.config_schema {
            Ok(pretty(&crate::config::json_schema()))
        } else {
            get(self.get.as_deref()?)
        };
        let printed = outcome.map_err(|failure| ErrorReport::of(tool, &failure)).and_then(|text| {
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

    /// The run that flag or environment name.
    pub(crate) fn known_run(&self) -> Option<String> {
        let flag = self.run.clone().filter(|run| !run.is_empty());
        flag.or_else(|| environment("REFRESH_RUN")).or_else(|| environment("BUILD_TAG"))
    }

    /// How progress is shown, if flag or environment say so. A word that is no style is as good as none.
    pub(crate) fn style(&self) -> Option<Style> {
        self.progress.or_else(|| Style::from_str(&environment("REFRESH_PROGRESS")?, true).ok())
    }

    /// The run's id, made up if nobody names one.
    pub(crate) fn run_or_new(&self) -> String {
        self.known_run().unwrap_or_else(|| {
            let now = Timestamp::now().strftime("%Y%m%dt%H%M%Sz").to_string();
            format!("{now}-{:04x}", rand::random::<u16>())
        })
    }
}

/// Reads the flags of `tool` and goes on with `enter`. Wrong flags are shown, and a tool in the middle of a pipe still
/// hands the document on: failed, with what the tools before it created, so that the end of the pipe can clean up.
pub fn door<A: Parser>(tool: &str, role: Role, enter: impl FnOnce(A) -> ExitCode) -> ExitCode {
    let error = match A::try_parse() {
        Ok(flags) => return enter(flags),
        Err(error) => error,
    };
    // Nobody can act on a closed stderr.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if std::io::stdout().is_terminal() {
        return ExitCode::from(Exit::Usage as u8);
    }
    let failed = ErrorReport::of(tool, &Usage(error.kind().to_string()));
    let code = failed.exit;
    let mut document = before(tool, role);
    document.steps.push(ends::step(tool, StepStatus::Failed));
    document.fail(failed);
    ends::write(&document, code)
}

/// The document of the tool before, or one that stands for it.
fn before(tool: &str, role: Role) -> Document {
    let mut lost = Document::new(&Common::default().known_run().unwrap_or_default());
    lost.lost = role != Role::Head;
    if role == Role::Head {
        return lost;
    }
    wait::for_stdin(tool, &signal::listen(), true).map_or(lost, |(_, document)| document)
}

/// The flags are wrong; clap has shown how.
#[derive(Debug, thiserror::Error)]
#[error("the flags are wrong: {0}")]
struct Usage(String);

impl Failure for Usage {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn code(&self) -> &'static str {
        "usage"
    }

    fn hint(&self) -> Option<String> {
        Some("see --help of the tool".to_owned())
    }
}

/// How to run `tool` without a pipe.
pub(crate) fn alone(tool: &str) -> &'static str {
    match tool {
        "rds-wait" => "pipe one in, or name what to wait for: rds-wait --snapshot ID",
        "rds-restore" => "pipe one in: rds-snap --snapshot ID | rds-restore",
        "mydehydrate" => "pipe one in, or read a server of refresh.toml: mydehydrate --source",
        "mydump-rotate" => "pipe one in: mydehydrate --source | mydump-rotate",
        "rds-drop" => "pipe one in, or name the run: rds-drop --run ID",
        _ => "pipe a document in, or see --help",
    }
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
    fn exit(&self) -> Exit {
        match self {
            Self::Pointer(_) => Exit::Usage,
            Self::Nothing(_) => Exit::BadInput,
            Self::Document(inner) => inner.exit(),
        }
    }

    fn code(&self) -> &'static str {
        "get"
    }

    fn hint(&self) -> Option<String> {
        None
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
