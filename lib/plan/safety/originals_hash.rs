//! Hashes the originals: each pass reads a table for a few of its columns, and writes runs of records to the work schema.
//!
//! In: columns, and the rows to read. Out: how many records were written. The server makes the canonical form and the hash of
//! each value; only records reach us. They are sorted and counted here: when the server did it, this took four times as long.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::house::House;
use crate::mysql::{self, Session};
use crate::plan::closure::pool::share_out;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::Blueprint;
use crate::progress::Unit;
use crate::scan::{self, Record, RecordTally, Records, SearchedValues};
use crate::work_schema::Originals;

/// Records in memory at most, of all connections together: 60 MiB.
const RECORDS_MAX: usize = 4 << 20;

/// Values of a row that are hashed in one pass: few enough that a large table keeps all connections busy.
const WIDTH_MAX: usize = 4;

/// Columns of one table to hash.
pub(crate) struct HashJob {
    pub(crate) at: usize,
    /// The rows, as a FROM clause.
    pub(crate) from: String,
    /// Number in the document's `origins`, and the values.
    pub(crate) sources: Vec<(usize, SearchedValues)>,
}

impl HashJob {
    /// Splits the job into passes of at most `WIDTH_MAX` values a row.
    fn passes(self) -> Vec<Self> {
        let mut passes: Vec<Self> = Vec::new();
        let mut width = usize::MAX;
        for source in self.sources {
            let wide = source.1.width();
            if width.saturating_add(wide) > WIDTH_MAX {
                passes.push(Self { at: self.at, from: self.from.clone(), sources: Vec::new() });
                width = 0;
            }
            width += wide;
            passes.last_mut().expect("the first source begins a pass").sources.push(source);
        }
        passes
    }
}

/// Where the runs of records go: one connection that writes, shared by the threads that hash.
struct RunStore<'a> {
    originals: &'a Originals,
    writer: Mutex<&'a mut Session>,
    runs: AtomicU32,
    /// Hashes of words that are not looked for alone.
    words: HashSet<u64>,
}

impl RunStore<'_> {
    /// Writes a run and returns its number.
    fn write(&self, origin: usize, records: &[Record]) -> Result<u32, Error> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let mut writer = self.writer.lock().expect("no panic under this lock");
        self.originals.write(&mut writer, run, origin, records)?;
        Ok(run)
    }

    fn remove(&self, run: u32, record: &Record) -> Result<bool, Error> {
        let mut writer = self.writer.lock().expect("no panic under this lock");
        Ok(self.originals.remove(&mut writer, run, record)?)
    }
}

/// Hashes all jobs. Returns how many records were written. The last connection writes while the others read.
pub(crate) fn gather(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    originals: &Originals,
    jobs: Vec<HashJob>,
) -> Result<u64, Error> {
    let (writer, readers) = sessions.split_last_mut().expect("there is a connection");
    let words = scan::stop_hashes(originals.key());
    let store = RunStore { originals, writer: Mutex::new(writer), runs: AtomicU32::new(0), words };
    let jobs: Vec<HashJob> = jobs.into_iter().flat_map(HashJob::passes).collect();
    let task = house.progress.start("hashing originals", Some(jobs.len() as u64), Unit::Count);
    let room = RECORDS_MAX / readers.len().max(1) / WIDTH_MAX;
    let counts = share_out(readers, jobs, |session, job| {
        house.cancel.check()?;
        task.add(1);
        let deed = format!("hashing originals of {}", blueprint.catalog.tables[job.at].label());
        pass(session, &store, &deed, &job, room)
    })?;
    Ok(counts.iter().sum())
}

/// One column while its values are being hashed.
struct HashedColumn {
    origin: usize,
    tally: RecordTally,
    runs: Vec<u32>,
    written: u64,
}

impl HashedColumn {
    /// Writes the records collected so far as a run.
    fn spill(&mut self, store: &RunStore<'_>) -> Result<(), Error> {
        let run = self.tally.run();
        self.written += run.len() as u64;
        self.runs.push(store.write(self.origin, &run)?);
        Ok(())
    }

    /// Writes the last run, and removes values that too many rows share. Returns how many records are left.
    fn finish(mut self, store: &RunStore<'_>) -> Result<u64, Error> {
        let (last, common) = self.tally.end();
        for run in &self.runs {
            for record in &common {
                self.written -= u64::from(store.remove(*run, record)?);
            }
        }
        if !last.is_empty() {
            store.write(self.origin, &last)?;
        }
        Ok(self.written + last.len() as u64)
    }
}

/// Reads one pass. Returns how many records of all its columns were written.
fn pass(
    session: &mut Session,
    store: &RunStore<'_>,
    deed: &str,
    job: &HashJob,
    room: usize,
) -> Result<u64, Error> {
    let sources: Vec<&SearchedValues> = job.sources.iter().map(|(_, source)| source).collect();
    let mut columns: Vec<HashedColumn> = job
        .sources
        .iter()
        .map(|(origin, _)| HashedColumn {
            origin: *origin,
            tally: RecordTally::default(),
            runs: Vec::new(),
            written: 0,
        })
        .collect();
    let mut outcome = Ok(());
    each(session, deed, &Records::of(&sources, &job.from), |source, record| {
        let column = &mut columns[source];
        if store.words.contains(&scan::hash_of(&record)) {
            return true;
        }
        column.tally.add(record);
        if column.tally.waiting() >= room {
            outcome = column.spill(store);
        }
        outcome.is_ok()
    })?;
    outcome?;
    columns.into_iter().map(|column| column.finish(store)).sum()
}

/// Calls `show` with each record and the number of its source. After it returns false, the session can only be closed.
pub(crate) fn each(
    session: &mut Session,
    deed: &str,
    records: &Records,
    mut show: impl FnMut(usize, Record) -> bool,
) -> Result<(), mysql::Error> {
    session.each_row(deed, &records.sql, |mut row| {
        for source in &records.sources {
            // Copied, because reading the second value overwrites the first.
            let mut hash = [0; 16];
            let hashed = row.next().flatten().and_then(|digits| digits.get(..16));
            let hashed = hashed.map(|digits| hash.copy_from_slice(digits)).is_some();
            let rest = row.next().flatten();
            let record = Records::read(hashed.then_some(&hash[..]), rest);
            if record.is_some_and(|record| !show(*source, record)) {
                return false;
            }
        }
        true
    })
}
