//! The dumps in a directory, read from their tails.
//!
//! In: a directory. Out: the files that are called like dumps, newest first, and what each says of itself. One that is
//! still being written has another name; one that is cut off, damaged or somebody else's has an error instead.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::error::{Error, FileAction};
use super::super::file::DumpFile;
use super::super::signature::{Trust, fingerprint};
use super::name::parse_name;

/// A file that is called like a dump; nobody has looked into it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DumpCandidate {
    /// Name of the file, without its directory.
    pub(crate) file: String,
    /// Path of the file.
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
    /// The fingerprint of the key that signed it.
    pub signed_by: Option<String>,
}

/// The files in a directory that are called like dumps, newest first; with a `[dump] name`, only its own.
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
        // No link is followed: links are left out, and so is a file that somebody removes this very moment.
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

/// The whole dumps in a directory, newest first; with a `[dump] name`, only its own.
pub fn list(directory: &Path, name: Option<&str>, trust: Trust<'_>) -> Result<Vec<ListedDump>, Error> {
    // Whatever cannot be read, or is not believed, is no dump to rely on.
    Ok(candidates(directory, name)?.iter().filter_map(|candidate| candidate.read(trust).ok()).collect())
}

/// A whole dump, whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WholeDump {
    pub(crate) file: String,
    pub(crate) as_of: Timestamp,
    /// Whether `trust` lets it be loaded here.
    pub(crate) believed: bool,
}

/// The whole dumps of one name, newest first, those too that are not believed: they take room all the same.
pub(crate) fn whole_dumps(directory: &Path, name: &str, trust: Trust<'_>) -> Result<Vec<WholeDump>, Error> {
    let all = candidates(directory, Some(name))?;
    let whole = all.into_iter().filter_map(|DumpCandidate { path, file, as_of, .. }| {
        let believed = trust.open(&path).is_ok();
        // To be whole is enough here, unsigned and however long its rows.
        (believed || DumpFile::open_unbounded(&path).is_ok()).then_some(WholeDump { file, as_of, believed })
    });
    Ok(whole.collect())
}

impl DumpCandidate {
    /// What the file says of itself, or why it is no dump to rely on.
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

    /// For scripts: a file that is no dump to rely on. `name` as for [`ListedDump::json`].
    pub(crate) fn json(&self, name: &str, problem: &Error) -> Value {
        json!({
            "file": self.file, "path": self.path.display().to_string(), "name": name, "prefix": self.name, "begun": self.as_of,
            "bytes": self.bytes, "problem": problem.to_string(),
        })
    }
}

impl ListedDump {
    /// For scripts: every tool that lists dumps writes these fields. `begun` is the older word for `as_of`. `name` is the one of them that is not the same
    /// everywhere, and stays what each tool has always written there: `file` or `prefix`.
    pub(crate) fn json(&self, name: &str) -> Value {
        json!({
            "file": self.file, "path": self.path.display().to_string(), "name": name, "prefix": self.name, "begun": self.as_of,
            "as_of": self.as_of, "bytes": self.bytes, "rows": self.rows, "tables": self.tables,
            "databases": self.databases, "engine": self.engine, "fallback": self.fallback,
            "signed_by": self.signed_by,
        })
    }
}
