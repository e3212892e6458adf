//! The dumps in a directory, read from their tails.
//!
//! In: a directory. Out: those files whose names and ends say that they are dumps of ours, newest first. A file that
//! is cut off, still being written or somebody else's is not among them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::fmt::strtime;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::file::DumpFile;
use super::manifest::Manifest;
use crate::config::{self, Config};
use crate::dump::Error;

const SUFFIX: &str = ".sql.gz";
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// One dump.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// File name.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// What its name begins with.
    pub name: String,
    /// The moment the data is from, to the second: part of the name.
    pub as_of: Timestamp,
    /// File size.
    pub bytes: u64,
    /// Rows in all tables.
    pub rows: u64,
    /// Number of tables.
    pub tables: usize,
    /// Databases.
    pub databases: Vec<String>,
    /// `mysql` or `mariadb`.
    pub engine: String,
    /// True if the data is not from the snapshot that the run asked for.
    pub fallback: bool,
}

/// The directory of the configuration, which must be there. It is never made: where a network file system is not
/// mounted, the dumps would fill the disk of the mount point.
pub fn directory(config: &Config, wish: Option<&Path>) -> Result<PathBuf, Error> {
    let path = match (wish, &config.dump.dir) {
        (Some(wish), _) => wish.to_owned(),
        (None, Some(configured)) => PathBuf::from(configured),
        (None, None) => return Err(config::Error::Unset { setting: "[dump] dir" }.into()),
    };
    match fs::metadata(&path) {
        Ok(found) if found.is_dir() => Ok(path),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("read", &path)(error)),
        _ => Err(Error::NoDirectory(path)),
    }
}

/// How far a clock may be behind another.
const CLOCK_HOURS: i64 = 1;

/// Whether a dump says that its data is of a later moment than now: a clock was wrong when it was made, or is now.
pub fn is_later(as_of: Timestamp, now: Timestamp) -> bool {
    as_of.duration_since(now) > SignedDuration::from_hours(CLOCK_HOURS)
}

/// The newest of a list, newest first, but not one of a later moment than now, unless there are no others.
pub fn latest(dumps: &[Listed]) -> Option<&Listed> {
    let now = Timestamp::now();
    dumps.iter().find(|dump| !is_later(dump.as_of, now)).or(dumps.first())
}

/// The whole dumps in a directory, newest first; with a name, only those that begin with it.
pub fn list(directory: &Path, name: Option<&str>) -> Result<Vec<Listed>, Error> {
    let mut found = Vec::new();
    let entries = fs::read_dir(directory).map_err(Error::file("read", directory))?;
    for entry in entries {
        let entry = entry.map_err(Error::file("read", directory))?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let regular = entry.file_type().is_ok_and(|kind| kind.is_file());
        let Some((own_name, as_of)) = parse_name(&file).filter(|_| regular) else { continue };
        if name.is_some_and(|name| name != own_name) {
            continue;
        }
        // Somebody may remove it this very moment; whatever cannot be read is no dump to rely on.
        let Ok(dump) = DumpFile::open(&entry.path()) else { continue };
        found.push(Listed::of(file, entry.path(), (own_name, as_of), dump.bytes(), dump.manifest()));
    }
    found.sort_by(|a, b| b.as_of.cmp(&a.as_of).then_with(|| a.file.cmp(&b.file)));
    Ok(found)
}

/// The dump that a person names: `latest`, a file name in the directory, or a path.
pub fn find(directory: impl FnOnce() -> Result<PathBuf, Error>, wish: &str) -> Result<PathBuf, Error> {
    if wish.contains('/') {
        return Ok(PathBuf::from(wish));
    }
    let directory = directory()?;
    if wish != "latest" {
        return Ok(directory.join(wish));
    }
    latest(&list(&directory, None)?)
        .map(|dump| dump.path.clone())
        .ok_or_else(|| Error::NotThere(format!("there is no whole dump in {}", directory.display())))
}

impl Listed {
    fn of(file: String, path: PathBuf, named: (String, Timestamp), bytes: u64, manifest: &Manifest) -> Self {
        Self {
            file,
            path,
            name: named.0,
            as_of: named.1,
            bytes,
            rows: manifest.rows,
            tables: manifest.tables.len(),
            databases: manifest.databases.iter().map(|database| database.name.clone()).collect(),
            engine: manifest.engine.clone(),
            fallback: manifest.fallback,
        }
    }
}

/// `NAME-20261123T020000Z.sql.gz`.
pub(crate) fn file_name(name: &str, as_of: Timestamp) -> String {
    format!("{name}-{}{SUFFIX}", as_of.strftime(STAMP))
}

/// Name and moment, if the file name is exactly of that form.
pub(crate) fn parse_name(file: &str) -> Option<(String, Timestamp)> {
    let (name, stamp) = file.strip_suffix(SUFFIX)?.rsplit_once('-')?;
    let date_time = strtime::parse(STAMP, stamp).ok()?.to_datetime().ok()?;
    let as_of = date_time.in_tz("UTC").ok()?.timestamp();
    (!name.is_empty() && !name.starts_with('.') && file_name(name, as_of) == file)
        .then(|| (name.to_owned(), as_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_form_of_names_is_ours() {
        let as_of: Timestamp = "2028-02-29T02:00:00Z".parse().unwrap();
        assert_eq!(file_name("app", as_of), "app-20280229T020000Z.sql.gz");
        assert_eq!(parse_name("my-app-20280229T020000Z.sql.gz"), Some(("my-app".to_owned(), as_of)));
        for foreign in [
            "app-latest.sql.gz",
            "app-20270229T020000Z.sql.gz",
            "-20280229T020000Z.sql.gz",
            ".app-20280229T020000Z.sql.gz",
            "app-20280229T020000Z.sql.gz.partial",
            "app-20280229T020000Z.sql",
            "app-2028-02-29.sql.gz",
            "app-20280229T020000Z.sql.gz ",
        ] {
            assert_eq!(parse_name(foreign), None, "{foreign}");
        }
    }
}
