//! The workers: chunks in, finished members out, through channels that hold only a few of either.
//!
//! ```text
//! planner ──chunks──> worker 1..n (read, encode, compress, hash) ──members──> the caller's thread (write)
//! ```
//!
//! The first error ends everything: the caller stops taking members, so the workers' sends fail, so the planner's do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::chunk::{self, Chunk};
use super::leaks::Watch;
use super::member::{Member, Rows};
use super::schema::Part;
use super::snapshot::Snapshot;
use super::{Error, digest};
use crate::house::Cancel;
use crate::mysql::Session;

/// How much SQL goes into one member: small enough to load many in parallel, large enough to compress well.
const MEMBER_PLAIN_BYTES: u64 = 8 << 20;

/// A member ends early at this size, so that rows that do not compress take no more memory.
const MEMBER_BYTES: usize = 4 << 20;

/// How often a worker looks whether it should stop.
const ROWS_BETWEEN_LOOKS: u64 = 64;

/// What a worker needs to know about a table.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) part: Part,
    /// Text for the beginning of each member.
    pub(crate) before: String,
    /// The beginning of each statement.
    pub(crate) insert: String,
}

/// What all workers share.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    /// Largest first.
    pub(crate) tasks: Vec<Task>,
    pub(crate) level: u32,
    pub(crate) cancel: &'a Cancel,
    /// Looks at every row on its way.
    pub(crate) watch: Option<&'a Watch>,
    /// Set when nobody takes members any more.
    over: AtomicBool,
}

impl<'a> Work<'a> {
    pub(crate) fn new(tasks: Vec<Task>, level: u32, cancel: &'a Cancel, watch: Option<&'a Watch>) -> Self {
        Self { tasks, level, cancel, watch, over: AtomicBool::new(false) }
    }

    /// Reads everything; `take` is called on this thread with each member as it is finished.
    pub(crate) fn run(
        &self,
        snapshot: &mut Snapshot,
        mut take: impl FnMut(Member) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let readers = snapshot.readers.len();
        let (chunks_in, chunks) = bounded::<Chunk>(readers * 2);
        let (members_in, members) = bounded::<Result<Member, Error>>(1);
        let planner = &mut snapshot.planner;
        thread::scope(|scope| {
            let failures = members_in.clone();
            scope.spawn(move || {
                if let Err(error) = self.cut(planner, &chunks_in) {
                    let _ = failures.send(Err(error));
                }
            });
            for session in &mut snapshot.readers {
                let (chunks, members_in) = (chunks.clone(), members_in.clone());
                scope.spawn(move || {
                    if let Err(error) = self.read(session, &chunks, &members_in) {
                        let _ = members_in.send(Err(error));
                    }
                });
            }
            drop((chunks, members_in));
            let outcome = members.iter().try_for_each(|member| take(member?));
            // Whoever still reads stops soon, and whoever still sends finds nobody listening.
            self.over.store(true, Ordering::Relaxed);
            drop(members);
            outcome
        })
    }

    fn cut(&self, session: &mut Session, chunks: &Sender<Chunk>) -> Result<(), Error> {
        for (position, task) in self.tasks.iter().enumerate() {
            self.cancel.check()?;
            chunk::cut(session, position, &task.part, |chunk| chunks.send(chunk).is_ok())?;
        }
        Ok(())
    }

    fn read(
        &self,
        session: &mut Session,
        chunks: &Receiver<Chunk>,
        members: &Sender<Result<Member, Error>>,
    ) -> Result<(), Error> {
        for chunk in chunks {
            let task = &self.tasks[chunk.part];
            let sql = task.part.select(chunk.range.as_deref());
            let deed = format!("reading {}", task.part.label);
            let begin = || Rows::new(task.part.table, &task.before, &task.insert, self.level);
            let mut rows = begin();
            let (mut open, mut looks) = (true, 0u64);
            let mut nose = self.watch.and_then(|watch| watch.nose(&task.part));
            digest::read(session, &deed, &sql, &task.part.columns, |tuple| {
                if rows.plain_bytes() >= MEMBER_PLAIN_BYTES || rows.bytes() >= MEMBER_BYTES {
                    let full = std::mem::replace(&mut rows, begin());
                    open = full.finish().is_none_or(|member| members.send(Ok(member)).is_ok());
                }
                if let Some(nose) = &mut nose {
                    nose.row(tuple)?;
                }
                rows.push(tuple);
                looks += 1;
                if looks % ROWS_BETWEEN_LOOKS == 0 {
                    self.cancel.check()?;
                    open &= !self.over.load(Ordering::Relaxed);
                }
                Ok(open)
            })?;
            if !open || rows.finish().is_some_and(|member| members.send(Ok(member)).is_err()) {
                return Ok(());
            }
        }
        Ok(())
    }
}
