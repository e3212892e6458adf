//! The dumps in a directory, read from their tails.
//!
//! In: a directory. Out: the files with the name of a dump, newest first, and what the manifest of each says. A dump that is
//! still being written has another name. A file that is cut off, damaged or not trusted gives an error instead.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::error::{Error, FileAction};
use super::super::file::DumpFile;
use super::super::signature::{Trust, fingerprint};
use super::name::parse_name;

/// A file with the name of a dump. Its content has not been read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DumpCandidate {
    /// Name of the file, without its directory.
    pub(crate) file: String,
    pub(crate) path: PathBuf,
    /// What the file's name begins with: `[dump] name`.
    pub(crate) name: String,
    /// The moment the data is from, to the second: part of the name.
    pub(crate) as_of: Timestamp,
    /// Size of the file in bytes, compressed.
    pub(crate) bytes: u64,
}

/// One whole dump of the directory, as its name and manifest describe it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedDump {
    /// Name of the file, without its directory.
    pub file: String,
    /// Path of the file.
    pub path: PathBuf,
    /// What the file's name begins with: `[dump] name`.
    pub name: String,
    /// The moment the data is from, to the second: part of the name.
    pub as_of: Timestamp,
    /// Size of the file in bytes, compressed.
    pub bytes: u64,
    /// Rows in all tables.
    pub rows: u64,
    /// Number of tables in the dump.
    pub tables: usize,
    /// Names of the databases in the dump.
    pub databases: Vec<String>,
    /// Server that was dumped: `mysql` or `mariadb`.
    pub engine: String,
    /// True if the data is not from the snapshot that the run asked for.
    pub fallback: bool,
    /// Fingerprint of the key that signed the dump, if a key did.
    pub signed_by: Option<String>,
}

/// Returns the files with the name of a dump, newest first; with a `[dump] name`, only those of this name.
pub(crate) fn candidates(directory: &Path, name: Option<&str>) -> Result<Vec<DumpCandidate>, Error> {
    let mut found = Vec::new();
    let entries = fs::read_dir(directory).map_err(Error::file(FileAction::List, directory))?;
    for entry in entries {
        let entry = entry.map_err(Error::file(FileAction::List, directory))?;
        let Ok(file) = entry.file_name().into_string() else { continue };
        let Some((own_name, as_of)) = parse_name(&file) else { continue };
        if name.is_some_and(|name| name != own_name) {
            continue;
        }
        // `metadata` follows no link: links are left out, and so is a file that was removed in the meantime.
        let Some(found_there) = entry.metadata().ok().filter(fs::Metadata::is_file) else { continue };
        found.push(DumpCandidate {
            path: entry.path(),
            file,
            name: own_name,
            as_of,
            bytes: found_there.len(),
        });
    }
    found.sort_by(|a, b| b.as_of.cmp(&a.as_of).then_with(|| a.file.cmp(&b.file)));
    Ok(found)
}

/// Returns the whole, trusted dumps of a directory, newest first; with a `[dump] name`, only those of this name.
pub fn list(directory: &Path, name: Option<&str>, trust: Trust<'_>) -> Result<Vec<ListedDump>, Error> {
    // A file that cannot be read or is not trusted is left out.
    Ok(candidates(directory, name)?.iter().filter_map(|candidate| candidate.read(trust).ok()).collect())
}

/// A whole dump, trusted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WholeDump {
    pub(crate) file: String,
    pub(crate) as_of: Timestamp,
    /// True when `[dump] trust` lets the dump be loaded.
    pub(crate) believed: bool,
}

/// Returns the whole dumps of one name, newest first, including untrusted ones: they take disk space too.
pub(crate) fn whole_dumps(directory: &Path, name: &str, trust: Trust<'_>) -> Result<Vec<WholeDump>, Error> {
    let all = candidates(directory, Some(name))?;
    let whole = all.into_iter().filter_map(|DumpCandidate { path, file, as_of, .. }| {
        let believed = trust.open(&path).is_ok();
        // An untrusted dump counts if it is whole, even with rows over the limit.
        (believed || DumpFile::open_unbounded(&path).is_ok()).then_some(WholeDump { file, as_of, believed })
    });
    Ok(whole.collect())
}

impl DumpCandidate {
    /// Opens the file and returns what its name and manifest say. Fails when the file is no whole, trusted dump.
    pub(crate) fn read(&self, trust: Trust<'_>) -> Result<ListedDump, Error> {
        let dump = trust.open(&self.path)?;
        let manifest = dump.manifest();
        Ok(ListedDump {
            file: self.file.clone(),
            path: self.path.clone(),
            name: self.name.clone(),
            as_of: self.as_of,
            bytes: dump.bytes(),
            rows: manifest.rows,
            tables: manifest.tables.len(),
            databases: manifest.databases.iter().map(|database| database.name.clone()).collect(),
            engine: manifest.engine.clone(),
            fallback: manifest.fallback,
            signed_by: dump.signed_by().map(fingerprint),
        })
    }

    /// JSON for scripts of a file that is no whole, trusted dump, with the reason. `name` as for [`ListedDump::json`].
    pub(crate) fn json(&self, name: &str, problem: &Error) -> Value {
        json!({
            "file": self.file, "path": self.path.display().to_string(), "name": name, "prefix": self.name, "begun": self.as_of,
            "bytes": self.bytes, "problem": problem.to_string(),
        })
    }
}

impl ListedDump {
    /// JSON for scripts, the same from every tool that lists dumps. `begun` is the older word for `as_of`. Only `name` differs:
    /// each tool writes there what it has always written, the value of `file` or of `prefix`.
    pub(crate) fn json(&self, name: &str) -> Value {
        json!({
            "file": self.file, "path": self.path.display().to_string(), "name": name, "prefix": self.name, "begun": self.as_of,
            "as_of": self.as_of, "bytes": self.bytes, "rows": self.rows, "tables": self.tables,
            "databases": self.databases, "engine": self.engine, "fallback": self.fallback,
            "signed_by": self.signed_by,
        })
    }
}
