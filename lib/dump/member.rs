//! One gzip member: SQL in, compressed bytes with length and hash out.
//!
//! In: rows as tuples, or whole text. Out: a [`Member`] for the file. Rows become `INSERT` statements of about half a
//! MiB; what is held in memory is the compressed member and the row at hand.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::digest::Sum;
use super::hex;
use super::manifest::{MemberEntry, MemberKind};

/// Where a statement ends and the next one begins: servers load fastest between 128 KiB and 1 MiB.
const STATEMENT_BYTES: u64 = 512 << 10;

/// How much plain text is gathered before it is compressed.
const BUFFER_BYTES: usize = 64 << 10;

/// A finished member.
#[derive(Debug)]
pub(crate) struct Member {
    /// All but the offset.
    pub(crate) entry: MemberEntry,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sum: Sum,
    pub(crate) statement_bytes_max: u64,
}

impl Member {
    /// The hash of the compressed bytes, as bytes.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}

/// Compresses plain text.
pub(crate) struct Packer {
    encoder: GzEncoder<Vec<u8>>,
    buffer: Vec<u8>,
    plain_bytes: u64,
}

impl Packer {
    pub(crate) fn new(level: u32) -> Self {
        let encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        Self { encoder, buffer: Vec::with_capacity(BUFFER_BYTES * 2), plain_bytes: 0 }
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        self.plain_bytes += text.len() as u64;
        if text.len() > BUFFER_BYTES {
            self.flush();
            self.encode(text);
            return;
        }
        self.buffer.extend_from_slice(text);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.encode(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
    }

    fn encode(&mut self, text: &[u8]) {
        self.encoder.write_all(text).expect("writing to memory cannot fail");
    }

    pub(crate) fn finish(mut self, kind: MemberKind) -> Member {
        self.flush();
        let plain_bytes = self.plain_bytes;
        let bytes = self.encoder.finish().expect("writing to memory cannot fail");
        let entry = MemberEntry {
            kind,
            bytes: bytes.len() as u64,
            plain_bytes,
            sha256: hex(&Sha256::digest(&bytes)),
            ..MemberEntry::default()
        };
        Member { entry, bytes, sum: Sum::default(), statement_bytes_max: 0 }
    }
}

/// A member of text that is no rows. Its longest line stands for its longest statement.
pub(crate) fn of_text(kind: MemberKind, text: &[u8], level: u32) -> Member {
    let mut packer = Packer::new(level);
    packer.push(text);
    packer.finish(kind)
}

/// Rows of one table on their way into a member.
pub(crate) struct Rows<'a> {
    packer: Packer,
    table: usize,
    /// `` INSERT INTO `t` (`a`, `b`) VALUES``.
    insert: &'a str,
    statement_bytes: u64,
    statement_bytes_max: u64,
    sum: Sum,
}

impl<'a> Rows<'a> {
    /// An empty member; `before` is text for its beginning (`USE …`).
    pub(crate) fn new(table: usize, before: &str, insert: &'a str, level: u32) -> Self {
        let mut packer = Packer::new(level);
        packer.push(before.as_bytes());
        Self { packer, table, insert, statement_bytes: 0, statement_bytes_max: 0, sum: Sum::default() }
    }

    /// Adds one row.
    pub(crate) fn push(&mut self, tuple: &[u8]) {
        self.sum.add(tuple);
        let length = tuple.len() as u64 + 4;
        if self.statement_bytes > 0 && self.statement_bytes + length > STATEMENT_BYTES {
            self.end_statement();
        }
        if self.statement_bytes == 0 {
            self.packer.push(self.insert.as_bytes());
            self.packer.push(b"\n(");
            self.statement_bytes = self.insert.len() as u64;
        } else {
            self.packer.push(b",\n(");
        }
        self.packer.push(tuple);
        self.packer.push(b")");
        self.statement_bytes += length;
    }

    /// Bytes of SQL so far.
    pub(crate) fn plain_bytes(&self) -> u64 {
        self.packer.plain_bytes
    }

    /// Bytes of compressed SQL so far.
    pub(crate) fn bytes(&self) -> usize {
        self.packer.encoder.get_ref().len()
    }

    /// The member, if there is a row in it.
    pub(crate) fn finish(mut self) -> Option<Member> {
        if self.sum.rows == 0 {
            return None;
        }
        self.end_statement();
        let Self { packer, table, statement_bytes_max, sum, .. } = self;
        let mut member = packer.finish(MemberKind::Rows);
        member.entry.table = Some(table);
        member.entry.rows = sum.rows;
        Some(Member { sum, statement_bytes_max, ..member })
    }

    fn end_statement(&mut self) {
        self.packer.push(b";\n");
        self.statement_bytes_max = self.statement_bytes_max.max(self.statement_bytes + 2);
        self.statement_bytes = 0;
    }
}
