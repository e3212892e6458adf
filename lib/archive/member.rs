//! One gzip member: SQL in, compressed bytes with length and hash out.
//!
//! In: rows as tuples, or whole text. Out: a [`Member`] for the file. Rows become `INSERT` statements of about half a
//! MiB. A member is compressed in one go, which takes a third less time than piece by piece: its text is held in memory.

use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest, Sha256};

use super::manifest::{MemberEntry, MemberKind};
use crate::sql::hex;

/// Where a statement ends and the next one begins: servers load fastest between 128 KiB and 1 MiB.
const STATEMENT_BYTES: u64 = 512 << 10;

/// How much SQL goes into one member: small enough to load many in parallel, large enough to compress well.
const MEMBER_BYTES: usize = 8 << 20;

/// A finished member: its compressed bytes, and what the manifest says of them.
#[derive(Debug)]
pub(crate) struct Member {
    /// The manifest's entry, whose offset is known when the member is appended.
    pub(crate) entry: MemberEntry,
    pub(crate) bytes: Vec<u8>,
    pub(crate) statement_bytes_max: u64,
}

/// Compresses plain text, one member after the other.
pub(crate) struct Packer {
    compressor: Compressor,
    plain: Vec<u8>,
    /// Room for what comes out. It is used again, since fresh pages cost more than to copy a member.
    room: Vec<u8>,
}

impl Packer {
    pub(crate) fn new(level: u32) -> Self {
        let level = i32::try_from(level).ok().and_then(|level| CompressionLvl::new(level).ok());
        Self { compressor: Compressor::new(level.unwrap_or_default()), plain: Vec::new(), room: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        if text.len() > MEMBER_BYTES {
            // Twice as much room as now, which is how vectors grow, would be too much.
            self.plain.reserve_exact(text.len() + 4);
        }
        self.plain.extend_from_slice(text);
    }

    /// The member; then there is nothing in here.
    pub(crate) fn finish(&mut self, kind: MemberKind) -> Member {
        let most = self.compressor.gzip_compress_bound(self.plain.len());
        self.room.resize(most.max(self.room.len()), 0);
        let length =
            self.compressor.gzip_compress(&self.plain, &mut self.room).expect("there is room enough");
        let bytes = self.room[..length].to_vec();
        let entry = MemberEntry {
            kind,
            bytes: bytes.len() as u64,
            plain_bytes: self.plain.len() as u64,
            sha256: hex(&Sha256::digest(&bytes)),
            ..MemberEntry::default()
        };
        self.plain.clear();
        self.plain.shrink_to(MEMBER_BYTES * 2);
        if self.room.len() > MEMBER_BYTES * 2 {
            self.room = Vec::new();
        }
        Member { entry, bytes, statement_bytes_max: 0 }
    }
}

/// A member of text that is no rows. Its longest line stands for its longest statement.
pub(crate) fn of_text(kind: MemberKind, text: &[u8], level: u32) -> Member {
    let mut packer = Packer::new(level);
    packer.push(text);
    packer.finish(kind)
}

/// Rows of one table on their way into members.
pub(crate) struct MemberRows<'a> {
    packer: &'a mut Packer,
    table: usize,
    /// Text for the beginning of each member (`USE …`).
    before: &'a str,
    /// `` INSERT INTO `t` (`a`, `b`) VALUES``.
    insert: &'a str,
    statement_bytes: u64,
    statement_bytes_max: u64,
    /// So many are in the member that has been begun.
    count: u64,
}

impl<'a> MemberRows<'a> {
    /// No rows yet; the packer must be empty.
    pub(crate) fn new(packer: &'a mut Packer, table: usize, before: &'a str, insert: &'a str) -> Self {
        Self { packer, table, before, insert, statement_bytes: 0, statement_bytes_max: 0, count: 0 }
    }

    /// Whether a row is too much for the member that has been begun.
    pub(crate) fn is_full(&self, tuple: &[u8]) -> bool {
        self.count > 0 && self.packer.plain.len() + tuple.len() > MEMBER_BYTES
    }

    /// Adds the tuple of one row to the current `INSERT`.
    pub(crate) fn push(&mut self, tuple: &[u8]) {
        if self.count == 0 {
            self.packer.push(self.before.as_bytes());
        }
        self.count += 1;
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

    /// The member, if there is a row in it; the rows that follow begin the next one.
    pub(crate) fn cut(&mut self) -> Option<Member> {
        if self.count == 0 {
            return None;
        }
        self.end_statement();
        let mut member = self.packer.finish(MemberKind::Rows);
        member.statement_bytes_max = std::mem::take(&mut self.statement_bytes_max);
        member.entry.table = Some(self.table);
        member.entry.rows = std::mem::take(&mut self.count);
        Some(member)
    }

    fn end_statement(&mut self) {
        self.packer.push(b";\n");
        self.statement_bytes_max = self.statement_bytes_max.max(self.statement_bytes + 2);
        self.statement_bytes = 0;
    }
}
