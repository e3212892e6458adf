//! Tells files with SQL of another program from other files, and reads them.
//!
//! In: a path. Out: a [`PlainFile`] and its text; for any other file, a sentence that says what it is and what to do.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::bufread::MultiGzDecoder;

use crate::archive;
use crate::progress;
use crate::restore::error::Error;

/// Bytes of the file's beginning and end that are looked at.
pub(super) const EDGE_BYTES: usize = 4096;

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 256 * 1024;

/// Bytes of SQL that one compressed byte may hold: an estimate.
const SQL_PER_COMPRESSED_BYTE: u64 = 6;

/// Limit of zstd's window as a power of two (64 MiB), so that the window and the longest statement fit into memory together.
/// Every level of `zstd` needs less, except with `--ultra` or `--long`.
const ZSTD_WINDOW_LOG_MAX: u32 = 26;

/// Other kinds of files: the bytes that they begin with, what they are, and what to do.
const OTHERS: [(&[u8], &str, &str); 8] = [
    (b"BZh", "is compressed by bzip2", "bunzip2 it: .sql, .sql.gz and .sql.zst are read"),
    (b"\xfd7zXZ\0", "is compressed by xz", "unxz it: .sql, .sql.gz and .sql.zst are read"),
    (b"PK\x03\x04", "is a ZIP archive", "unzip it: .sql, .sql.gz and .sql.zst are read"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive", "unpack it: .sql, .sql.gz and .sql.zst are read"),
    (b"\x04\x22\x4d\x18", "is compressed by lz4", "unlz4 it: .sql, .sql.gz and .sql.zst are read"),
    (b"PGDMP", "is a dump of PostgreSQL", "a dump of MySQL or MariaDB is wanted"),
    (
        b"version https://git-lfs.github.com/spec/",
        "is a pointer of Git LFS, not the file itself",
        "git lfs pull",
    ),
    (b"SQLite format 3\0", "is a database of SQLite", "a dump of MySQL or MariaDB is wanted"),
];

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

/// A file with SQL of another program.
#[derive(Debug)]
pub(crate) struct PlainFile {
    /// Path of the file.
    pub(crate) path: PathBuf,
    /// Size of the file in bytes.
    pub(crate) bytes: u64,
    /// Name of the database that is loaded, if `--database` chooses one.
    pub(crate) chosen: Option<String>,
    packing: Packing,
    /// True if the file is mysqldump's or mariadb-dump's: a whole one ends with `-- Dump completed`.
    pub(super) ends_with_completed: bool,
    /// Name of the dumped database, from the head that mysqldump writes. `None` for several.
    pub(super) database: Option<String>,
    /// Names of the events that fire once the database is in use. Set by the load.
    pub(super) awake: OnceLock<BTreeSet<String>>,
}

/// Fails for a folder, and for a file of a kind that is certainly no SQL, before it is read as a dump of ours.
pub(crate) fn refuse_other_kinds(path: &Path) -> Result<(), Error> {
    let other = |what: &str, hint: &str| {
        Err(Error::OtherKind { path: path.to_owned(), what: what.to_owned(), hint: hint.to_owned() })
    };
    if path.is_dir() {
        let names = || std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let of_mydumper = names().any(|name| name == "metadata")
            && names().any(|name| name.to_string_lossy().contains("-schema"));
        return if of_mydumper {
            other(
                "is a folder of mydumper",
                "a file is wanted: myloader loads it into a database, mysqldump writes that as a file",
            )
        } else {
            other("is a folder", "name a file in it: .sql, .sql.gz, .sql.zst, or a dump of mydump-rotate")
        };
    }
    let mut head = Vec::new();
    // A file that cannot be read passes here: opening it as a dump fails with the reason.
    let read = match archive::open_regular(path) {
        Ok((file, _)) => file.take(64).read_to_end(&mut head),
        Err(archive::Error::File { source, .. }) => Err(source),
        Err(error) => return Err(error.into()),
    };
    match OTHERS.iter().find(|(begins, ..)| read.is_ok() && head.starts_with(begins)) {
        Some((_, what, hint)) => other(what, hint),
        None => Ok(()),
    }
}

impl PlainFile {
    /// Looks at the beginning of a file. `None` if the name does not end with .sql, .sql.gz or .sql.zst, or if the text begins
    /// like a dump of ours, which is then damaged.
    pub(crate) fn of(path: &Path, chosen: Option<&str>) -> Result<Option<Self>, Error> {
        let fail = |e: io::Error| fail(path, 0, e.to_string());
        let (file, _) = archive::open_regular(path)?;
        let bytes = file.metadata().map_err(fail)?.len();
        let mut reader = BufReader::new(file);
        let packing = match reader.fill_buf().map_err(fail)? {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => Packing::None,
        };
        let mut head = Vec::new();
        opened(reader, packing)
            .map_err(fail)?
            .take(EDGE_BYTES as u64)
            .read_to_end(&mut head)
            .map_err(fail)?;
        let named = path.to_string_lossy();
        let is_named = [".sql", ".sql.gz", ".sql.zst"].iter().any(|end| named.ends_with(end));
        if head.starts_with(b"-- refreshkit ") || !is_named {
            return Ok(None);
        }
        refuse_other_texts(path, &head)?;
        let head = String::from_utf8_lossy(&head);
        let ends_with_completed = head
            .lines()
            .take(5)
            .any(|line| ["-- MySQL dump ", "-- MariaDB dump "].iter().any(|begin| line.starts_with(begin)));
        let chosen = chosen.map(str::to_owned);
        let (path, database) = (path.to_owned(), database_of(&head));
        Ok(Some(Self { path, bytes, chosen, packing, ends_with_completed, database, awake: OnceLock::new() }))
    }

    /// Estimated bytes of SQL in the file, unpacked.
    pub(crate) fn sql_bytes(&self) -> u64 {
        if self.packing == Packing::None { self.bytes } else { self.bytes * SQL_PER_COMPRESSED_BYTE }
    }

    /// Opens the file's text, unpacked. `task` counts the bytes that are read from the file.
    pub(super) fn text<'a>(&self, task: &'a progress::Task<'_>) -> Result<Box<dyn Read + 'a>, Error> {
        let fail = |e: io::Error| fail(&self.path, 0, e.to_string());
        let file = task.counting(archive::open_regular(&self.path)?.0);
        opened(BufReader::with_capacity(BLOCK_BYTES, file), self.packing).map_err(fail)
    }
}

/// Makes the error for a line, or for the whole file (0).
pub(super) fn fail(path: &Path, line: u64, problem: String) -> Error {
    Error::Plain { path: path.to_owned(), line, problem, source: None }
}

/// Fails for text that is no SQL: UTF-16, XML, HTML, a message of mysqldump.
fn refuse_other_texts(path: &Path, head: &[u8]) -> Result<(), Error> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let refuse = |problem: &str| Err(fail(path, 0, problem.to_owned()));
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return refuse("it is UTF-16: iconv -f UTF-16 -t UTF-8 makes it a file that can be read");
    }
    if text.starts_with(b"<") {
        return refuse(
            "it is XML or HTML, not SQL (mysqldump without --xml; or the page of a download that failed)",
        );
    }
    let of_tool = ["mysqldump: ", "mariadb-dump: ", "mysqlpump: "];
    if of_tool.iter().any(|tool| text.starts_with(tool.as_bytes())) {
        let problem = "a message of mysqldump, not SQL: remove it if it is a warning, and next time let it go elsewhere (2>errors)";
        return Err(fail(path, 1, problem.to_owned()));
    }
    Ok(())
}

