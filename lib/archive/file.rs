//! Reading a dump file: the manifest from the file's tail, then any member by itself, from any thread.
//!
//! In: a path. Out: a [`Manifest`] that has passed the strict reader, and the SQL of each member, whose SHA-256 is checked first.
//! No content of a file makes this code panic. The limits below bound the memory for a file without a trusted signature.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;
use sha2::{Digest, Sha256};

use super::error::{Error, FileAction};
use super::manifest::{FORMAT, Manifest};
use super::signature::Signature;
use super::text::Uncommented;
use super::trailer::{self, Trailer};
use super::{bounded, regular, strict};
use crate::sql::hex;

/// Most compressed bytes of a manifest that is read. A manifest of tens of thousands of tables is shorter.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;
/// Most decompressed bytes of a manifest that is read.
const MANIFEST_PLAIN_BYTES_MAX: u64 = 64 << 20;
/// Most decompressed bytes of a manifest for each compressed byte. Tables that are all alike reach a hundred.
const MANIFEST_RATIO_MAX: u64 = 256;
/// Decompressed bytes that every manifest may have, whatever its compressed length.
const MANIFEST_PLAIN_BYTES: u64 = 4 << 20;
/// Most bytes of memory for all lists of a manifest together.
const LISTS_BYTES_MAX: usize = 80 << 20;
/// Most bytes of a statement in a dump without a trusted signature. Only one long row can make a statement so long: statements of
/// several rows are written with 512 KiB at most (`member.rs`).
const STATEMENT_BYTES_MAX: u64 = 32 << 20;
/// Most compressed bytes of a member of such a dump: one statement of that length, or 8 MiB of shorter ones, and what gzip adds.
const MEMBER_BYTES_MAX: u64 = STATEMENT_BYTES_MAX + (9 << 20);
/// Most bytes of memory for all members that are read at the same time. A member that needs more is read alone.
const ROOM_BYTES: u64 = 128 << 20;
/// How many copies of a statement are in memory while it is loaded into a server.
const COPIES: u64 = 4;
/// The permission bit that lets everybody write.
const EVERYBODY_WRITES: u32 = 0o002;
/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// An open dump file. Members can be read from many threads at the same time.
#[derive(Debug)]
pub struct DumpFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    manifest: Manifest,
    signature: Option<Signature>,
    reading: ReadBudget,
}

