//! Reads exactly one document, writes exactly one.
//!
//! In: bytes from stdin. Out: a [`Document`], or one sentence that says what was there instead.

use std::io::Read;

use serde_json::Value;

use super::failure::{Ending, Exit, Failure};
use super::whole::{Document, SCHEMA};

/// The most that is read: plans of thousands of tables stay far below it, a dump piped in by mistake does not.
pub(super) const DOCUMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The code word of an input that holds nothing at all.
pub const NO_DOCUMENT: &str = "no-document";

/// Why the input is not a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing came.
    #[error("expected a refreshkit document on stdin, but it is empty (did the tool before this one die?)")]
    Empty,
    /// Nobody pipes anything.
    #[error("expected a refreshkit document on stdin, but stdin is a terminal")]
    Terminal,
    /// More than [`DOCUMENT_BYTES_MAX`].
    #[error("expected a refreshkit document on stdin, but more than {} MiB came", DOCUMENT_BYTES_MAX >> 20)]
    TooLarge,
    /// Bytes that are not UTF-8 text.
    #[error(
        "expected a refreshkit document on stdin, but byte {offset} is not UTF-8 text (is this a binary file?)"
    )]
    Binary {
        /// Where the text ends.
        offset: usize,
    },
    /// JSON that stops half-way.
    #[error("the document on stdin is cut off after {bytes} bytes")]
    Truncated {
        /// How much came.
        bytes: usize,
    },
    /// Not JSON at all, or not one value.
    #[error("expected a refreshkit document on stdin, but it is not one JSON object")]
    NotJson(#[source] serde_json::Error),
    /// JSON of something else.
    #[error("expected a document of schema {SCHEMA} on stdin, found {found}")]
    OtherSchema {
        /// What `schema` says.
        found: String,
    },
    /// The right schema with a field of the wrong type.
    #[error("the document on stdin breaks its schema")]
    Malformed(#[source] serde_json::Error),
    /// Reading failed.
    #[error("cannot read stdin")]
    Read(#[from] std::io::Error),
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Empty | Self::Terminal => Ending::new(Exit::BadInput, NO_DOCUMENT),
            Self::OtherSchema { .. } => Ending::new(Exit::BadInput, "other-schema"),
            Self::Read(_) => Ending::new(Exit::Io, "stdin"),
            Self::TooLarge
            | Self::Binary { .. }
            | Self::Truncated { .. }
            | Self::NotJson(_)
            | Self::Malformed(_) => Ending::new(Exit::BadInput, "bad-document"),
        }
    }
}

/// Reads one document to the end of `input`.
pub fn read(input: impl Read) -> Result<Document, Error> {
    parse(&read_bytes(input)?)
}

/// Reads what should be one document to the end of `input`, as it is.
pub fn read_bytes(input: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    input.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        return Err(Error::TooLarge);
    }
    Ok(bytes)
}

/// Parses one document.
pub fn parse(bytes: &[u8]) -> Result<Document, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| Error::Binary { offset: e.valid_up_to() })?;
    if text.trim().is_empty() {
        return Err(Error::Empty);
    }
    let value: Value = serde_json::from_str(text)
        .map_err(|e| if e.is_eof() { Error::Truncated { bytes: bytes.len() } } else { Error::NotJson(e) })?;
    match value.get("schema") {
        Some(Value::String(schema)) if schema == SCHEMA => {
            serde_json::from_str(text).map_err(Error::Malformed)
        }
        Some(found) => Err(Error::OtherSchema { found: found.to_string() }),
        None => Err(Error::OtherSchema { found: "no \"schema\" field".to_owned() }),
    }
}

/// The document as one line with a newline at its end.
pub fn render(document: &Document) -> String {
    let mut line = serde_json::to_string(document).expect("a document has only string keys");
    line.push('\n');
    line
}
