//! The dump file, with rows and digest of each table (mydump-rotate).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The dump file that was written, and what is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dump {
    /// Name of the file: `NAME-20261123T020000Z.sql.gz`.
    pub name: String,
    /// Absolute path of the file.
    pub path: String,
    /// Size of the file in bytes, compressed.
    pub bytes: u64,
    /// Rows in all tables.
    pub rows: u64,
    /// The moment that the data is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Timestamp>,
    /// Rows and digest of each table.
    pub tables: Vec<TableDigest>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Rows and digest of one table in a dump.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TableDigest {
    /// Database of the table.
    pub database: String,
    /// Name of the table, unquoted.
    pub table: String,
    /// Rows of the table in the dump.
    pub rows: u64,
    /// Order-independent digest: sum modulo 2^128 of XXH3-128 of each row's tuple text, 32 hexadecimal digits.
    pub digest: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
