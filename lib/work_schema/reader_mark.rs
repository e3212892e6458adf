//! Marks of readers: rows by which a further server is seen to be up to date.
//!
//! In: a session on the writer. Out: a [`ReaderMark`] that every reader shows once it has all that was written before. They lie
//! in a schema of their own where the work schema's changes are kept from replicas.

use super::names::READER_MARKS;
use crate::mysql::{self, Session, number};
use crate::sql::{literal, name, qualified};

/// A row that is on the writer from a known moment on.
#[derive(Debug)]
pub(crate) struct ReaderMark {
    table: String,
    token: String,
    /// The name of a lock that the writer holds: the same server knows it, no other does.
    lock: String,
}

impl ReaderMark {
    /// Writes the first mark, through a connection that goes on living.
    pub(crate) fn set(session: &mut Session, schema: &str) -> Result<Self, mysql::Error> {
        let deed = "marking the state that readers must show";
        // Whoever keeps others from writing for long must not stop the dump.
        session.attempt("SET SESSION lock_wait_timeout = 10");
        session.attempt(&format!(
            "CREATE DATABASE IF NOT EXISTS {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            name(schema)
        ));
        let table = qualified(schema, READER_MARKS);
        let columns =
            "token VARCHAR(64) NOT NULL PRIMARY KEY, written TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP";
        session.run(deed, &format!("CREATE TABLE IF NOT EXISTS {table} ({columns})"))?;
        // Of runs that died.
        session.attempt(&format!("DELETE FROM {table} WHERE written < NOW() - INTERVAL 1 DAY"));
        let mut mark = Self { table, token: String::new(), lock: String::new() };
        mark.renew(session)?;
        mark.lock.clone_from(&mark.token);
        session.first::<Option<u8>>(deed, &format!("SELECT GET_LOCK({}, 0)", literal(&mark.lock)))?;
        Ok(mark)
    }

    /// Puts another one in its place.
    pub(crate) fn renew(&mut self, session: &mut Session) -> Result<(), mysql::Error> {
        let deed = "marking the state that readers must show";
        let token: Option<String> = session.first(deed, "SELECT UUID()")?;
        self.remove(session);
        self.token = token.unwrap_or_default();
        session
            .run(deed, &format!("INSERT INTO {} (token) VALUES ({})", self.table, literal(&self.token)))?;
        Ok(())
    }

    /// Takes it away again.
    pub(crate) fn remove(&self, session: &mut Session) {
        session.attempt(&format!("DELETE FROM {} WHERE token = {}", self.table, literal(&self.token)));
    }

    /// Whether this server shows it.
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

    /// Whether this server is the writer itself, under whatever name: it knows the writer's lock.
    pub(crate) fn is_writer(&self, session: &mut Session) -> Result<bool, mysql::Error> {
        let same = format!("SELECT IS_USED_LOCK({}) IS NOT NULL", literal(&self.lock));
        Ok(session.first::<bool>("asking whether it is a reader", &same)? == Some(true))
    }
}
