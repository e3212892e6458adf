//! Kills running statements when a signal arrives: a closure step may take minutes, but a stop should take about a second.
//!
//! In: the server, and the connections of the run. Out: after a signal, the server kills the statements of these connections as
//! long as the [`KillOnSignal`] lives; [`told`] turns their errors into an interruption.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::house::{Cancel, House};
use crate::mysql::{Server, Session};
use crate::plan::error::Error;
use crate::plan::place::SourceServer;
use crate::work_schema;

/// Interval at which the thread looks for a signal.
const POLL: Duration = Duration::from_millis(100);

/// Kills statements of its connections after a signal.
#[derive(Debug)]
pub(crate) struct KillOnSignal {
    connections: Arc<Mutex<Vec<u32>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl KillOnSignal {
    /// Starts the thread that waits for a signal.
    pub(crate) fn start(house: &House, place: &SourceServer) -> Self {
        let connections = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (theirs, done) = (Arc::clone(&connections), Arc::clone(&over));
        let (cancel, server) = (house.cancel.clone(), place.server().clone());
        let thread = std::thread::spawn(move || watch(&cancel, &server, &theirs, &done));
        Self { connections, over, thread: Some(thread) }
    }

    /// Adds a connection whose statements a signal kills.
    pub(crate) fn over(&self, session: &Session) {
        let mut connections = self.connections.lock().expect("no panic under this lock");
        connections.push(session.connection.connection_id());
    }
}

impl Drop for KillOnSignal {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn watch(cancel: &Cancel, server: &Server, connections: &Mutex<Vec<u32>>, over: &AtomicBool) {
    let mut own: Option<Session> = None;
    while !over.load(Ordering::Relaxed) {
        std::thread::park_timeout(POLL);
        if cancel.requested().is_none() {
            continue;
        }
        if own.is_none() {
            own = server.connect().ok();
        }
        let list = connections.lock().expect("no panic under this lock").clone();
        // Repeated at each interval: a connection may have been between two statements the last time.
        for connection in list {
            if let Some(session) = &mut own {
                session.attempt(&format!("KILL QUERY {connection}"));
            }
        }
    }
}

/// Turns an error of the server into the interruption if a signal came: the server then only reports the killed statement.
pub(crate) fn told<T>(house: &House, outcome: Result<T, Error>) -> Result<T, Error> {
    match (outcome, house.cancel.requested()) {
        (
            Err(Error::Server(_) | Error::Mask(_) | Error::WorkSchema(work_schema::Error::Server(_))),
            Some(interrupted),
        ) => Err(interrupted.into()),
        (outcome, _) => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::document::Failure;
    use crate::mysql;
    use crate::progress::Progress;

    #[test]
    fn after_a_signal_what_the_server_said_is_that_whoever_asked_it() {
        let house = |signal: bool| {
            let house = House::new("tool", Config::default(), Progress::silent(), std::env::temp_dir());
            if signal {
                house.cancel.raise(15);
            }
            house
        };
        let code = |error: Error, signal: bool| told(&house(signal), Err::<(), _>(error)).unwrap_err().code();
        let by_plan = || Error::from(mysql::Error::NoUser);
        let by_work_schema = || Error::from(work_schema::Error::from(mysql::Error::NoUser));
        for (error, again) in [(by_plan(), by_plan()), (by_work_schema(), by_work_schema())] {
            assert_eq!((code(error, false), code(again, true)), ("mysql-login", "interrupted"));
        }
        let busy = work_schema::Error::Busy { server: "a".to_owned(), schema: "b".to_owned() };
        assert_eq!(code(busy.into(), true), "busy");
    }
}
