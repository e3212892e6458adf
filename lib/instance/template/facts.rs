//! What a template says of itself: a file beside its data, and the last that is written into it.

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

/// What a template says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TemplateFacts {
    /// File name of the dump.
    pub(crate) dump: String,
    /// SHA-256 of what the dump says about itself, the hashes of all its parts among it.
    pub(crate) dump_sha256: String,
    /// Directory of dumps that it was baked for; who has another one does not know whether the dump is still there.
    #[serde(default)]
    pub(crate) dumps: Option<PathBuf>,
    /// The server program that made the data directory.
    pub(crate) program: ServerProgram,
    /// Version of refreshkit that baked it.
    pub(crate) tool_version: String,
    /// When baking it ended.
    pub(crate) baked_at: Timestamp,
    /// Seconds that baking took.
    pub(crate) seconds: f64,
    /// Names of the databases in the dump.
    pub(crate) databases: Vec<String>,
    /// Rows in all tables.
    pub(crate) rows: u64,
    /// Each table, as it was compared with the dump.
    pub(crate) tables: Vec<TableDigest>,
    /// Bytes on the disk.
    pub(crate) bytes: u64,
}

/// What is at a template's place; nothing if there is none.
pub(super) fn facts_of(directory: &Path) -> Result<Option<TemplateFacts>, Error> {
    read_json(&directory.join("template.json"))
}

/// The directory of dumps, by the one spelling that it has.
pub(super) fn dumps_of(house: &House) -> Option<PathBuf> {
    archive::directory(&house.config, None, Purpose::Reading).ok()?.canonicalize().ok()
}

/// What no two dumps share: their manifests hold the hashes of all that is in them.
pub(super) fn identity(dump: &ChosenDump) -> String {
    let text = serde_json::to_vec(dump.manifest()).expect("a manifest has only string keys");
    hex(&Sha256::digest(&text))
}

/// A template's key in few letters: what its lock is called, and the directory in which it is baked.
pub(super) fn id_of(key: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(key.as_bytes()))
}
