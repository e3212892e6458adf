//! Stores the hashed originals in the work schema: runs of sorted records, cut into sealed pieces.
//!
//! In: records as the server made them. Out: all records, or the one of a hash, with the column that they come from. Values of
//! statements are logged, so records are sealed in them. They are also base64, since raw bytes in a running statement break
//! clients that read the server's process list.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mysql::prelude::Queryable;

use super::error::Error;
use super::keys::HeldKeys;
use super::names::ORIGINALS;
use crate::mysql::Session;
use crate::scan::{self, KEY_BYTES, RECORD_BYTES, Record};
use crate::sql::qualified;

/// Most records of a piece: to look at one record, 15 KiB are read.
const PIECE_RECORDS: usize = 1024;

/// The table with the hashed originals of one plan, and the key that hashes and seals them.
pub struct Originals {
    table: String,
    key: [u8; KEY_BYTES],
}

/// Shows only the table: the key stays secret.
impl std::fmt::Debug for Originals {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Originals").field("table", &self.table).finish_non_exhaustive()
    }
}

/// A piece as it is stored: run, hash of its first record, column, records.
type StoredRun = (u32, Vec<u8>, usize, Vec<u8>);

impl Originals {
    /// Opens the table of a plan. `None` if the scan's key is missing.
    pub(crate) fn open(
        session: &mut Session,
        schema: &str,
        keys: &HeldKeys,
    ) -> Result<Option<Self>, crate::mysql::Error> {
        let key = keys.scan_key(session, schema)?;
        Ok(key.map(|key| Self { table: qualified(schema, ORIGINALS), key }))
    }

    /// Creates the table for hashed originals, empty.
    pub(crate) fn create(session: &mut Session, schema: &str, keys: &HeldKeys) -> Result<Self, Error> {
        let missing = || Error::NotPlanned(format!("the key in `{schema}` cannot be read"));
        let key = keys.scan_key(session, schema)?.ok_or_else(missing)?;
        Self::create_with(session, schema, key)
    }

    /// Creates an empty table for hashed originals under this key.
    pub fn create_with(session: &mut Session, schema: &str, key: [u8; KEY_BYTES]) -> Result<Self, Error> {
        let columns = "run INT UNSIGNED NOT NULL, first BINARY(8) NOT NULL, o SMALLINT UNSIGNED NOT NULL, \
                       records MEDIUMBLOB NOT NULL, PRIMARY KEY (run, first)";
        let sql = format!("CREATE TABLE {} ({columns})", qualified(schema, ORIGINALS));
        session.run("creating the originals", &sql)?;
        Ok(Self { table: qualified(schema, ORIGINALS), key })
    }

    /// Returns the key that hashes and seals the originals.
    pub fn key(&self) -> &[u8; KEY_BYTES] {
        &self.key
    }

    /// Writes a run: sorted records of one column (`origin`), each once.
    pub fn write(
        &self,
        session: &mut Session,
        run: u32,
        origin: usize,
        records: &[Record],
    ) -> Result<(), Error> {
        let deed = "writing the originals";
        let sql = format!(
            "INSERT INTO {} (run, first, o, records) VALUES (?, FROM_BASE64(?), ?, FROM_BASE64(?))",
            self.table
        );
        let pieces = records.chunks(PIECE_RECORDS).map(|piece| {
            let first = piece[0][..8].to_vec();
            let sealed = self.sealed(run, &first, piece.concat());
            (run, STANDARD.encode(&first), origin, STANDARD.encode(sealed))
        });
        session.run(deed, "START TRANSACTION")?;
        let outcome = session.connection.exec_batch(sql, pieces);
        outcome.map_err(|source| session.fail(deed, source))?;
        session.run(deed, "COMMIT")?;
        Ok(())
    }

    /// Removes a record from a run that is already written. Returns whether the run had it.
    pub fn remove(&self, session: &mut Session, run: u32, record: &Record) -> Result<bool, Error> {
        let deed = "taking out what is nobody's own";
        let hash = scan::hash_of(record);
        for (run, first, origin, bytes) in self.around(session, hash, &format!("run = {run}"))? {
            let (all, _) = bytes.as_chunks::<RECORD_BYTES>();
            let left: Vec<Record> = all.iter().filter(|other| *other != record).copied().collect();
            if left.len() < all.len() {
                let sealed = self.sealed(run, &first, left.concat());
                let sql = format!(
                    "UPDATE {} SET records = FROM_BASE64(?) WHERE run = ? AND first = FROM_BASE64(?) AND o = ?",
                    self.table
                );
                let outcome = session
                    .connection
                    .exec_drop(sql, (STANDARD.encode(sealed), run, STANDARD.encode(first), origin));
                outcome.map_err(|source| session.fail(deed, source))?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Calls `show` with the column and the record of each original. Returns the number of records.
    pub fn each(
        &self,
        session: &mut Session,
        mut show: impl FnMut(usize, &Record),
    ) -> Result<u64, crate::mysql::Error> {
        let mut count = 0;
        let sql = format!("SELECT run, first, o, records FROM {}", self.table);
        let label = session.label().to_owned();
        let fail = |source: mysql::Error| crate::mysql::Error::Statement {
            deed: "reading the originals".to_owned(),
            server: label.clone(),
            source: source.into(),
        };
        for piece in session.connection.query_iter(sql).map_err(fail)? {
            let piece: StoredRun = mysql::from_row_opt(piece.map_err(fail)?)
                .map_err(|error| fail(mysql::Error::FromRowError(error.0)))?;
            let (_, _, origin, bytes) = self.opened(piece);
            let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
            for record in records {
                show(origin, record);
            }
            count += records.len() as u64;
        }
        Ok(count)
    }

    /// Returns the column that a hash comes from; `None` if no original has this hash.
    pub fn origin_of(&self, session: &mut Session, hash: u64) -> Result<Option<usize>, crate::mysql::Error> {
        let pieces = self.around(session, hash, "TRUE")?;
        let found = pieces.iter().find(|(.., bytes)| {
            let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
            records.binary_search_by_key(&hash, scan::hash_of).is_ok()
        });
        Ok(found.map(|(_, _, origin, _)| *origin))
    }

    /// Returns the pieces that a hash would be in: one of each run.
    fn around(
        &self,
        session: &mut Session,
        hash: u64,
        runs: &str,
    ) -> Result<Vec<StoredRun>, crate::mysql::Error> {
        let sql = format!(
            "SELECT p.run, p.first, p.o, p.records FROM (SELECT run, MAX(first) AS first FROM {table} \
             WHERE {runs} AND first <= x'{hash:016x}' GROUP BY run) AS m \
             JOIN {table} AS p ON p.run = m.run AND p.first = m.first",
            table = self.table
        );
        let pieces: Vec<StoredRun> = session.rows("looking at a hash", &sql)?;
        Ok(pieces.into_iter().map(|piece| self.opened(piece)).collect())
    }

    fn sealed(&self, run: u32, first: &[u8], mut bytes: Vec<u8>) -> Vec<u8> {
        scan::seal(&self.key, &[&run.to_be_bytes(), first].concat(), &mut bytes);
        bytes
    }

    fn opened(&self, (run, first, origin, bytes): StoredRun) -> StoredRun {
        let bytes = self.sealed(run, &first, bytes);
        (run, first, origin, bytes)
    }
}
