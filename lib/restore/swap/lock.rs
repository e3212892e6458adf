//! One refresh per target at a time.
//!
//! In: a target. Out: a [`Holder`]: the session that holds the server's named lock. The swap's own statements run on
//! this very session, so that a killed refresh whose last statement is still waiting on the server keeps the lock
//! until that statement is over.

use super::state;
use crate::config::Length;
use crate::house::House;
use crate::mysql::{Session, number};
use crate::restore::error::Error;
use crate::restore::target::DevTarget;
use crate::sql::literal;

/// How long to wait for the lock: longer than one attempt of a killed predecessor's swap ([`super::swap`]) lasts.
const LOCK_WAIT_S: u32 = 5;

/// The session that holds the lock of a target.
#[derive(Debug)]
pub(crate) struct Holder {
    /// The connection that owns the lock, and on which everything happens that others must not do meanwhile.
    pub(crate) session: Session,
    lock: String,
    database: String,
}

impl Holder {
    /// Takes the target's lock, waits for it as long as that, or says who has it.
    pub(crate) fn take(house: &House, target: &DevTarget, wait: Option<Length>) -> Result<Self, Error> {
        let mut session = target.server.connect()?;
        // A quiet connection must outlive a long load.
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

    /// Fails if the connection, and with it the lock, has gone.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        let sql = format!("SELECT IS_USED_LOCK({}) = CONNECTION_ID()", literal(&self.lock));
        match self.session.first::<Option<i64>>("checking the target's lock", &sql) {
            Ok(Some(Some(1))) => Ok(()),
            _ => Err(Error::LockLost { database: self.database.clone() }),
        }
    }
}

/// Whether somebody holds the lock of a database.
pub(crate) fn is_held(session: &mut Session, database: &str) -> Result<bool, Error> {
    let sql = format!("SELECT IS_USED_LOCK({}) IS NOT NULL", literal(&lock_name(database)));
    Ok(session.first::<i64>("looking for a refresh at work", &sql)? == Some(1))
}

/// Locks are known by name to the whole server; MySQL takes 64 characters at most.
fn lock_name(database: &str) -> String {
    let name = format!("refreshkit.{database}");
    if name.chars().count() <= 64 {
        return name;
    }
    format!("refreshkit.{:032x}", xxhash_rust::xxh3::xxh3_128(database.as_bytes()))
}

/// Who has the lock: what the holder wrote down, else what the server knows of the connection.
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

/// Whether the error says that a lock on a table was not to be had in time.
pub(crate) fn is_busy(error: &crate::mysql::Error) -> bool {
    matches!(error.number(), Some(number::LOCK_WAIT_TIMEOUT | number::LOCK_DEADLOCK))
}
