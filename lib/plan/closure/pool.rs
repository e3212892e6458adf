//! Several connections that work side by side on jobs that do not meet.
//!
//! In: the connections, jobs, what to do with one. Out: the outcomes in the order of the jobs, whoever did them, or the
//! first failure. With one connection, one job after the other.

use std::sync::Mutex;

use crate::mysql::Session;
use crate::plan::error::Error;

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
