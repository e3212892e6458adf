//! One gzip member: SQL in, compressed bytes with length and hash out.
//!
//! In: rows as tuples, or whole text. Out: a [`Member`] for the file. Rows become `INSERT` statements of about half a
//! MiB. A member is compressed in one go, a third faster than piece by piece, so its whole text is held in memory.

use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest, Sha256};

use super::manifest::{MemberEntry, MemberKind};
use crate::sql::hex;

/// Most bytes of a statement of several rows. Servers load statements between 128 KiB and 1 MiB fastest.
const STATEMENT_BYTES: u64 = 512 << 10;

/// Most bytes of SQL in a member of several rows: small enough to load many in parallel, large enough to compress well.
const MEMBER_BYTES: usize = 8 << 20;

/// A finished member: its compressed bytes and its entry of the manifest.
#[derive(Debug)]
pub(crate) struct Member {
    /// Entry for the manifest. Its offset is set when the member is appended to the file.
    pub(crate) entry: MemberEntry,
    pub(crate) bytes: Vec<u8>,
    pub(crate) statement_bytes_max: u64,
}

/// Compresses plain text, one member after the other.
pub(crate) struct Packer {
    compressor: Compressor,
    plain: Vec<u8>,
    /// Buffer for the compressed bytes. It is kept, since fresh memory pages cost more time than copying the member out of it.
    room: Vec<u8>,
}

impl Packer {
    pub(crate) fn new(level: u32) -> Self {
        let level = i32::try_from(level).ok().and_then(|level| CompressionLvl::new(level).ok());
        Self { compressor: Compressor::new(level.unwrap_or_default()), plain: Vec::new(), room: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        if text.len() > MEMBER_BYTES {
            // A vector that grows by itself doubles its room, which would be too much memory here.
            self.plain.reserve_exact(text.len() + 4);
        }
        self.plain.extend_from_slice(text);
    }

    /// Compresses the text into a member and empties the packer.
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

/// Makes a member of text that is no rows. The caller keeps the length of the longest statement: it is 0 here.
pub(crate) fn of_text(kind: MemberKind, text: &[u8], level: u32) -> Member {
    let mut packer = Packer::new(level);
    packer.push(text);
    packer.finish(kind)
}

/// Makes members from the rows of one table.
pub(crate) struct MemberRows<'a> {
    packer: &'a mut Packer,
    table: usize,
    /// Text for the beginning of each member (`USE …`).
    before: &'a str,
    /// `` INSERT INTO `t` (`a`, `b`) VALUES``.
    insert: &'a str,
    statement_bytes: u64,
    statement_bytes_max: u64,
    /// Number of rows in the current member.
    count: u64,
}

impl<'a> MemberRows<'a> {
    /// Starts without rows. The packer must be empty.
    pub(crate) fn new(packer: &'a mut Packer, table: usize, before: &'a str, insert: &'a str) -> Self {
        Self { packer, table, before, insert, statement_bytes: 0, statement_bytes_max: 0, count: 0 }
    }

    /// True when the current member has rows and no room for `tuple`.
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

    /// Ends the current member and returns it; `None` if it has no row. The next row begins a new member.
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
