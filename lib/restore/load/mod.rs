//! Loads a dump's tables into the staging database, with several connections.
//!
//! In: an opened dump file, one of its databases, an empty database on the target. Out: the tables with their rows and keys, each
//! compared with the manifest. The database in use is not changed here.

pub(super) mod create_objects;
pub(super) mod fast;
pub(super) mod foreign;
pub(super) mod job;
pub(super) mod queue;
pub(super) mod source;
pub(super) mod table_filter;
pub(super) mod transcode;
pub(super) mod workers;

use std::sync::{Condvar, Mutex};

use super::error::Error;
use crate::archive::{self, TableKind};
use crate::document::TableDigest;
use crate::house::House;
use crate::mysql::Session;
use crate::progress;
use crate::sql::databases_of_parents;
use job::LoadJob;
use queue::{LoadQueue, LoadTask, Next, TableQueue};
use workers::LoadWorker;

/// Loads sequences and tables, with rows, keys and foreign keys. Returns a digest for each table, none for a sequence.
pub(crate) fn load(house: &House, job: &LoadJob) -> Result<Vec<TableDigest>, Error> {
    refuse_parents_elsewhere(job)?;
    let mut first = LoadWorker::open(job)?;
    let engine = first.session.engine();
    // Sequences come first: columns of tables may have them as defaults.
    for (position, _) in job.tables().filter(|(_, entry)| entry.kind == TableKind::Sequence) {
        first.create(position)?;
        first.finish(position)?;
    }
    let plain = job.tables().filter(|(_, entry)| entry.kind == TableKind::Table);
    let lanes: Vec<TableQueue> = plain.map(|(position, entry)| job.lane(engine, position, entry)).collect();
    let bytes = lanes.iter().map(|lane| lane.bytes).sum();
    let task = house.progress.start("loading", Some(bytes), progress::Unit::Bytes);
    let floor = LoadLoop::new(LoadQueue::new(lanes));
    std::thread::scope(|scope| {
        for _ in 1..job.workers() {
            scope.spawn(|| match LoadWorker::open(job) {
                Ok(worker) => floor.work(house, worker, &task),
                Err(e) => floor.fail(e),
            });
        }
        floor.work(house, first, &task);
    });
    let tables = floor.result()?;
    drop(task);
    foreign_keys(house, job)?;
    Ok(tables)
}

/// Fails if a table's definition has a foreign key to another database: within the definition it cannot be left out.
fn refuse_parents_elsewhere(job: &LoadJob) -> Result<(), Error> {
    for (_, entry) in job.tables() {
        if let Some(database) = databases_of_parents(&entry.create).first() {
            let problem = format!("{} refers to a table of {database}, which is not loaded", entry.table);
            return Err(archive::Error::damaged(job.dump.path(), problem).into());
        }
    }
    Ok(())
}

/// Adds the foreign keys last, when all tables have their rows and keys. The rows are not checked against them: the dump's rows
/// are loaded as they are.
fn foreign_keys(house: &House, job: &LoadJob) -> Result<(), Error> {
    let mut worker = LoadWorker::open(job)?;
    for (position, _) in job.tables().filter(|(_, entry)| !entry.foreign_keys.is_empty()) {
        house.cancel.check()?;
        for left_out in worker.foreign_keys(position)? {
            house.progress.warn(&left_out);
        }
    }
    Ok(())
}

/// What the workers share: the queue, a signal when it changes, and the digests or the first error.
struct LoadLoop {
    board: Mutex<LoadQueue>,
    changed: Condvar,
    outcome: Mutex<Result<Vec<TableDigest>, Error>>,
}

impl LoadLoop {
    fn new(board: LoadQueue) -> Self {
        Self { board: Mutex::new(board), changed: Condvar::new(), outcome: Mutex::new(Ok(Vec::new())) }
    }

    /// Does tasks until there are none, or a worker has failed.
    fn work(&self, house: &House, mut worker: LoadWorker<'_>, progress: &progress::Task<'_>) {
        while let Some(task) = self.take() {
            let outcome =
                house.cancel.check().map_err(Error::from).and_then(|()| worker.perform(task, progress));
            match outcome {
                Ok(digest) => {
                    if let (Some(digest), Ok(tables)) = (digest, &mut *self.outcome.lock().expect(NO_PANIC)) {
                        tables.push(digest);
                    }
                    self.board.lock().expect(NO_PANIC).done(task);
                    self.changed.notify_all();
                }
                Err(e) => return self.fail(e),
            }
        }
    }

    fn take(&self) -> Option<LoadTask> {
        let mut board = self.board.lock().expect(NO_PANIC);
        loop {
            if self.outcome.lock().expect(NO_PANIC).is_err() {
                return None;
            }
            match board.next() {
                Next::Do(task) => return Some(task),
                Next::Nothing => return None,
                Next::Wait => board = self.changed.wait(board).expect(NO_PANIC),
            }
        }
    }

    /// Keeps the first error and wakes all workers, which then end.
    fn fail(&self, error: Error) {
        let board = self.board.lock().expect(NO_PANIC);
        let mut outcome = self.outcome.lock().expect(NO_PANIC);
        if outcome.is_ok() {
            *outcome = Err(error);
        }
        drop(outcome);
        drop(board);
        self.changed.notify_all();
    }

    fn result(self) -> Result<Vec<TableDigest>, Error> {
        let mut tables = self.outcome.into_inner().expect(NO_PANIC)?;
        tables.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(tables)
    }
}

const NO_PANIC: &str = "no panic under this lock";

/// True if the target's server takes LOAD DATA LOCAL. By default MySQL does not.
pub(crate) fn takes_local_infile(session: &mut Session) -> Result<bool, Error> {
    let on = session.first::<i64>("reading local_infile", "SELECT @@GLOBAL.local_infile")?;
    Ok(on == Some(1))
}
