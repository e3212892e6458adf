//! Shares independent jobs out to several connections, which work at the same time.
//!
//! In: the connections, the jobs, a function that does one job. Out: the results in the order of the jobs, or the first
//! error in that order. With one connection, the jobs are done one after the other.

use std::sync::Mutex;

use crate::mysql::Session;
use crate::plan::error::Error;

/// Does all jobs: each connection takes the next job that is not begun yet.
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
                        // The other connections finish the jobs that they have begun, and begin no others.
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
