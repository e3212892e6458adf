//! Allows one refresh of a target at a time.
//!
//! In: a target. Out: a [`Holder`]: the session that holds the server's named lock. The swap's statements run in the same
//! session, so that a killed refresh keeps the lock as long as its last statement still waits on the server.

use super::state;
use crate::config::Length;
use crate::house::House;
use crate::mysql::{Session, number};
use crate::restore::error::Error;
use crate::restore::target::DevTarget;
use crate::sql::literal;

/// Seconds of one wait for the lock: longer than one attempt of a swap ([`super::swap`]), which may be that of a killed refresh.
const LOCK_WAIT_S: u32 = 5;

/// The session that holds the lock of a target.
#[derive(Debug)]
pub(crate) struct Holder {
    /// The connection that owns the lock. All statements of the swap run on it.
    pub(crate) session: Session,
    lock: String,
    database: String,
}

impl Holder {
    /// Takes the target's lock. Waits 5 s, or up to `wait`; then fails and says who holds it.
    pub(crate) fn take(house: &House, target: &DevTarget, wait: Option<Length>) -> Result<Self, Error> {
        let mut session = target.server.connect()?;
        // The connection is idle during the load, which may be long.
        session.attempt("SET SESSION wait_timeout = 172800");
        session.run("setting the SQL mode", "SET SESSION sql_mode = ''")?;
        let lock = lock_name(&target.database);
        let mut queue = house.queue(wait);
        let mut wait_s = 0;
        loop {
            house.cancel.check()?;
            let sql = format!("SELECT GET_LOCK({}, {wait_s})", literal(&lock));
            if session.first::<Option<i64>>("taking the target's lock", &sql)?.flatten() == Some(1) {
                return Ok(Self { session, lock, database: target.database.clone() });
            }
            if wait_s > 0 {
                let holder = describe_holder(&mut session, &lock, &target.previous());
                if !queue.waits(&holder)? {
                    return Err(Error::Held { target: target.name.clone(), holder });
                }
            }
            wait_s = LOCK_WAIT_S;
        }
    }

    /// Fails if the connection was lost, and the lock with it.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        let sql = format!("SELECT IS_USED_LOCK({}) = CONNECTION_ID()", literal(&self.lock));
        match self.session.first::<Option<i64>>("checking the target's lock", &sql) {
            Ok(Some(Some(1))) => Ok(()),
            _ => Err(Error::LockLost { database: self.database.clone() }),
        }
    }
}

/// True if a session holds the lock of this database.
pub(crate) fn is_held(session: &mut Session, database: &str) -> Result<bool, Error> {
    let sql = format!("SELECT IS_USED_LOCK({}) IS NOT NULL", literal(&lock_name(database)));
    Ok(session.first::<i64>("looking for a refresh at work", &sql)? == Some(1))
}

/// Name of the lock, unique on the server. MySQL takes at most 64 characters, so a longer name is hashed.
fn lock_name(database: &str) -> String {
    let name = format!("refreshkit.{database}");
    if name.chars().count() <= 64 {
        return name;
    }
    format!("refreshkit.{:032x}", xxhash_rust::xxh3::xxh3_128(database.as_bytes()))
}

/// Says who holds the lock: what the holder wrote down, else its connection.
fn describe_holder(session: &mut Session, lock: &str, previous: &str) -> String {
    if let Ok(Some(holder)) = state::get(session, previous, "holder") {
        return holder;
    }
    let sql = format!(
        "SELECT CONCAT(USER, '@', HOST, ' (connection ', ID, ')') FROM information_schema.PROCESSLIST \
         WHERE ID = IS_USED_LOCK({})",
        literal(lock)
    );
    match session.first::<String>("looking for the lock's holder", &sql) {
        Ok(Some(connection)) => connection,
        _ => "somebody else".to_owned(),
    }
}

/// True if the error is a lock wait that timed out, or a deadlock.
pub(crate) fn is_busy(error: &crate::mysql::Error) -> bool {
    matches!(error.number(), Some(number::LOCK_WAIT_TIMEOUT | number::LOCK_DEADLOCK))
}
