//! Several connections that work side by side on jobs that do not meet.
//!
//! In: the connections, jobs, what to do with one. Out: the outcomes in the order of the jobs, whoever did them, or the
//! first failure. With one connection, one job after the other.

use crate::work_schema;
use std::sync::Mutex;

use super::kill_on_signal::Watch;
use crate::plan::error::Error;
use crate::plan::place::Place;
use crate::plan::rules::blueprint::Blueprint;

use crate::mysql::Session;

/// The session that holds the lock, and its helpers.
#[derive(Debug)]
pub(crate) struct Crew(Vec<Session>);

impl Crew {
    /// The first alone.
    pub(crate) fn of(first: Session) -> Self {
        Self(vec![first])
    }

    /// As many helpers as make `workers` of all, ready to collect keys.
    pub(crate) fn hire(
        &mut self,
        place: &Place,
        watch: &Watch,
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

    /// All of them.
    pub(crate) fn all(&mut self) -> &mut [Session] {
        &mut self.0
    }
}

/// Does all jobs; each connection takes the next one that nobody has begun.
pub(crate) fn share_out<J: Send, R: Send>(
    sessions: &mut [Session],
    jobs: Vec<J>,
    work: impl Fn(&mut Session, J) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    if let ([session], _) | ([session, ..], 0 | 1) = (&mut *sessions, jobs.len()) {
        return jobs.into_iter().map(|job| work(session, job)).collect();
    }
    let count = jobs.len();
    let todo = Mutex::new(jobs.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(count));
    let (todo, results, work) = (&todo, &done, &work);
    std::thread::scope(|scope| {
        for session in sessions.iter_mut() {
            scope.spawn(move || {
                loop {
                    let job = todo.lock().expect("no panic under this lock").next();
                    let Some((at, job)) = job else { return };
                    let outcome = work(session, job);
                    if outcome.is_err() {
                        // The others finish what they have begun, and begin nothing.
                        todo.lock().expect("no panic under this lock").by_ref().for_each(drop);
                    }
                    results.lock().expect("no panic under this lock").push((at, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no panic under this lock");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}
