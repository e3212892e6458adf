//! `template.json`: the facts about a template, beside its data. Written last, so a template without it is not complete.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::archive::{self, Purpose};
use crate::document::TableDigest;
use crate::engine::ServerProgram;
use crate::house::House;
use crate::instance::error::Error;
use crate::instance::home::read_json;
use crate::restore::ChosenDump;
use crate::sql::hex;

/// The content of a template's `template.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TemplateFacts {
    /// File name of the dump.
    pub(crate) dump: String,
    /// SHA-256 of the dump's manifest, which holds the hashes of all members.
    pub(crate) dump_sha256: String,
    /// The configured directory of dumps when it was baked: only a run with the same one can tell whether the dump still exists.
    #[serde(default)]
    pub(crate) dumps: Option<PathBuf>,
    /// The server program that made the data directory.
    pub(crate) program: ServerProgram,
    /// Version of refreshkit that baked it.
    pub(crate) tool_version: String,
    /// When the load had ended.
    pub(crate) baked_at: Timestamp,
    /// Seconds that baking took.
    pub(crate) seconds: f64,
    /// Names of the databases in the dump.
    pub(crate) databases: Vec<String>,
    /// Rows in all tables.
    pub(crate) rows: u64,
    /// Name, rows and digest of each table, as compared with the dump.
    pub(crate) tables: Vec<TableDigest>,
    /// Bytes that the data directory takes on the disk.
    pub(crate) bytes: u64,
}

/// Reads the facts of a template; `None` if the directory is no complete template.
pub(super) fn facts_of(directory: &Path) -> Result<Option<TemplateFacts>, Error> {
    read_json(&directory.join("template.json"))
}

/// Returns the canonical path of the configured directory of dumps, if there is one.
pub(super) fn dumps_of(house: &House) -> Option<PathBuf> {
    archive::directory(&house.config, None, Purpose::Reading).ok()?.canonicalize().ok()
}

/// Returns the SHA-256 of a dump's manifest. No two dumps share it, since a manifest holds the hashes of all members.
pub(super) fn identity(dump: &ChosenDump) -> String {
    let text = serde_json::to_vec(dump.manifest()).expect("a manifest has only string keys");
    hex(&Sha256::digest(&text))
}

/// Returns a short hash of a template's key, for the names of its lock and of the directory in which it is baked.
pub(super) fn id_of(key: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(key.as_bytes()))
}
