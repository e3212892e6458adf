//! Marks of readers: rows that show that a reader is up to date.
//!
//! In: a session on the writer. Out: a [`ReaderMark`], which a reader shows once it has all earlier changes. The marks are in
//! a schema of their own where changes of the work schema are kept from replicas.

use super::names::READER_MARKS;
use crate::mysql::{self, Session, number};
use crate::sql::{literal, name, qualified};

/// A row that was written on the writer at a known moment.
#[derive(Debug)]
pub(crate) struct ReaderMark {
    table: String,
    token: String,
    /// Name of a lock that a session on the writer holds: only this server knows the lock.
    lock: String,
}

impl ReaderMark {
    /// Writes the first mark. `session` must stay open, since it holds the lock.
    pub(crate) fn set(session: &mut Session, schema: &str) -> Result<Self, mysql::Error> {
        let deed = "marking the state that readers must show";
        // A client that locks others out for long must not stop the dump.
        session.attempt("SET SESSION lock_wait_timeout = 10");
        session.attempt(&format!(
            "CREATE DATABASE IF NOT EXISTS {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            name(schema)
        ));
        let table = qualified(schema, READER_MARKS);
        let columns =
            "token VARCHAR(64) NOT NULL PRIMARY KEY, written TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP";
        session.run(deed, &format!("CREATE TABLE IF NOT EXISTS {table} ({columns})"))?;
        // Removes the marks of dead runs.
        session.attempt(&format!("DELETE FROM {table} WHERE written < NOW() - INTERVAL 1 DAY"));
        let mut mark = Self { table, token: String::new(), lock: String::new() };
        mark.renew(session)?;
        mark.lock.clone_from(&mark.token);
        session.first::<Option<u8>>(deed, &format!("SELECT GET_LOCK({}, 0)", literal(&mark.lock)))?;
        Ok(mark)
    }

    /// Replaces the mark by a new one.
    pub(crate) fn renew(&mut self, session: &mut Session) -> Result<(), mysql::Error> {
        let deed = "marking the state that readers must show";
        let token: Option<String> = session.first(deed, "SELECT UUID()")?;
        self.remove(session);
        self.token = token.unwrap_or_default();
        session
            .run(deed, &format!("INSERT INTO {} (token) VALUES ({})", self.table, literal(&self.token)))?;
        Ok(())
    }

    /// Removes the mark from the table.
    pub(crate) fn remove(&self, session: &mut Session) {
        session.attempt(&format!("DELETE FROM {} WHERE token = {}", self.table, literal(&self.token)));
    }

    /// True if the server of this session shows the mark.
    pub(crate) fn shows(&self, session: &mut Session) -> Result<bool, mysql::Error> {
        let sql = format!("SELECT 1 FROM {} WHERE token = {}", self.table, literal(&self.token));
        match session.first::<u8>("looking for the mark", &sql) {
            Ok(found) => Ok(found.is_some()),
            Err(error)
                if matches!(error.number(), Some(number::NO_SUCH_TABLE | number::NO_SUCH_DATABASE)) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// True if the server of this session is the writer itself, under any name: it knows the writer's lock.
    pub(crate) fn is_writer(&self, session: &mut Session) -> Result<bool, mysql::Error> {
        let same = format!("SELECT IS_USED_LOCK({}) IS NOT NULL", literal(&self.lock));
        Ok(session.first::<bool>("asking whether it is a reader", &same)? == Some(true))
    }
}
