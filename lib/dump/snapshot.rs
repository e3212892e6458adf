//! Many connections that see one state of the data.
//!
//! In: a server, and the tables. Out: sessions, each inside a read-only transaction with a consistent snapshot.
//!
//! ```text
//! one connection:  LOCK TABLES … READ          nobody writes now (refused: go on, and say so)
//! n connections:   START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY
//! one connection:  UNLOCK TABLES               a moment later; no reader waits for the dump
//! ```
//!
//! Not covered by it: ALTER TABLE during the dump (the server says 1412, and the dump fails) and tables of engines
//! without transactions. A connection that is lost is not opened again: it would see another state.

use super::manifest::Consistency;
use super::schema::Wish;
use super::{Error, guard};
use crate::mysql::{Server, Session, qualified};

/// The most tables in one LOCK TABLES: its text stays far below any `max_allowed_packet`.
const LOCKED_TABLES_MAX: usize = 20_000;

/// Sessions that see the same rows, and how sure that is.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Reads definitions and cuts chunks.
    pub(crate) planner: Session,
    /// Read rows.
    pub(crate) readers: Vec<Session>,
    pub(crate) consistency: Consistency,
}

/// Opens `readers` + 1 sessions on one state of the data; each runs `settings` first.
pub(crate) fn take(
    server: &Server,
    wish: &Wish,
    settings: &[String],
    readers: u16,
) -> Result<Snapshot, Error> {
    let mut sessions = Vec::new();
    for _ in 0..=readers {
        let mut session = prepare(server, settings)?;
        guard::mask_key(&mut session, wish)?;
        sessions.push(session);
    }
    let mut keeper = server.connect()?;
    let locked = lock(&mut keeper, wish)?;
    let before = changes(&mut keeper);
    for session in &mut sessions {
        session.run("opening a snapshot", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")?;
    }
    let after = changes(&mut keeper);
    if locked {
        keeper.run("unlocking the tables", "UNLOCK TABLES")?;
    }
    let planner = sessions.swap_remove(0);
    let consistency = if locked {
        Consistency::Locked
    } else if before.is_some() && before == after {
        // Two counters that cannot be read are no proof.
        Consistency::Quiet
    } else {
        Consistency::Unlocked
    };
    Ok(Snapshot { planner, readers: sessions, consistency })
}

fn prepare(server: &Server, settings: &[String]) -> Result<Session, Error> {
    let mut session = server.connect()?;
    let deed = "setting up a connection";
    session.run(deed, "SET SESSION sql_mode = ''")?;
    session.run(deed, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
    session.run(deed, "SET SESSION sql_quote_show_create = 1")?;
    // A reader that waits for a slow disk must not be thrown out; the answer of a server that minds is of no interest.
    for setting in ["net_write_timeout = 3600", "wait_timeout = 86400", "information_schema_stats_expiry = 0"]
    {
        session.attempt(&format!("SET SESSION {setting}"));
    }
    for statement in settings {
        session.run("running a session statement of the plan", statement)?;
    }
    Ok(session)
}

/// How often anything was changed or committed on this server, if it tells.
fn changes(session: &mut Session) -> Option<u64> {
    let sql = "SHOW GLOBAL STATUS WHERE Variable_name IN \
               ('Innodb_rows_inserted', 'Innodb_rows_updated', 'Innodb_rows_deleted', 'Com_commit', 'Com_xa_commit')";
    let counters: Vec<(String, String)> = session.rows("reading the server's counters", sql).ok()?;
    let values: Vec<u64> = counters.iter().map(|(_, value)| value.parse()).collect::<Result<_, _>>().ok()?;
    (values.len() == 5).then(|| values.iter().sum())
}

/// Locks the tables for reading, if this account may and no writer keeps one for long.
fn lock(session: &mut Session, wish: &Wish) -> Result<bool, Error> {
    let tables = tables(session, wish)?;
    if tables.is_empty() || tables.len() > LOCKED_TABLES_MAX {
        return Ok(false);
    }
    session.attempt("SET SESSION lock_wait_timeout = 10");
    Ok(session.attempt(&format!("LOCK TABLES {}", tables.join(", "))))
}

fn tables(session: &mut Session, wish: &Wish) -> Result<Vec<String>, Error> {
    match wish {
        Wish::Plan(plan) => {
            let planned = plan.tables.iter().filter(|table| !table.columns.is_empty());
            Ok(planned.map(|table| format!("{} READ", qualified(&table.database, &table.table))).collect())
        }
        Wish::Whole(databases) => {
            let names: Vec<String> = databases.iter().map(|name| crate::mysql::literal(name)).collect();
            let sql = format!(
                "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES \
                 WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA IN ({})",
                names.join(", ")
            );
            let found: Vec<(String, String)> = session.rows("listing the tables", &sql)?;
            Ok(found
                .into_iter()
                .map(|(database, table)| format!("{} READ", qualified(&database, &table)))
                .collect())
        }
    }
}
