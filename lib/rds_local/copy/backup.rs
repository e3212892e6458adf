//! Copies by mariadb-backup: the files of a source on this host, with the changes made while they are copied.
//!
//! In: a data directory that does not exist yet. Out: the source's data as it was when the last file was read.

use jiff::Timestamp;
use walkdir::WalkDir;

use super::child::Helper;
use super::place::CopyDirectory;
use super::source::CopySource;
use crate::engine::ServerProgram;
use crate::house::Cancel;
use crate::rds_local::error::Error;

/// Fills the data directory of a copy. Returns the moment that the copy shows.
pub(super) fn fill(
    source: &CopySource,
    home: &CopyDirectory,
    program: &ServerProgram,
    cancel: &Cancel,
) -> Result<Timestamp, Error> {
    let tool = program.sibling("mariadb-backup", "mariabackup");
    let log = home.dir.join("log.backup");
    let target = format!("--target-dir={}", home.data().display());
    // `mariadb-backup` accepts `--defaults-file` only as the first argument.
    let mut backup = vec![format!("--defaults-file={}", source.file.display())];
    backup.extend(source.reach.arguments());
    backup.extend(["--backup".to_owned(), target.clone()]);
    backup.push(format!("--datadir={}", source.variable("datadir")));
    Helper::start(&tool, &backup, &log, false)?.finish(&log, cancel)?;
    let shows = Timestamp::now();
    refuse_elsewhere(home)?;
    let prepare = ["--no-defaults".to_owned(), "--prepare".to_owned(), target];
    Helper::start(&tool, &prepare, &log, false)?.finish(&log, cancel)?;
    home.give_data()?;
    Ok(shows)
}

/// Fails if a table's file lies outside the data directory (a link or an `.isl` file): a server on the copy would open the
/// source's own file.
fn refuse_elsewhere(home: &CopyDirectory) -> Result<(), Error> {
    let data = home.data();
    for entry in WalkDir::new(&data) {
        let entry = entry.map_err(|e| Error::file("read", &data)(e.into()))?;
        if entry.path_is_symlink() || entry.path().extension().is_some_and(|end| end == "isl") {
            let table = entry.path().strip_prefix(&data).unwrap_or(entry.path()).with_extension("");
            return Err(Error::NoWay {
                way: "mariadb-backup",
                why: format!("{} lies outside the data directory of the source", table.display()),
            });
        }
    }
    Ok(())
}
