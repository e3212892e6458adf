//! `--fast`: a load without InnoDB's redo log, which is switched on again whatever happens.
//!
//! In: the session that holds the target's lock. Out: the server as it was found. Before the switch is thrown it is
//! written into the `__previous` database, so that the next run after a crash of this tool ([`end`] in `swap::repair`) knows
//! whose it was. Not guaranteed: a server that crashes meanwhile has lost everything that is on it; so `--fast` is
//! refused where that is more than the target.

use crate::house::House;
use crate::mysql::{Engine, Session};
use crate::restore::error::Error;
use crate::restore::swap::state;
use crate::restore::target::DevTarget;
use crate::sql::literal;

/// The key of the state table that says that the redo log is off because of us.
const KEY: &str = "redo";

const OFF: &str = "off";

/// What a server has of its own.
const SYSTEM: &str = "'mysql', 'sys', 'information_schema', 'performance_schema'";

/// Whether the load may go without the redo log; a refusal if asking for it would endanger more than the target.
pub(crate) fn may(house: &House, session: &mut Session, target: &DevTarget) -> Result<bool, Error> {
    if session.engine() == Engine::MariaDb {
        house.progress.warn("--fast does nothing here: MariaDB cannot switch its redo log off");
        return Ok(false);
    }
    if is_off(session) {
        // Somebody else's wish; the run has warned of it.
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

/// Whether the server writes no redo log; servers that know no such thing always do.
pub(crate) fn is_off(session: &mut Session) -> bool {
    let sql = "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'";
    let found = session.first::<(String, String)>("looking at the redo log", sql);
    matches!(found, Ok(Some((_, value))) if value == "OFF")
}

/// Whether the account has a privilege on the whole server. Privileges that come with a role are not seen: a refusal too
/// many.
pub(crate) fn has(session: &mut Session, privilege: &str) -> Result<bool, Error> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = {} \
         AND GRANTEE = CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', \
         QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))",
        literal(privilege)
    );
    Ok(session.first::<u64>("reading the account's privileges", &sql)?.unwrap_or(0) > 0)
}

/// Databases that are neither the target's nor the server's own.
fn others(session: &mut Session, target: &DevTarget) -> Result<Vec<String>, Error> {
    let own = [target.database.clone(), target.staging(), target.previous()].map(|name| literal(&name));
    let sql = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ({SYSTEM}, {}) \
         ORDER BY SCHEMA_NAME LIMIT 5",
        own.join(", ")
    );
    Ok(session.rows("listing the databases", &sql)?)
}

/// Switches the redo log off, having written down that it is us.
pub(crate) fn begin(session: &mut Session, previous: &str) -> Result<(), Error> {
    state::put(session, previous, state::BEFORE, KEY, OFF)?;
    session.run("switching the redo log off", "ALTER INSTANCE DISABLE INNODB REDO_LOG")?;
    Ok(())
}

/// Switches it on again, if it was us who switched it off; may be repeated.
pub(crate) fn end(session: &mut Session, previous: &str) -> Result<(), Error> {
    if state::get(session, previous, KEY)?.as_deref() != Some(OFF) {
        return Ok(());
    }
    session.run("switching the redo log on again", "ALTER INSTANCE ENABLE INNODB REDO_LOG")?;
    // Under whichever name the state table has by now; a `repair` may come after the swap.
    for table in [state::BEFORE, state::AFTER] {
        if state::put(session, previous, table, KEY, "on").is_ok() {
            break;
        }
    }
    Ok(())
}
