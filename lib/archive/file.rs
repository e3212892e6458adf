//! Reading a dump file: the manifest from the file's tail, then any member by itself, from any thread.
//!
//! In: a path. Out: a [`Manifest`], and per member its SQL, after its SHA-256 was found right. Whatever is in the
//! file, nothing here panics or takes more memory than the limits below.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;
use sha2::{Digest, Sha256};

use super::error::{Error, FileAction};
use super::manifest::{FORMAT, Manifest};
use super::text;
use super::trailer::{self, Trailer};
use crate::sql::hex;

/// The longest manifest that is read, compressed: 100 000 tables stay below it.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;
/// The same, decompressed.
const MANIFEST_PLAIN_BYTES_MAX: u64 = 512 << 20;
/// How many times longer than its member a manifest may be, if it is long: tables that are all alike make a hundred.
const MANIFEST_RATIO_MAX: u64 = 256;
/// What is not long.
const MANIFEST_PLAIN_BYTES: u64 = 4 << 20;
/// How much is read from the file at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// An open dump file. Members can be read from many threads at the same time.
#[derive(Debug)]
pub struct DumpFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    manifest: Manifest,
}

impl DumpFile {
    /// Opens a dump, reading its tail only.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::file(FileAction::Open, path))?;
        let bytes = file.metadata().map_err(Error::file(FileAction::Read, path))?.len();
        let found = find_trailer(&file, bytes).map_err(Error::file(FileAction::Read, path))?;
        let trailer = found.ok_or_else(|| {
            Error::damaged(path, "it does not end as a dump of refreshkit does (cut off, or another file)")
        })?;
        let manifest = read_manifest(&file, &trailer).map_err(|problem| Error::damaged(path, problem))?;
        if manifest.format != FORMAT {
            return Err(Error::OtherFormat { path: path.to_owned(), format: manifest.format });
        }
        manifest.check_layout(trailer.offset).map_err(|problem| Error::damaged(path, problem))?;
        Ok(Self { path: path.to_owned(), file, bytes, manifest })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What the file says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The SQL of member `position` of [`Manifest::members`]. Its hash is checked before the first byte is handed
    /// out; length and CRC are checked at the end, so a read error must be looked at.
    pub fn member(&self, position: usize) -> Result<MemberReader<'_>, Error> {
        let Some(member) = self.manifest.members.get(position) else {
            return Err(Error::NoMember { path: self.path.clone(), position });
        };
        let section = Section { file: &self.file, offset: member.offset, left: member.bytes };
        let found = hash(section).map_err(Error::file(FileAction::Read, &self.path))?;
        if hex(&found) != member.sha256 {
            return Err(Error::damaged(
                &self.path,
                format!("member {position} at byte {} has changed since it was written", member.offset),
            ));
        }
        let section = Section { file: &self.file, offset: member.offset, left: member.bytes };
        let input = BufReader::with_capacity(BLOCK_BYTES.min(bounded(member.bytes)), section);
        Ok(MemberReader { decoder: GzDecoder::new(input), left: member.plain_bytes })
    }

    /// Checks one member that was written a moment ago: hash, length and CRC, in half the time of
    /// [`check_member`](Self::check_member), but with the member in memory, and blind to a second stream behind its end.
    pub(crate) fn check_own_member(&self, position: usize, room: &mut Room) -> Result<(), Error> {
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

    /// Reads and checks one member.
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

/// Room for a member, compressed and not, that is used for one after the other.
#[derive(Debug, Default)]
pub(crate) struct Room {
    bytes: Vec<u8>,
    plain: Vec<u8>,
}

impl Room {
    fn take(&mut self, bytes: usize, plain: usize) -> (&mut [u8], &mut [u8]) {
        self.bytes.resize(bytes.max(self.bytes.len()), 0);
        self.plain.resize(plain.max(self.plain.len()), 0);
        (&mut self.bytes[..bytes], &mut self.plain[..plain])
    }
}

/// The SQL of one member.
#[derive(Debug)]
pub struct MemberReader<'a> {
    decoder: GzDecoder<BufReader<Section<'a>>>,
    left: u64,
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
            if !self.decoder.get_mut().fill_buf()?.is_empty() {
                return wrong("a member holds more than one gzip stream");
            }
        }
        Ok(count)
    }
}

/// A part of a file, read without moving the file's own position.
#[derive(Debug)]
struct Section<'a> {
    file: &'a File,
    offset: u64,
    left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(bounded(self.left));
        let count = self.file.read_at(&mut buffer[..most], self.offset)?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

fn bounded(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn hash(mut section: Section<'_>) -> io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BLOCK_BYTES.min(bounded(section.left))];
    while section.left > 0 {
        let count = section.read(&mut buffer)?;
        hasher.update(&buffer[..count]);
    }
    Ok(hasher.finalize().into())
}

fn find_trailer(file: &File, file_bytes: u64) -> io::Result<Option<Trailer>> {
    let Some(offset) = file_bytes.checked_sub(trailer::LENGTH as u64) else { return Ok(None) };
    let mut tail = [0; trailer::LENGTH];
    file.read_exact_at(&mut tail, offset)?;
    Ok(Trailer::parse(&tail, file_bytes))
}

fn read_manifest(file: &File, trailer: &Trailer) -> Result<Manifest, String> {
    if trailer.bytes > MANIFEST_BYTES_MAX {
        return Err(format!("its manifest is longer than {} MiB", MANIFEST_BYTES_MAX >> 20));
    }
    let mut compressed = vec![0; bounded(trailer.bytes)];
    file.read_exact_at(&mut compressed, trailer.offset).map_err(|e| format!("its manifest: {e}"))?;
    if <[u8; 32]>::from(Sha256::digest(&compressed)) != trailer.sha256 {
        return Err("its manifest has changed since it was written".to_owned());
    }
    let mut plain = Vec::new();
    let most = (trailer.bytes * MANIFEST_RATIO_MAX).clamp(MANIFEST_PLAIN_BYTES, MANIFEST_PLAIN_BYTES_MAX);
    let mut decoder = GzDecoder::new(&compressed[..]).take(most + 1);
    decoder.read_to_end(&mut plain).map_err(|e| format!("its manifest: {e}"))?;
    if plain.len() as u64 > most {
        return Err(format!("its manifest is longer than {} MiB", most >> 20));
    }
    let json = text::uncomment(&plain).ok_or("its manifest is not a comment")?;
    serde_json::from_slice(&json).map_err(|e| format!("its manifest: {e}"))
}

#[cfg(test)]
pub(super) mod tests;
