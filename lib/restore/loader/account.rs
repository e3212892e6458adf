//! Accounts that a refresh makes on the target's server.
//!
//! In: a target, a session that may make accounts. Out: an account whose name depends on the target's database alone, so that the
//! next refresh finds what a killed one left.

use crate::engine;
use crate::mysql::{Engine, Error, Session};
use crate::restore::target::DevTarget;
use crate::sql::{literal, name};

/// An account: user name and host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) host: String,
}

impl Account {
    /// The loader of one refresh. Its host is this one, as the server sees it.
    pub(crate) fn loader_of(target: &DevTarget, session: &mut Session) -> Result<Self, Error> {
        let host = session.first::<String>("asking who we are", "SELECT USER()")?.unwrap_or_default();
        let host = host.rsplit_once('@').map_or("localhost", |(_, host)| host).to_owned();
        Ok(Self { user: user_of("l", target), host })
    }

    /// The definer of the database's objects. Nobody logs in with it.
    pub(crate) fn definer_of(target: &DevTarget) -> Self {
        Self { user: user_of("d", target), host: "localhost".to_owned() }
    }

    /// The account as SQL names it: `'user'@'host'`.
    fn quoted(&self) -> String {
        format!("{}@{}", literal(&self.user), literal(&self.host))
    }

    pub(crate) fn create(&self, session: &mut Session, password: &str) -> Result<(), Error> {
        let sql = format!("CREATE USER {} IDENTIFIED BY {}", self.quoted(), literal(password));
        session.run(&format!("making the account {}", self.user), &sql).map(drop)
    }

    /// Makes the account locked, so that nobody can log in with it, if it is not there yet.
    pub(crate) fn create_locked(&self, session: &mut Session) -> Result<(), Error> {
        let sql = format!(
            "CREATE USER IF NOT EXISTS {} IDENTIFIED BY {} ACCOUNT LOCK",
            self.quoted(),
            literal(&engine::new_password())
        );
        session.run(&format!("making the account {}", self.user), &sql).map(drop)
    }

    /// Gives the account all rights on one database.
    pub(crate) fn grant(&self, session: &mut Session, database: &str) -> Result<(), Error> {
        let sql = format!("GRANT ALL ON {}.* TO {}", pattern(session, database), self.quoted());
        session.run(&format!("granting {database} to {}", self.user), &sql).map(drop)
    }

    /// Drops the account if it has no rights anywhere: then no object can run in its name.
    pub(crate) fn drop_unused(&self, session: &mut Session) -> Result<(), Error> {
        let sql = format!("SHOW GRANTS FOR {}", self.quoted());
        let grants: Vec<String> = session.rows("reading an account's rights", &sql)?;
        if grants.len() == 1 { self.drop(session) } else { Ok(()) }
    }

    pub(crate) fn drop(&self, session: &mut Session) -> Result<(), Error> {
        let sql = format!("DROP USER IF EXISTS {}", self.quoted());
        session.run(&format!("dropping the account {}", self.user), &sql).map(drop)
    }
}

/// A user name of at most 32 characters, MySQL's limit.
fn user_of(purpose: &str, target: &DevTarget) -> String {
    format!("refreshkit_{purpose}_{:016x}", xxhash_rust::xxh3::xxh3_64(target.database.as_bytes()))
}

/// Turns the text of CURRENT_USER() into `'user'@'host'`.
pub(crate) fn quoted(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    format!("{}@{}", literal(user), literal(host))
}

/// A database's name for GRANT, which reads it as a pattern: `_` and `%` are escaped. With MySQL's `partial_revokes` GRANT reads
/// a plain name.
pub(crate) fn pattern(session: &mut Session, database: &str) -> String {
    let plain = session.engine() == Engine::MySql
        && matches!(
            session.first::<i64>("asking how grants are read", "SELECT @@partial_revokes"),
            Ok(Some(1))
        );
    if plain { name(database) } else { name(&escaped(database)) }
}

/// A pattern that fits only this name.
pub(crate) fn escaped(database: &str) -> String {
    database.replace('_', "\\_").replace('%', "\\%")
}

/// True if the server writes a binary log and lets only accounts with SUPER make functions and triggers.
pub(crate) fn needs_super_for_functions(session: &mut Session) -> Result<bool, Error> {
    let sql = "SELECT @@log_bin AND NOT @@log_bin_trust_function_creators";
    Ok(session.first::<i64>("asking who may make functions", sql)? == Some(1))
}
