//! Writes dumps into the directory: one writer for each name, and a temporary file that becomes a dump in one step.
//!
//! In: members. Out: `NAME-STAMP.sql.gz`, which only ever exists whole. The temporary file `.NAME-STAMP.sql.gz.partial`
//! is in the same directory, so that the rename stays on one file system. The next run that holds the lock removes a
//! temporary file that a dead run left.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::FlockOperation;
use sha2::{Digest, Sha256};

use super::super::error::{Error, FileAction};
use super::super::manifest::{Manifest, MemberEntry, MemberKind};
use super::super::member::{self, Member};
use super::super::signature::{Signer, Trust, seal};
use super::super::trailer::Trailer;
use super::super::{regular, text};
use super::name::{file_name, parse_name};
use super::select;

/// What the temporary file's name ends with.
const PARTIAL: &str = ".partial";

/// Bytes that must be free besides the estimate: for what is not rows, and for other writers to the file system.
const SPARE_BYTES: u64 = 16 << 20;

/// The lock for writing and removing dumps of one name in one directory. Dropping the value releases the lock.
#[derive(Debug)]
pub struct DumpStore {
    directory: PathBuf,
    name: String,
    _lock: File,
}

impl DumpStore {
    /// Takes the lock and removes the temporary files of dead runs. Fails when another process has the lock.
    pub fn open(directory: &Path, name: &str) -> Result<Self, Error> {
        let path = directory.join(format!(".{name}.lock"));
        let mut lock = regular::open_or_create(&path)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // The holder is only for the message, so an error here leaves the text empty.
                let _ = Read::by_ref(&mut lock).take(200).read_to_string(&mut holder);
                return Err(Error::Locked {
                    name: name.to_owned(),
                    directory: directory.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
            Err(error) => return Err(Error::file(FileAction::Lock, &path)(error.into())),
        }
        write_holder(&mut lock).map_err(Error::file(FileAction::Write, &path))?;
        let store = Self { directory: directory.to_owned(), name: name.to_owned(), _lock: lock };
        store.clean()?;
        Ok(store)
    }

    /// The directory that dumps are written into.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the dumps' file names begin with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Removes the temporary files of this name. The lock is held, so each is of a dead run.
    fn clean(&self) -> Result<(), Error> {
        let entries =
            fs::read_dir(&self.directory).map_err(Error::file(FileAction::Read, &self.directory))?;
        for entry in entries {
            let entry = entry.map_err(Error::file(FileAction::Read, &self.directory))?;
            let file_name = entry.file_name();
            let Some(file_name) = file_name.to_str() else { continue };
            let whole = file_name.strip_prefix('.').and_then(|rest| rest.strip_suffix(PARTIAL));
            if whole.and_then(parse_name).is_some_and(|(name, _)| name == self.name) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Fails if the directory has no room for `needed` bytes.
    pub(crate) fn check_space(&self, needed: u64) -> Result<(), Error> {
        let found = rustix::fs::statvfs(&self.directory)
            .map_err(|e| Error::file(FileAction::Read, &self.directory)(e.into()))?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        if free < needed.saturating_add(SPARE_BYTES) {
            return Err(Error::NoSpace { directory: self.directory.clone(), free, needed });
        }
        Ok(())
    }

    /// Creates the temporary file of a dump whose data is from `as_of`.
    pub(crate) fn begin(&self, as_of: Timestamp) -> Result<Partial<'_>, Error> {
        let file_name = file_name(&self.name, as_of);
        let path = self.directory.join(format!(".{file_name}{PARTIAL}"));
        let file = regular::create(&path)?;
        let whole = self.directory.join(&file_name);
        Ok(Partial { store: self, path, whole, file, offset: 0, members: Vec::new(), sealed: None })
    }

    /// Removes a file with the file name of a dump of this name, whatever its content. Does nothing for another file name.
    pub fn remove(&self, file_name: &str) -> Result<(), Error> {
        if parse_name(file_name).is_some_and(|(name, _)| name == self.name) {
            remove(&self.directory.join(file_name))?;
        }
        Ok(())
    }

    /// Flushes the directory to disk, so that removals and renames survive a crash of the host.
    pub fn sync(&self) -> Result<(), Error> {
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .map_err(Error::file(FileAction::Sync, &self.directory))
    }

    /// Points `NAME-latest.sql.gz` at a dump.
    fn link_latest(&self, file_name: &str) -> io::Result<()> {
        let temporary = self.directory.join(format!(".{}-latest{PARTIAL}", self.name));
        let _ = fs::remove_file(&temporary);
        std::os::unix::fs::symlink(file_name, &temporary)?;
        fs::rename(&temporary, self.directory.join(format!("{}-latest.sql.gz", self.name)))
    }
}

/// Writes this process into the lock file as the lock's holder.
fn write_holder(lock: &mut File) -> io::Result<()> {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    let holder = format!("pid {} on {host} since {:.0}", std::process::id(), Timestamp::now());
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(holder.as_bytes())
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::file(FileAction::Remove, path)(error))
        }
        _ => Ok(()),
    }
}