impl DumpFile {
    /// Opens a dump that anybody may have written; reads only its tail. Fails when a statement or member is over the limits
    /// above, or when everybody may write into the file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_unbounded(path)?.bounded()
    }

    /// Returns the dump itself, after the checks of [`Self::open`].
    pub(super) fn bounded(self) -> Result<Self, Error> {
        let found = self.file.metadata().map_err(Error::file(FileAction::Read, &self.path))?;
        if found.mode() & EVERYBODY_WRITES != 0 {
            return Err(Error::OpenFile { path: self.path });
        }
        let statement = self.manifest.tables.iter().map(|table| table.statement_bytes_max).max();
        let member = self.manifest.members.iter().map(|member| member.bytes).max();
        let statement = statement.filter(|longest| *longest > STATEMENT_BYTES_MAX);
        match statement.or(member.filter(|longest| *longest > MEMBER_BYTES_MAX)) {
            Some(needed) => Err(Error::LongRows { path: self.path, needed, limit: STATEMENT_BYTES_MAX }),
            None => Ok(self),
        }
    }

    /// Opens a dump without those checks: one that this run wrote, one whose signature is checked next, or one of which no member
    /// is read.
    pub(crate) fn open_unbounded(path: &Path) -> Result<Self, Error> {
        let (file, path) = regular::open(path)?;
        let bytes = file.metadata().map_err(Error::file(FileAction::Read, &path))?.len();
        let found = find_trailer(&file, bytes).map_err(Error::file(FileAction::Read, &path))?;
        let trailer = found.ok_or_else(|| {
            Error::damaged(&path, "it does not end as a dump of refreshkit does (cut off, or another file)")
        })?;
        let read = read_manifest(&file, &trailer).map_err(|problem| Error::damaged(&path, problem));
        let (manifest, signature) = read?;
        if manifest.format != FORMAT {
            return Err(Error::OtherFormat { path, format: manifest.format });
        }
        let layout = manifest.check_layout(trailer.offset);
        layout.and_then(|()| strict::check(&manifest)).map_err(|problem| Error::damaged(&path, problem))?;
        Ok(Self { path, file, bytes, manifest, signature, reading: ReadBudget::default() })
    }

    /// Path of the file; for a link, the path of its target.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Public key of the signer; `None` without a signature. The signature is right; `Trust` decides whether its key is trusted.
    pub fn signed_by(&self) -> Option<&[u8; 32]> {
        self.signature.as_ref().map(|signature| &signature.key)
    }

    /// What the file says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Opens the SQL of member `position` of [`Manifest::members`]. The hash is checked before the first byte is returned.
    /// Length and CRC are checked at the end of the text, so a caller must not ignore a read error.
    pub fn member(&self, position: usize) -> Result<MemberReader<'_>, Error> {
        let Some(member) = self.manifest.members.get(position) else {
            return Err(Error::NoMember { path: self.path.clone(), position });
        };
        let table = member.table.and_then(|table| self.manifest.tables.get(table));
        let statement = table.map_or(0, |table| table.statement_bytes_max);
        let turn = self.reading.turn(member.bytes.saturating_add(statement.saturating_mul(COPIES)));
        // The bytes that are hashed here are unpacked later, so a change of the file in between has no effect.
        let mut bytes = vec![0; bounded(member.bytes)];
        self.file
            .read_exact_at(&mut bytes, member.offset)
            .map_err(Error::file(FileAction::Read, &self.path))?;
        if hex(&Sha256::digest(&bytes)) != member.sha256 {
            return Err(Error::damaged(
                &self.path,
                format!("member {position} at byte {} has changed since it was written", member.offset),
            ));
        }
        let decoder = GzDecoder::new(io::Cursor::new(bytes));
        Ok(MemberReader { decoder, left: member.plain_bytes, _turn: turn })
    }

    /// Makes the error that says what is wrong with a member.
    pub(crate) fn damaged_member(&self, position: usize, problem: &str) -> Error {
        Error::damaged(&self.path, format!("member {position} {problem}"))
    }

    /// Checks hash, length and CRC of a member that this run wrote, in half the time of [`check_member`](Self::check_member). But
    /// it holds the whole member in memory, and does not notice a second gzip stream behind the first.
    pub(crate) fn check_own_member(&self, position: usize, room: &mut MemberBuffers) -> Result<(), Error> {
        let damaged = |problem: &str| Error::damaged(&self.path, format!("member {position}: {problem}"));
        let member = self.manifest.members.get(position).ok_or_else(|| damaged("is not there"))?;
        let (bytes, plain) = room.take(bounded(member.bytes), bounded(member.plain_bytes));
        self.file.read_exact_at(bytes, member.offset).map_err(Error::file(FileAction::Read, &self.path))?;
        if hex(&Sha256::digest(&*bytes)) != member.sha256 {
            return Err(damaged("has changed since it was written"));
        }
        match Decompressor::new().gzip_decompress(bytes, plain) {
            Ok(length) if length == plain.len() => Ok(()),
            Ok(_) => Err(damaged("a member is shorter than the manifest says")),
            Err(error) => Err(damaged(&error.to_string())),
        }
    }

    /// Reads one member to its end, which checks its hash, length and CRC.
    pub fn check_member(&self, position: usize) -> Result<(), Error> {
        let mut reader = self.member(position)?;
        let mut buffer = vec![0; BLOCK_BYTES];
        loop {
            let count = reader
                .read(&mut buffer)
                .map_err(|e| Error::damaged(&self.path, format!("member {position}: {e}")))?;
            if count == 0 {
                return Ok(());
            }
        }
    }
}

/// Buffers for one member, compressed and decompressed, that are used again for the next member.
#[derive(Debug, Default)]
pub(crate) struct MemberBuffers {
    bytes: Vec<u8>,
    plain: Vec<u8>,
}

impl MemberBuffers {
    fn take(&mut self, bytes: usize, plain: usize) -> (&mut [u8], &mut [u8]) {
        self.bytes.resize(bytes.max(self.bytes.len()), 0);
        self.plain.resize(plain.max(self.plain.len()), 0);
        (&mut self.bytes[..bytes], &mut self.plain[..plain])
    }
}