/// Reads the database from `-- Host: localhost    Database: app`. For several databases the line names none.
fn database_of(head: &str) -> Option<String> {
    let line = head.lines().take(10).find(|line| line.starts_with("-- Host: "))?;
    let (_, database) = line.split_once("Database: ")?;
    Some(database.trim().to_owned()).filter(|database| !database.is_empty())
}

fn opened<'a>(reader: impl BufRead + 'a, packing: Packing) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match packing {
        Packing::None => Box::new(reader),
        Packing::Gzip => Box::new(MultiGzDecoder::new(reader)),
        Packing::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(reader)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(Unpacked { inner: decoder })
        }
    })
}

/// A zstd reader whose error for too large a window says what to do.
struct Unpacked<R> {
    inner: R,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|e| {
            if !e.to_string().contains("too much memory") {
                return e;
            }
            let what = "it was packed with a window of more than 64 MiB (zstd --ultra or --long): unpack it first, zstd -d --long=31";
            io::Error::other(what)
        })
    }
}

/// A reader that keeps the last [`EDGE_BYTES`] of what was read.
pub(super) struct Tail<'a, R> {
    pub(super) inner: R,
    pub(super) tail: &'a mut Vec<u8>,
}

impl<R: Read> Read for Tail<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.tail.extend_from_slice(&buffer[read.saturating_sub(EDGE_BYTES)..read]);
        let excess = self.tail.len().saturating_sub(EDGE_BYTES);
        self.tail.drain(..excess);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Failure;

    fn refusal(name: &str, bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let refused =
            refuse_other_kinds(&path).and_then(|()| PlainFile::of(&path, None).map(drop)).unwrap_err();
        format!("{refused}; {}", refused.ending().hint.unwrap_or_default())
    }

    #[test]
    fn what_is_no_sql_is_told_what_it_is_and_what_to_do() {
        for (name, bytes, said) in [
            ("a.sql.bz2", &b"BZh91AY"[..], "is compressed by bzip2; bunzip2 it"),
            ("a.sql", b"\xfd7zXZ\0\0", "is compressed by xz; unxz it"),
            ("a.sql.zip", b"PK\x03\x04", "is a ZIP archive; unzip it"),
            (
                "a.sql",
                b"version https://git-lfs.github.com/spec/v1\noid",
                "Git LFS, not the file itself; git lfs pull",
            ),
            ("a.sql", b"\xfe\xff\0-", "it is UTF-16"),
            ("a.sql", b"\xef\xbb\xbf\n<html>", "it is XML or HTML"),
            ("a.sql", b"mysqldump: [Warning] x\n-- MySQL dump 10", "line 1: a message of mysqldump"),
        ] {
            let told = refusal(name, bytes);
            assert!(told.contains(said), "{told}");
        }
    }

    #[test]
    fn a_folder_is_no_file_and_mydumper_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let told = || refuse_other_kinds(folder.path()).unwrap_err().to_string();
        assert!(told().ends_with(" is a folder"), "{}", told());
        for name in ["metadata", "app-schema-create.sql", "app.t-schema.sql"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(told().ends_with(" is a folder of mydumper"), "{}", told());
    }

    #[test]
    fn zstd_is_read_in_all_its_frames() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sql.zst");
        let frame = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        std::fs::write(
            &path,
            [frame("-- MySQL dump 10\n-- Host: h    Database: prod\n"), frame("SELECT 1;")].concat(),
        )
        .unwrap();
        let file = PlainFile::of(&path, None).unwrap().unwrap();
        assert!(file.ends_with_completed && file.database.as_deref() == Some("prod"));
        let mut text = String::new();
        let progress = progress::Progress::silent();
        let task = progress.start("reading", None, progress::Unit::Bytes);
        file.text(&task).unwrap().read_to_string(&mut text).unwrap();
        assert!(text.ends_with("prod\nSELECT 1;"), "{text}");
    }

    #[test]
    fn zstd_that_wants_too_much_memory_is_told_what_to_do() {
        let packed = |window: u32| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(window).unwrap();
            io::copy(&mut &b"SELECT 1;"[..], &mut encoder).unwrap();
            encoder.finish().unwrap()
        };
        let told = refusal("a.sql.zst", &packed(27));
        assert!(told.contains("unpack it first, zstd -d --long=31"), "{told}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sql.zst");
        std::fs::write(&path, packed(26)).unwrap();
        assert!(PlainFile::of(&path, None).unwrap().is_some());
    }

    #[test]
    fn the_end_of_what_was_read_is_kept() {
        let mut tail = Vec::new();
        let text = "x".repeat(3 * EDGE_BYTES) + "end";
        io::copy(&mut Tail { inner: text.as_bytes(), tail: &mut tail }, &mut io::sink()).unwrap();
        assert!(tail.len() == EDGE_BYTES && tail.ends_with(b"xend"));
    }
}
