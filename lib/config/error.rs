//! Errors of the configuration. An error in the content of the file has file and line.

use std::path::PathBuf;

use crate::document::{Ending, Exit, Failure};

/// Why there is no usable configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no file at any of the usual places.
    #[error(
        "no refresh.toml: looked at --config, $REFRESH_CONFIG, ./refresh.toml and /etc/refreshkit/refresh.toml"
    )]
    Missing,
    /// The configuration file cannot be read, or is too large.
    #[error("cannot read {}", path.display())]
    Read {
        /// Path of the configuration file.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// Another user may have written `./refresh.toml`.
    #[error("{problem}, so ./refresh.toml is not obeyed")]
    Untrusted {
        /// The file or directory in question, and its owner or mode.
        problem: String,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}: {message}", path.display())]
    At {
        /// Path of the configuration file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong on that line.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// Several things in the file are wrong.
    #[error("{} things are wrong in {}:{}", errors.len(), path.display(), listed(errors))]
    Several {
        /// Path of the configuration file.
        path: PathBuf,
        /// The errors, in the order of the file.
        errors: Vec<Error>,
    },
    /// A setting that the tool needs is not set.
    #[error("{setting} is not set")]
    Unset {
        /// Section and name of the setting, such as `[source] databases`.
        setting: &'static str,
    },
    /// An environment variable is not set or holds an unusable value.
    #[error("${name} {problem}")]
    Environment {
        /// Name of the environment variable.
        name: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
}

/// The errors as text, one a line, each with its hint.
fn listed(errors: &[Error]) -> String {
    let line = |error: &Error| match error.ending().hint {
        Some(hint) => format!("\n    {error} ({hint})"),
        None => format!("\n    {error}"),
    };
    errors.iter().map(line).collect()
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        let ending = Ending::new(Exit::BadConfig, "bad-config");
        match self {
            Self::Missing => ending.hint("start from the example in README.md, or name a file with --config"),
            Self::Untrusted { .. } => Ending::new(Exit::Refused, "config-of-others")
                .hint("--config ./refresh.toml if you have read it and mean it; or make it yours: chown, chmod go-w"),
            Self::At { hint, .. } => Ending { hint: hint.clone(), ..ending },
            Self::Unset { setting } => ending.hint(format!("add {setting} to refresh.toml")),
            Self::Several { .. } | Self::Read { .. } | Self::Environment { .. } => ending,
        }
    }
}
