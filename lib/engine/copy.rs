//! A copy of a data directory, as a storage snapshot makes one.
//!
//! A running server is frozen with SIGSTOP, its files are copied, and it goes on. The copy has what a SIGKILL at that moment
//! would have left: all threads stand still, and since native asynchronous I/O is off (`program.rs`) no write is
//! under way in the kernel on the server's behalf. So each file has exactly the writes that the server had finished, in
//! the order in which it made them. That is the state that `InnoDB`'s redo log and doublewrite buffer, and Aria's log, are
//! made to recover from: at its first start a server on the copy rolls forward what was committed and back what was not. A lock
//! (`FLUSH TABLES WITH READ LOCK`) would not add consistency, but would wait for the longest query and block writers.
//! That first start takes long if a long transaction was open, as it does after a restore of Aurora.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::OFlags;
use walkdir::WalkDir;

use super::error::Error;
use super::place::make_directory;
use super::server::RunningServer;
use crate::house::Cancel;

/// Files that are not copied: a server makes them anew at its start, or must not share them (`auto.cnf` has its UUID).
const LEFT_OUT: &[&str] = &["ibtmp1", "#innodb_temp", "auto.cnf"];

/// Bytes of a block; a block of zeros becomes a hole.
const BLOCK_BYTES: usize = 64 * 1024;
/// Bytes that one read asks for.
const READ_BYTES: usize = 16 * BLOCK_BYTES;
static ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// Copies the data directory `from` to `to`, which must not exist. Returns the moment that the copy shows. `server` is
/// the one that runs on `from`, if one does.
pub(crate) fn copy_data(
    from: &Path,
    to: &Path,
    server: Option<&RunningServer>,
    cancel: &Cancel,
) -> Result<Timestamp, Error> {
    let frozen = server.map(RunningServer::freeze).transpose()?;
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
        if kind.is_symlink() {
            // The target of a link is outside of this directory: original and copy would share it.
            return Err(Error::Link { path: entry.path().to_owned() });
        }
        if kind.is_dir() {
            make_directory(&target)?;
        } else if !kind.is_socket() {
            copy_file(entry.path(), &target, cancel).map_err(Error::file("copy", entry.path()))?;
            cancel.check()?;
        }
    }
    Ok(())
}

/// Copies one file: shares its blocks where the file system can, else leaves holes for zeros. Most of a young server's files
/// (redo and undo logs, system tablespaces) is reserved room.
fn copy_file(from: &Path, to: &Path, cancel: &Cancel) -> io::Result<()> {
    // The owner of the data could replace the file by a link or a pipe after the check.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut source = File::options().read(true).custom_flags(flags).open(from)?;
    if !source.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let mut target = File::create(to)?;
    let length = source.metadata()?.len();
    if rustix::fs::ioctl_ficlone(&target, &source).is_ok() {
        return Ok(());
    }
    let mut buffer = vec![0; READ_BYTES];
    // A large file takes minutes, so a signal ends the loop. The caller then fails too, and removes the half copy.
    while cancel.requested().is_none() {
        let count = read_full(&mut source, &mut buffer)?;
        for block in buffer[..count].chunks(BLOCK_BYTES) {
            if block == &ZEROS[..block.len()] {
                target.seek(SeekFrom::Current(i64::try_from(block.len()).expect("a block is small")))?;
            } else {
                target.write_all(block)?;
            }
        }
        if count < buffer.len() {
            return target.set_len(length);
        }
    }
    Ok(())
}

fn read_full(source: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match source.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_the_same_byte_for_byte_and_its_zeros_take_no_room() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        make_directory(&from.join("sub")).unwrap();
        let mut bytes = vec![0_u8; 3 * READ_BYTES + 100];
        (bytes[BLOCK_BYTES], bytes[READ_BYTES + 5], bytes[3 * READ_BYTES + 50]) = (1, 2, 3);
        fs::write(from.join("sub/ibdata1"), &bytes).unwrap();
        fs::write(from.join("empty"), b"").unwrap();
        fs::write(from.join("zeros"), vec![0_u8; READ_BYTES]).unwrap();
        fs::write(from.join("auto.cnf"), b"uuid").unwrap();
        copy_data(&from, &to, None, &Cancel::default()).unwrap();
        assert_eq!(fs::read(to.join("sub/ibdata1")).unwrap(), bytes);
        assert_eq!(fs::read(to.join("empty")).unwrap(), b"");
        assert_eq!(fs::read(to.join("zeros")).unwrap(), vec![0_u8; READ_BYTES]);
        assert!(!to.join("auto.cnf").exists());
        assert!(fs::metadata(to.join("sub/ibdata1")).unwrap().blocks() * 512 < bytes.len() as u64);
    }

    #[test]
    fn a_link_in_a_data_directory_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        make_directory(&from).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", from.join("t.ibd")).unwrap();
        assert!(matches!(copy_data(&from, &to, None, &Cancel::default()), Err(Error::Link { .. })));
        assert!(!to.exists());
        // Nor is a link followed that has replaced a file after the check.
        assert!(copy_file(&from.join("t.ibd"), &folder.path().join("copy"), &Cancel::default()).is_err());
        assert!(copy_file(&from, &folder.path().join("copy"), &Cancel::default()).is_err());
    }

    #[test]
    fn an_interrupted_copy_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        make_directory(&from).unwrap();
        fs::write(from.join("a"), b"a").unwrap();
        let cancel = Cancel::default();
        cancel.raise(15);
        assert!(copy_data(&from, &to, None, &cancel).is_err());
        assert!(!to.exists());
    }
}
