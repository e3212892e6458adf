//! Reads and writes one document.
//!
//! In: bytes from stdin. Out: a [`Document`], or an error that says what stdin held instead.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounded::{self, ValueUnread};
use super::failure::{Ending, Exit, Failure};
use super::whole::{Document, SCHEMA};
use crate::outlet;

/// The most bytes that are read: plans of thousands of tables stay below, a dump that is piped in by mistake does not.
pub(super) const DOCUMENT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The most bytes of memory that a document may take, as `bounded` counts them. A tool holds two documents (the one that it works
/// on, and the one that it writes after a signal) and the text that it reads or writes: together below 256 MiB. A plan of 2,000
/// tables and 60,000 columns fits.
const MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Messages repeat so many characters of an unknown schema's name.
const NAME_CHARS_MAX: usize = 60;

/// The code word of an error for no document: stdin is empty or a terminal.
pub const NO_DOCUMENT: &str = "no-document";

/// Why the input is not a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Stdin is empty, or holds white space only.
    #[error("expected a refreshkit document on stdin, but it is empty (did the tool before this one die?)")]
    Empty,
    /// Stdin is a terminal: no tool is in front of this one.
    #[error("expected a refreshkit document on stdin, but stdin is a terminal")]
    Terminal,
    /// Stdin has more bytes than [`DOCUMENT_BYTES_MAX`].
    #[error("expected a refreshkit document on stdin, but more than {} MiB came", DOCUMENT_BYTES_MAX >> 20)]
    TooLarge,
    /// The document would take more than [`MEMORY_BYTES_MAX`].
    #[error(
        "the document on stdin would take more than {} MiB of memory: it has too many values",
        MEMORY_BYTES_MAX >> 20
    )]
    TooMany,
    /// Stdin is not UTF-8 text.
    #[error(
        "expected a refreshkit document on stdin, but byte {offset} is not UTF-8 text (is this a binary file?)"
    )]
    Binary {
        /// Number of bytes before the first one that is not UTF-8.
        offset: usize,
    },
    /// The JSON stops half-way.
    #[error("the document on stdin is cut off after {bytes} bytes")]
    Truncated {
        /// Number of bytes that were read until stdin ended.
        bytes: usize,
    },
    /// The text is not JSON, or not a single JSON value.
    #[error("expected a refreshkit document on stdin, but it is not one JSON object")]
    NotJson(#[source] serde_json::Error),
    /// The JSON has another schema, or names none.
    #[error("expected a document of schema {SCHEMA} on stdin, found {found}")]
    OtherSchema {
        /// The field `schema` as found, or that there is none.
        found: String,
    },
    /// The schema is right, but a field is missing or has the wrong type.
    #[error("the document on stdin breaks its schema")]
    Malformed(#[source] serde_json::Error),
    /// Reading from stdin failed half-way.
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
            | Self::TooMany
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

/// Reads the bytes of one document to the end of `input`, without parsing them.
pub fn read_bytes(input: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    input.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        return Err(Error::TooLarge);
    }
    Ok(bytes)
}

/// Reads a small text file; fails if it has more than `bytes_max` bytes, as `/dev/zero` or a dump has.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let problem = format!("it is larger than {} KiB", bytes_max >> 10);
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, problem));
    }
    let wrong = || std::io::Error::new(ErrorKind::InvalidData, "it is no UTF-8 text");
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// Parses the bytes of one document.
pub fn parse(bytes: &[u8]) -> Result<Document, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| Error::Binary { offset: e.valid_up_to() })?;
    if text.trim().is_empty() {
        return Err(Error::Empty);
    }
    let Head(schema) = serde_json::from_str(text)
        .map_err(|e| if e.is_eof() { Error::Truncated { bytes: bytes.len() } } else { Error::NotJson(e) })?;
    match schema {
        Some(Schema::Named(name)) if name == SCHEMA => {}
        Some(Schema::Named(name)) => {
            let name: String = name.chars().take(NAME_CHARS_MAX).collect();
            return Err(Error::OtherSchema { found: format!("{name:?}") });
        }
        Some(Schema::Strange) => {
            return Err(Error::OtherSchema { found: "a \"schema\" that is no text".to_owned() });
        }
        None => return Err(Error::OtherSchema { found: "no \"schema\" field".to_owned() }),
    }
    bounded::read(text, MEMORY_BYTES_MAX).map_err(|unread| match unread {
        ValueUnread::TooMuch => Error::TooMany,
        ValueUnread::Wrong(source) => Error::Malformed(source),
    })
}

/// The field `schema` of a JSON value, if it has one. Nothing else of the value is stored.
struct Head(Option<Schema>);

enum Schema {
    Named(String),
    Strange,
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeadVisitor)
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        let mut schema = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "schema" {
                schema = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Head(schema))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Head, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Head(None))
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SchemaVisitor)
    }
}

struct SchemaVisitor;

impl<'de> Visitor<'de> for SchemaVisitor {
    type Value = Schema;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name of a schema")
    }

    fn visit_str<E>(self, name: &str) -> Result<Schema, E> {
        Ok(Schema::Named(name.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Schema, E> {
        Ok(Schema::Strange)
    }

    fn visit_unit<E>(self) -> Result<Schema, E> {
        Ok(Schema::Strange)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Schema, A::Error> {
        // serde_json passes numbers of any precision as maps.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Schema::Strange)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Schema, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Schema::Strange)
    }
}

/// Writes the document as one line of JSON with a newline at its end. Control characters become escapes: terminals ignore those.
pub fn render(document: &Document) -> String {
    let line = serde_json::to_string(document).expect("a document has only string keys");
    let mut line = outlet::as_json(&line).into_owned();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ColumnPlan, Dehydration, TablePlan};

    #[test]
    fn a_plan_of_a_large_schema_is_read() {
        let column = |n: usize| {
            let name = format!("a_column_with_a_name_{n}");
            ColumnPlan { expression: format!("t.`{name}`"), name, ..ColumnPlan::default() }
        };
        let table = |n: usize| TablePlan {
            table: format!("a_table_with_a_name_{n}"),
            select: "SELECT t.`a_column_with_a_name` FROM".repeat(30),
            columns: (0..30).map(column).collect(),
            ..TablePlan::default()
        };
        let tables = (0..2_000).map(table).collect();
        let mut document = Document::new("large");
        document.dehydration = Some(Dehydration { tables, ..Dehydration::default() });
        assert!(parse(render(&document).as_bytes()).is_ok_and(|read| read == document));
    }

    #[test]
    fn few_bytes_that_become_many_values_are_refused() {
        let head = r#"{"schema":"refreshkit/1","run":"r","#;
        for (part, end) in
            [(r#""dehydration":{"tables":["#, "{}]}}"), (r#""x":["#, "[]]}"), (r#""resources":["#, "[]]}")]
        {
            let item = if part.contains("tables") { "{}," } else { "[]," };
            let text = format!("{head}{part}{}{end}", item.repeat(1_000_000));
            let said = parse(text.as_bytes()).unwrap_err();
            // An element that is no resource is an error at once, before there are too many.
            assert_eq!(matches!(said, Error::TooMany), !part.contains("resources"), "{said}");
        }
    }
}