/// Counts the bytes of memory of all members that are being read, over all threads.
#[derive(Debug, Default)]
struct ReadBudget {
    bytes: Mutex<u64>,
    less: Condvar,
}

impl ReadBudget {
    /// Waits until `bytes` more stay below `ROOM_BYTES`, and counts them.
    fn turn(&self, bytes: u64) -> Turn<'_> {
        let bytes = bytes.min(ROOM_BYTES);
        let all = self.bytes.lock().expect(NO_PANIC);
        let mut all = self.less.wait_while(all, |all| *all + bytes > ROOM_BYTES).expect(NO_PANIC);
        *all += bytes;
        Turn { reading: self, bytes }
    }
}

/// The bytes that are counted for one member until the value is dropped.
#[derive(Debug)]
struct Turn<'a> {
    reading: &'a ReadBudget,
    bytes: u64,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.reading.bytes.lock().expect(NO_PANIC) -= self.bytes;
        self.reading.less.notify_all();
    }
}

const NO_PANIC: &str = "no panic under this lock";

/// Reads the SQL of one member.
#[derive(Debug)]
pub struct MemberReader<'a> {
    decoder: GzDecoder<io::Cursor<Vec<u8>>>,
    left: u64,
    _turn: Turn<'a>,
}

impl Read for MemberReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer)?;
        let wrong = |problem| Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        match self.left.checked_sub(count as u64) {
            None => return wrong("a member is longer than the manifest says"),
            Some(left) => self.left = left,
        }
        if count == 0 && !buffer.is_empty() {
            if self.left > 0 {
                return wrong("a member is shorter than the manifest says");
            }
            let input = self.decoder.get_ref();
            if input.position() < input.get_ref().len() as u64 {
                return wrong("a member holds more than one gzip stream");
            }
        }
        Ok(count)
    }
}

fn bounded(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn find_trailer(file: &File, file_bytes: u64) -> io::Result<Option<Trailer>> {
    let Some(offset) = file_bytes.checked_sub(trailer::LENGTH as u64) else { return Ok(None) };
    let mut tail = [0; trailer::LENGTH];
    file.read_exact_at(&mut tail, offset)?;
    Ok(Trailer::parse(&tail, file_bytes))
}

fn read_manifest(file: &File, trailer: &Trailer) -> Result<(Manifest, Option<Signature>), String> {
    if trailer.bytes > MANIFEST_BYTES_MAX {
        return Err(format!("its manifest is longer than {} MiB", MANIFEST_BYTES_MAX >> 20));
    }
    let mut compressed = vec![0; bounded(trailer.bytes)];
    file.read_exact_at(&mut compressed, trailer.offset).map_err(|e| format!("its manifest: {e}"))?;
    if <[u8; 32]>::from(Sha256::digest(&compressed)) != trailer.sha256 {
        return Err("its manifest has changed since it was written".to_owned());
    }
    let signature = Signature::of(&compressed)?;
    let most = (trailer.bytes * MANIFEST_RATIO_MAX).clamp(MANIFEST_PLAIN_BYTES, MANIFEST_PLAIN_BYTES_MAX);
    let mut decoder = GzDecoder::new(&compressed[..]);
    let lines = BufReader::with_capacity(BLOCK_BYTES, AtMost { input: &mut decoder, left: most, most });
    let json = BufReader::with_capacity(BLOCK_BYTES, Uncommented::of(lines));
    let manifest = bounded::within(LISTS_BYTES_MAX, || serde_json::from_reader(json));
    let manifest = manifest.map_err(|e| format!("its manifest: {e}"))?;
    // A second gzip stream behind the manifest would be unpacked by every other tool, such as zcat.
    if decoder.into_inner().is_empty() {
        Ok((manifest, signature))
    } else {
        Err("its manifest is not the last in the file".to_owned())
    }
}

/// A reader that fails when its text is longer than `most` bytes.
struct AtMost<R> {
    input: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for AtMost<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left =
            left.ok_or_else(|| io::Error::other(format!("it is longer than {} MiB", self.most >> 20)))?;
        Ok(count)
    }
}

#[cfg(test)]
pub(super) mod tests;
