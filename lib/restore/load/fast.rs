//! `--fast`: loads without InnoDB's redo log, and switches the log on again afterwards.
//!
//! In: the session that holds the target's lock. Out: the server as it was found. A note in the `__previous` database comes
//! before the switch. After a crash of this tool, the next refresh or repair finds the note and switches the log on ([`end`] in
//! `swap::repair`). Not guaranteed: a server that crashes without a redo log loses all its data. So `--fast` is refused on a
//! server that holds more than the target.

use crate::house::House;
use crate::mysql::{Engine, Session};
use crate::restore::error::Error;
use crate::restore::swap::state;
use crate::restore::target::DevTarget;
use crate::sql::literal;

/// Key in the state table: `off` under it says that this tool switched the redo log off.
const KEY: &str = "redo";

const OFF: &str = "off";

/// Databases that every server has, as SQL literals.
const SYSTEM: &str = "'mysql', 'sys', 'information_schema', 'performance_schema'";

/// True if the load may switch the redo log off. False on MariaDB, or if it is off already. Fails if the account lacks a
/// privilege for it, or if the server holds other databases.
pub(crate) fn may(house: &House, session: &mut Session, target: &DevTarget) -> Result<bool, Error> {
    if session.engine() == Engine::MariaDb {
        house.progress.warn("--fast does nothing here: MariaDB cannot switch its redo log off");
        return Ok(false);
    }
    if is_off(session) {
        // Somebody else has switched it off; the refresh has warned of this.
        return Ok(false);
    }
    let refuse = |why: String| Err(Error::NotFast { target: target.name.clone(), why });
    if !has(session, "INNODB_REDO_LOG_ENABLE")? {
        return refuse("its account lacks the privilege INNODB_REDO_LOG_ENABLE".to_owned());
    }
    if !has(session, "SHOW DATABASES")? {
        return refuse(
            "its account lacks SHOW DATABASES, so nobody knows what else is on the server".to_owned(),
        );
    }
    let others = others(session, target)?;
    if others.is_empty() {
        return Ok(true);
    }
    refuse(format!("the server also holds {}", others.join(", ")))
}

/// True if the server's redo log is off. Servers without this switch always write one.
pub(crate) fn is_off(session: &mut Session) -> bool {
    let sql = "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'";
    let found = session.first::<(String, String)>("looking at the redo log", sql);
    matches!(found, Ok(Some((_, value))) if value == "OFF")
}

/// True if the account has a privilege on the whole server. Privileges of a role are not seen: this may refuse too much.
pub(crate) fn has(session: &mut Session, privilege: &str) -> Result<bool, Error> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = {} \
         AND GRANTEE = CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', \
         QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))",
        literal(privilege)
    );
    Ok(session.first::<u64>("reading the account's privileges", &sql)?.unwrap_or(0) > 0)
}

/// Names of databases that are neither the target's nor the server's own; the first five.
fn others(session: &mut Session, target: &DevTarget) -> Result<Vec<String>, Error> {
    let own = [target.database.clone(), target.staging(), target.previous()].map(|name| literal(&name));
    let sql = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ({SYSTEM}, {}) \
         ORDER BY SCHEMA_NAME LIMIT 5",
        own.join(", ")
    );
    Ok(session.rows("listing the databases", &sql)?)
}

/// Writes down that this tool switches the redo log off, then does so.
pub(crate) fn begin(session: &mut Session, previous: &str) -> Result<(), Error> {
    state::put(session, previous, state::BEFORE, KEY, OFF)?;
    session.run("switching the redo log off", "ALTER INSTANCE DISABLE INNODB REDO_LOG")?;
    Ok(())
}

/// Switches the redo log on again if this tool switched it off. May be repeated.
pub(crate) fn end(session: &mut Session, previous: &str) -> Result<(), Error> {
    if state::get(session, previous, KEY)?.as_deref() != Some(OFF) {
        return Ok(());
    }
    session.run("switching the redo log on again", "ALTER INSTANCE ENABLE INNODB REDO_LOG")?;
    // A repair may come after the swap, which renames the state table.
    for table in [state::BEFORE, state::AFTER] {
        if state::put(session, previous, table, KEY, "on").is_ok() {
            break;
        }
    }
    Ok(())
}
