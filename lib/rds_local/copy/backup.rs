//! By mariadb-backup: the files of the source, on this host, with what was written meanwhile.
//!
//! In: a directory that is not there yet. Out: a data directory as the source's was when the last file was read.

use jiff::Timestamp;
use walkdir::WalkDir;

use super::child::Helper;
use super::place::CopyDirectory;
use super::source::CopySource;
use crate::engine::ServerProgram;
use crate::house::Cancel;
use crate::rds_local::error::Error;

/// Fills the data directory of a copy.
pub(super) fn fill(
    source: &CopySource,
    home: &CopyDirectory,
    program: &ServerProgram,
    cancel: &Cancel,
) -> Result<Timestamp, Error> {
    let tool = program.sibling("mariadb-backup", "mariabackup");
    let log = home.dir.join("log.backup");
    let target = format!("--target-dir={}", home.data().display());
    // It insists on this one being first.
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

/// A table elsewhere than in the data directory is one of the source's: a server on the copy would open that one.
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
