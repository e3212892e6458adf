//! The connections of one run: the first holds the lock on the work schema; the others, its helpers, work at the same time.

use super::closure::kill_on_signal::KillOnSignal;
use super::error::Error;
use super::place::SourceServer;
use super::rules::blueprint::Blueprint;
use crate::mysql::Session;
use crate::work_schema;

/// The first connection, and its helpers.
#[derive(Debug)]
pub(crate) struct WorkerPool(Vec<Session>);

impl WorkerPool {
    /// The first connection alone, without helpers.
    pub(crate) fn of(first: Session) -> Self {
        Self(vec![first])
    }

    /// Connects helpers until there are `workers` connections in all. Each helper holds a lock of its own, so that the next run
    /// notices a statement that a killed run left running.
    pub(crate) fn grow_to(
        &mut self,
        place: &SourceServer,
        watch: &KillOnSignal,
        workers: usize,
        blueprint: &Blueprint,
    ) -> Result<(), Error> {
        while self.0.len() < workers {
            let mut session = place.connect()?;
            watch.over(&session);
            work_schema::lock_helper(&mut session, &blueprint.work_schema, self.0.len())?;
            work_schema::ready(&mut session)?;
            work_schema::choose(&mut session, blueprint.databases.first())?;
            self.0.push(session);
        }
        Ok(())
    }

    /// The session that holds the lock.
    pub(crate) fn first(&mut self) -> &mut Session {
        &mut self.0[0]
    }

    /// All connections, the first in front.
    pub(crate) fn all(&mut self) -> &mut [Session] {
        &mut self.0
    }
}
