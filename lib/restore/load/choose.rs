//! Which dump: a choice of last week's is not there for ever.
//!
//! In: `[dump] dir` and `latest`, a file name, a date or a path. Out: a file that is there now, or a refusal that
//! lists what is.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::config::{self, Config};
use crate::restore::error::Error;

/// What every dump's name ends with.
const SUFFIX: &str = ".sql.gz";

/// One dump in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// File name.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What its name begins with.
    pub(crate) of: String,
    /// When it was begun, from its name.
    pub(crate) begun: Timestamp,
    /// File size.
    pub(crate) bytes: u64,
}

/// The dump directory.
pub(crate) fn directory(config: &Config) -> Result<PathBuf, Error> {
    let dir = config.dump.dir.as_deref().filter(|dir| !dir.is_empty());
    dir.map(PathBuf::from).ok_or_else(|| config::Error::Unset { setting: "[dump] dir" }.into())
}

/// The dumps in a directory, newest first. Files of other names are not ours.
pub(crate) fn dumps(dir: &Path) -> Result<Vec<Found>, Error> {
    let fail = |source| Error::DumpDirectory { dir: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some((of, begun)) = parse(&name) else { continue };
        // Rotated away since the directory was read: not there.
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        if metadata.is_file() && !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            found.push(Found { path: entry.path(), name, of, begun, bytes: metadata.len() });
        }
    }
    found.sort_by(|a, b| b.begun.cmp(&a.begun).then_with(|| a.name.cmp(&b.name)));
    Ok(found)
}

/// The file that a choice stands for.
pub(crate) fn choose(config: &Config, choice: &str) -> Result<PathBuf, Error> {
    if choice.contains('/') {
        return Ok(PathBuf::from(choice));
    }
    let dir = match directory(config) {
        // There is no directory that it could be a dump of.
        Err(_) if Path::new(choice).is_file() => return Ok(PathBuf::from(choice)),
        outcome => outcome?,
    };
    let all = dumps(&dir)?;
    let mine = |found: &&Found| config.dump.name.as_ref().is_none_or(|name| *name == found.of);
    let wanted = choice.trim_end_matches(SUFFIX);
    let chosen = match choice {
        // One from a night with a wrong clock is not the latest for years.
        "latest" => {
            let now = Timestamp::now();
            let known = |found: &&Found| !crate::archive::is_later(found.begun, now);
            all.iter().filter(mine).find(known).or_else(|| all.iter().find(mine))
        }
        _ => all
            .iter()
            .find(|found| found.name.trim_end_matches(SUFFIX) == wanted)
            .or_else(|| all.iter().filter(mine).find(|found| is_of_day(found, choice))),
    };
    chosen.map(|found| found.path.clone()).ok_or_else(|| Error::NoSuchDump {
        choice: choice.to_owned(),
        dir,
        there: all.iter().map(|found| found.name.clone()).collect(),
    })
}

/// `NAME-20261123T020000Z.sql.gz`.
fn parse(name: &str) -> Option<(String, Timestamp)> {
    let (of, stamp) = name.strip_suffix(SUFFIX)?.rsplit_once('-')?;
    let begun = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    let begun = jiff::tz::TimeZone::UTC.to_timestamp(begun).ok()?;
    (!of.is_empty()).then(|| (of.to_owned(), begun))
}

/// Days are written as `2026-11-23` or `20261123`, in UTC like the names.
fn is_of_day(found: &Found, day: &str) -> bool {
    let digits: String = day.chars().filter(|c| *c != '-').collect();
    digits.len() == 8 && found.begun.strftime("%Y%m%d").to_string() == digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DumpConfig;
    use crate::document::Failure;

    fn config(files: &[&str]) -> (tempfile::TempDir, Config) {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let dump = DumpConfig { dir: Some(dir.path().display().to_string()), ..DumpConfig::default() };
        (dir, Config { dump, ..Config::default() })
    }

    fn name(config: &Config, choice: &str) -> String {
        let path = choose(config, choice).unwrap();
        path.file_name().unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn takes_the_newest_a_name_or_a_day() {
        let (_dir, config) = config(&[
            "app-20261121T020000Z.sql.gz",
            "app-20261122T020000Z.sql.gz",
            "app-20261122T140000Z.sql.gz",
            ".app-20261123T020000Z.sql.gz.part",
            "notes.txt",
            "app-2026.sql.gz",
        ]);
        assert_eq!(name(&config, "latest"), "app-20261122T140000Z.sql.gz");
        assert_eq!(name(&config, "2026-11-21"), "app-20261121T020000Z.sql.gz");
        assert_eq!(name(&config, "app-20261122T020000Z"), "app-20261122T020000Z.sql.gz");
        assert_eq!(choose(&config, "./x.sql").unwrap(), Path::new("./x.sql"));
    }

    #[test]
    fn a_choice_that_has_rotated_out_is_refused_with_what_there_is() {
        let (dir, config) = config(&["app-20261121T020000Z.sql.gz"]);
        let error = choose(&config, "app-20261101T020000Z.sql.gz").unwrap_err();
        assert_eq!(error.exit(), crate::document::Exit::BadInput);
        let expected = format!(
            "there is no dump app-20261101T020000Z.sql.gz in {}; there is app-20261121T020000Z.sql.gz",
            dir.path().display()
        );
        assert_eq!(error.to_string(), expected);
    }
}
