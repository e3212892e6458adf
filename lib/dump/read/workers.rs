//! The workers: they turn chunks into finished members. The channels on both sides hold only a few items.
//!
//! ```text
//! planner ──chunks──> worker 1..n (read, encode, compress, hash) ──members──> the caller's thread (write)
//! ```
//!
//! The first error ends everything: the caller stops taking members, so the workers' sends fail; the workers end, so the
//! planner's sends fail.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::chunk::{self, Chunk};
use super::snapshot::ReadSnapshot;
use crate::archive::{Member, MemberRows, Packer};
use crate::dump::define::schema::TableReadPlan;
use crate::dump::error::Error;
use crate::dump::leak_scan::LeakScanner;
use crate::house::Cancel;
use crate::mysql::Session;
use crate::rows::{self, Sum};

/// After so many rows a worker checks whether it should stop.
const ROWS_BETWEEN_LOOKS: u64 = 64;

/// One part of a table, with the text that surrounds its rows.
#[derive(Debug)]
pub(crate) struct ReadTask {
    pub(crate) part: TableReadPlan,
    /// Text at the beginning of each member: `USE …`, if the dump has several databases.
    pub(crate) before: String,
    /// The beginning of each statement: `INSERT INTO … VALUES`.
    pub(crate) insert: String,
}

/// The parts of tables that all workers share, and how they are read.
#[derive(Debug)]
pub(crate) struct SharedWork<'a> {
    /// Parts of tables to read, the largest first.
    pub(crate) tasks: Vec<ReadTask>,
    /// About how many bytes of rows are read at a time.
    chunk_bytes: u64,
    level: u32,
    pub(crate) cancel: &'a Cancel,
    /// Scans every row for originals, if the plan has any.
    pub(crate) watch: Option<&'a LeakScanner>,
    /// Set when the caller takes no more members.
    over: AtomicBool,
}

impl<'a> SharedWork<'a> {
    pub(crate) fn new(
        tasks: Vec<ReadTask>,
        (workers, level): (u16, u32),
        cancel: &'a Cancel,
        watch: Option<&'a LeakScanner>,
    ) -> Self {
        let bytes = tasks.iter().map(|task| task.part.bytes()).fold(0, u64::saturating_add);
        let chunk_bytes = chunk::bytes_of_chunk(bytes, workers);
        Self { tasks, chunk_bytes, level, cancel, watch, over: AtomicBool::new(false) }
    }

    /// True if a table was cut into chunks by an order that only the server knows: of texts, times or bytes.
    pub(crate) fn relies_on_order(&self, table: usize) -> bool {
        let parts = self.tasks.iter().map(|task| &task.part);
        parts.filter(|part| part.table == table).any(|part| part.relies_on_order(self.chunk_bytes))
    }

    /// True if a table's rows are part of the snapshot, or if none of its rows are read.
    pub(crate) fn is_transactional(&self, table: usize) -> bool {
        self.tasks.iter().filter(|task| task.part.table == table).all(|task| task.part.transactional)
    }

    /// Reads all tasks. Calls `take` on this thread with each finished member and the [`Sum`] of its rows.
    pub(crate) fn run(
        &self,
        snapshot: &mut ReadSnapshot,
        mut take: impl FnMut(Member, Sum) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (chunks_in, chunks) = bounded::<Chunk>(snapshot.workers.len() * 2);
        let (members_in, members) = bounded::<Result<(Member, Sum), Error>>(1);
        let planner = &mut snapshot.planner;
        thread::scope(|scope| {
            let failures = members_in.clone();
            scope.spawn(move || {
                if let Err(error) = self.cut(planner, &chunks_in) {
                    let _ = failures.send(Err(error));
                }
            });
            for worker in &mut snapshot.workers {
                let (chunks, members_in) = (chunks.clone(), members_in.clone());
                scope.spawn(move || {
                    if let Err(error) = self.read(&mut worker.session, &chunks, &members_in) {
                        let _ = members_in.send(Err(error.of(worker.at_reader)));
                    }
                });
            }
            drop((chunks, members_in));
            let outcome =
                members.iter().try_for_each(|found| found.and_then(|(member, sum)| take(member, sum)));
            // Workers that still read stop soon, and workers that still send get an error.
            self.over.store(true, Ordering::Relaxed);
            drop(members);
            outcome
        })
    }

    fn cut(&self, session: &mut Session, chunks: &Sender<Chunk>) -> Result<(), Error> {
        for (position, task) in self.tasks.iter().enumerate() {
            self.cancel.check()?;
            chunk::cut(session, (position, self.chunk_bytes), &task.part, |chunk| {
                chunks.send(chunk).is_ok()
            })?;
        }
        Ok(())
    }

    fn read(
        &self,
        session: &mut Session,
        chunks: &Receiver<Chunk>,
        members: &Sender<Result<(Member, Sum), Error>>,
    ) -> Result<(), Error> {
        let mut packer = Packer::new(self.level);
        for chunk in chunks {
            let task = &self.tasks[chunk.part];
            let sql = task.part.select(&chunk);
            let deed = format!("reading {}", task.part.label);
            let mut rows = MemberRows::new(&mut packer, task.part.table, &task.before, &task.insert);
            let mut sum = Sum::default();
            let send =
                |member: Option<Member>, sum| member.is_none_or(|one| members.send(Ok((one, sum))).is_ok());
            let (mut open, mut looks) = (true, 0u64);
            let mut nose = self.watch.and_then(|watch| watch.nose(&task.part));
            rows::read(session, &deed, &sql, &task.part.columns, |tuple| {
                if rows.is_full(tuple) {
                    open = send(rows.cut(), std::mem::take(&mut sum));
                }
                if let Some(nose) = &mut nose {
                    nose.row(tuple)?;
                }
                sum.add(tuple);
                rows.push(tuple);
                looks += 1;
                if looks % ROWS_BETWEEN_LOOKS == 0 {
                    self.cancel.check()?;
                    open &= !self.over.load(Ordering::Relaxed);
                }
                Ok::<_, Error>(open)
            })?;
            if !open || !send(rows.cut(), sum) {
                return Ok(());
            }
        }
        Ok(())
    }
}
