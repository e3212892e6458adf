//! A copy of a data directory, as a storage snapshot makes one.
//!
//! A running server is frozen with SIGSTOP, its files are copied, and it goes on. The copy is what a power cut at that
//! moment would have left: all threads stand still, and since native asynchronous I/O is off (`program.rs`) no write is
//! under way in the kernel on the server's behalf. So each file holds exactly the writes that the server had finished, in
//! the order in which it made them. That is the state that `InnoDB`'s redo log and doublewrite buffer, and Aria's log, are
//! made to recover from: on its first start the copy rolls forward what was committed and back what was not. A lock
//! (`FLUSH TABLES WITH READ LOCK`) would not add consistency, but would wait for the longest query and block writers.
//! It is also why an Aurora restore with a long open transaction takes its time; the copy then behaves the same.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use jiff::Timestamp;
use walkdir::WalkDir;

use super::super::error::Error;
use super::super::home::make_directory;
use super::server::Server;
use crate::house::Cancel;

/// What a server makes anew at every start, or must not share with its copy (`auto.cnf` holds its UUID).
const LEFT_OUT: &[&str] = &["ibtmp1", "#innodb_temp", "auto.cnf"];

/// Copies the data directory `from` to `to`, which must not exist. Out: the moment that the copy shows.
pub(in super::super) fn copy_data(
    from: &Path,
    to: &Path,
    server: Option<&Server>,
    cancel: &Cancel,
) -> Result<Timestamp, Error> {
    let frozen = server.map(Server::freeze).transpose()?;
    let at = Timestamp::now();
    let copied = copy_files(from, to, cancel);
    drop(frozen);
    if copied.is_err() {
        let _ = fs::remove_dir_all(to);
    }
    copied.map(|()| at)
}

fn copy_files(from: &Path, to: &Path, cancel: &Cancel) -> Result<(), Error> {
    let walk = WalkDir::new(from).min_depth(1).into_iter();
    make_directory(to)?;
    for entry in walk.filter_entry(|entry| !LEFT_OUT.iter().any(|name| entry.file_name() == *name)) {
        cancel.check()?;
        let entry = entry.map_err(|e| Error::file("read", from)(e.into()))?;
        let below = entry.path().strip_prefix(from).expect("walkdir stays below its root");
        let target = to.join(below);
        let kind = entry.file_type();
        if kind.is_dir() {
            make_directory(&target)?;
        } else if !kind.is_socket() {
            // copy_file_range inside: on file systems that can, the copy shares its blocks.
            fs::copy(entry.path(), &target).map_err(Error::file("copy", entry.path()))?;
        }
    }
    Ok(())
}