/// A dump that is being written. Dropping the value before `publish` removes the temporary file.
#[derive(Debug)]
pub(crate) struct Partial<'a> {
    store: &'a DumpStore,
    path: PathBuf,
    /// Path of the finished dump. Errors name this path, not the temporary file's.
    whole: PathBuf,
    file: File,
    offset: u64,
    pub(crate) members: Vec<MemberEntry>,
    /// Offset of the manifest, once it is written.
    sealed: Option<u64>,
}

impl Partial<'_> {
    /// Path of the temporary file, which is no dump yet.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a finished member to the temporary file.
    pub(crate) fn append(&mut self, member: &Member) -> Result<(), Error> {
        self.write(&member.bytes)?;
        let offset = self.offset - member.bytes.len() as u64;
        self.members.push(MemberEntry { offset, ..member.entry.clone() });
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::file(FileAction::Write, &self.whole))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Appends the manifest, signed if there is a `signer`, and the trailer. Replaces those that an earlier call has appended.
    pub(crate) fn seal(
        &mut self,
        manifest: &mut Manifest,
        level: u32,
        signer: Option<&Signer>,
    ) -> Result<(), Error> {
        manifest.file = self.file_name();
        if let Some(at) = self.sealed {
            let back = self.file.set_len(at).and_then(|()| self.file.seek(SeekFrom::Start(at)));
            self.offset = back.map_err(Error::file(FileAction::Write, &self.whole))?;
        }
        self.sealed = Some(self.offset);
        let json = serde_json::to_string(manifest).expect("a manifest has only string keys");
        // The manifest has no entry for its own member, so the kind is used nowhere.
        let last = member::of_text(MemberKind::Other, &text::comment(&json), level).bytes;
        let last = match signer {
            Some(signer) => seal(&last, signer),
            None => last,
        };
        let offset = self.offset;
        self.write(&last)?;
        let sha256 = Sha256::digest(&last).into();
        self.write(&Trailer { offset, bytes: last.len() as u64, sha256 }.render())
    }

    fn file_name(&self) -> String {
        self.whole.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Flushes the temporary file to disk.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.file.sync_all().map_err(Error::file(FileAction::Write, &self.whole))
    }

    /// Renames the temporary file to the dump's name and returns the new path. Replaces an older dump of the same moment.
    pub(crate) fn publish(self, trust: Trust<'_>) -> Result<PathBuf, Error> {
        if let Err(error) = fs::rename(&self.path, &self.whole) {
            // A network file system's server may have renamed the file although its answer was lost.
            let inode = |path: &Path| fs::metadata(path).map(|found| found.ino());
            let ours = self.file.metadata().map(|found| found.ino());
            if !matches!((inode(&self.whole), ours), (Ok(found), Ok(own)) if found == own) {
                return Err(Error::file(FileAction::Publish, &self.whole)(error));
            }
        }
        self.store.sync()?;
        let file_name = self.file_name();
        // If this dump is of an older snapshot, another dump is the latest one.
        let newest = select::newest(&self.store.directory, Some(&self.store.name), trust);
        let newest = newest.ok().and_then(|latest| latest.dump);
        let file_name = newest.map_or(file_name, |newest| newest.file);
        // An error is ignored: the file system may not have symbolic links.
        let _ = self.store.link_latest(&file_name);
        Ok(self.whole.clone())
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        // After a rename no file has this path, and the error is ignored.
        let _ = fs::remove_file(&self.path);
    }
}
