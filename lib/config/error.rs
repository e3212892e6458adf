//! What can be wrong with a configuration, always with file:line.

use std::path::PathBuf;

use crate::document::{Exit, Failure};

/// Why there is no usable configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No file at any of the places.
    #[error(
        "no refresh.toml: looked at --config, $REFRESH_CONFIG, ./refresh.toml and /etc/refreshkit/refresh.toml"
    )]
    Missing,
    /// The file named by flag or environment cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}: {message}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// A setting that the tool cannot do without.
    #[error("{setting} is not set")]
    Unset {
        /// `[source] cluster` and the like.
        setting: &'static str,
    },
    /// An environment variable holds something unusable.
    #[error("${name} {problem}")]
    Environment {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        Exit::BadConfig
    }

    fn code(&self) -> &'static str {
        "bad-config"
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing => {
                Some("start from the example in README.md, or name a file with --config".to_owned())
            }
            Self::At { hint, .. } => hint.clone(),
            Self::Unset { setting } => Some(format!("add {setting} to refresh.toml")),
            Self::Read { .. } | Self::Environment { .. } => None,
        }
    }
}
