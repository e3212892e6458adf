//! Opens many connections that see one state of the data.
//!
//! In: a server, its readers, and the tables. Out: sessions, each inside a read-only transaction with a consistent
//! snapshot.
//!
//! ```text
//! one connection:  LOCK TABLES … READ          nobody writes now (if it is refused: go on, and say so)
//! readers:         wait for the new mark       see `readers.rs`
//! n connections:   START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY
//! one connection:  UNLOCK TABLES               a moment later, so no client waits for the dump
//! ```
//!
//! The snapshot does not cover ALTER TABLE during the dump (the server's error is 1412, and the dump fails), nor tables of
//! engines without transactions. A lost connection is not opened again: it would see another state.

use super::readers::{ReaderCheck, ReaderPool, ReaderRejected};
use super::session::{apply, check_mask_key, prepare};
use crate::archive::Consistency;
use crate::document::chain;
use crate::dump::error::Error;
use crate::dump::job::Selection;
use crate::house::House;
use crate::mysql::{Server, Session};
use crate::sql::{literal, qualified};
use crate::work_schema::ReaderMark;

/// The most tables in one LOCK TABLES, so that its text stays below a usual `max_allowed_packet`.
const LOCKED_TABLES_MAX: usize = 20_000;

/// Sessions that see the same rows, and how sure it is that they do.
#[derive(Debug)]
pub(crate) struct ReadSnapshot {
    /// Reads definitions and cuts chunks.
    pub(crate) planner: Session,
    /// Connections that read rows, each in a transaction of its own.
    pub(crate) workers: Vec<ReaderSession>,
    pub(crate) consistency: Consistency,
}

#[derive(Debug)]
pub(crate) struct ReaderSession {
    pub(crate) session: Session,
    /// True for a connection to a reader, without which the dump can begin again.
    pub(crate) at_reader: bool,
}

/// The servers that the dump is read from, and with how many connections.
pub(crate) struct ReadPlan<'a> {
    pub(crate) writer: &'a Server,
    /// Replicas that share the reading once they have proven that they show the same rows.
    pub(crate) readers: &'a [Server],
    /// Number of connections that read rows, over all servers.
    pub(crate) workers: usize,
    /// Name of the schema with the marks that readers must show.
    pub(crate) schema: &'a str,
}

impl ReadSnapshot {
    /// True if readers share the reading with the writer.
    pub(crate) fn has_readers(&self) -> bool {
        self.workers.iter().any(|worker| worker.at_reader)
    }
}

/// Opens sessions on one state of the data: one that plans, and those that read.
pub(crate) fn take(plan: &ReadPlan, measure: &ReaderCheck) -> Result<ReadSnapshot, Error> {
    let mut planner = at_writer(plan, measure)?;
    let mut mark = None;
    let mut teams = teams(plan, measure, &mut planner, &mut mark)?;
    let mut own = Vec::new();
    fill_up(plan, measure, &teams, &mut own)?;
    let mut keeper = plan.writer.connect()?;
    let locked = lock(&mut keeper, measure.wish)?;
    if let Some(mark) = &mut mark {
        keep_exact(measure, &mut teams, (&mut planner, mark), locked)?;
    }
    fill_up(plan, measure, &teams, &mut own)?;
    tell(measure.house, plan, own.len(), &teams);
    let workers = own.into_iter().map(|session| ReaderSession { session, at_reader: false });
    let theirs = teams.into_iter().flat_map(|team| team.sessions);
    let theirs = theirs.map(|session| ReaderSession { session, at_reader: true });
    let mut workers: Vec<ReaderSession> = workers.chain(theirs).collect();
    let before = changes(&mut keeper);
    begin(&mut planner)?;
    for worker in &mut workers {
        begin(&mut worker.session).map_err(|error| error.of(worker.at_reader))?;
    }
    let after = changes(&mut keeper);
    if locked {
        keeper.run("unlocking the tables", "UNLOCK TABLES")?;
    }
    if let Some(mark) = mark {
        mark.remove(&mut keeper);
    }
    let consistency = if locked {
        Consistency::Locked
    } else if before.is_some() && before == after {
        // Counters that could not be read are `None` both times, which proves nothing.
        Consistency::Quiet
    } else {
        Consistency::Unlocked
    };
    Ok(ReadSnapshot { planner, workers, consistency })
}

/// Connects to the readers. Leaves out, with a warning, each reader that cannot be used; and all, if no mark can be written.
fn teams(
    plan: &ReadPlan,
    measure: &ReaderCheck,
    planner: &mut Session,
    set: &mut Option<ReaderMark>,
) -> Result<Vec<ReaderPool>, Error> {
    let mut teams = Vec::new();
    // The writer keeps at least one connection.
    let readers = &plan.readers[..plan.readers.len().min(plan.workers.saturating_sub(1))];
    let idle = plan.readers.len() - readers.len();
    if idle > 0 {
        measure.house.progress.warn(&format!(
            "{idle} reader(s) have nothing to do: raise [dump] workers, there are only {}",
            plan.workers
        ));
    }
    if readers.is_empty() {
        return Ok(teams);
    }
    let mark = match ReaderMark::set(planner, plan.schema) {
        Ok(mark) => set.insert(mark),
        Err(error) => {
            measure.house.progress.warn(&format!("no reader is used: {}", chain(&error)));
            return Ok(teams);
        }
    };
    for (position, server) in readers.iter().enumerate() {
        let size = share(plan.workers, readers.len() + 1, position + 1);
        match ReaderPool::open(measure, (server, size), (planner, mark)) {
            Ok(team) => teams.push(team),
            Err(lost) => leave_out(measure.house, server.label(), lost)?,
        }
    }
    Ok(teams)
}

/// Leaves out the readers that do not show a new mark while the writer's tables are locked; and all, if they are not locked.
fn keep_exact(
    measure: &ReaderCheck,
    teams: &mut Vec<ReaderPool>,
    (planner, mark): (&mut Session, &mut ReaderMark),
    locked: bool,
) -> Result<(), Error> {
    if !locked && !teams.is_empty() {
        measure.house.progress.warn(
            "no reader is used: the tables could not be locked (that takes the privilege LOCK TABLES) while the \
             connections began, so nothing proves that all would show the same rows",
        );
        teams.clear();
    }
    if teams.is_empty() {
        return Ok(());
    }
    mark.renew(planner)?;
    for mut team in std::mem::take(teams) {
        match team.still_shows(measure, mark) {
            Ok(()) => teams.push(team),
            Err(lost) => leave_out(measure.house, &team.label, lost)?,
        }
    }
    Ok(())
}

fn leave_out(house: &House, label: &str, lost: ReaderRejected) -> Result<(), Error> {
    match lost {
        ReaderRejected::Because(why) => house.progress.warn(&format!("reader {label} is left out: {why}")),
        ReaderRejected::Failed(error) => return Err(error),
    }
    Ok(())
}

/// Returns how many of the workers the server at this position gets.
fn share(workers: usize, servers: usize, position: usize) -> usize {
    workers.saturating_sub(position).div_ceil(servers)
}

/// Opens connections to the writer until there are `plan.workers` in all.
fn fill_up(
    plan: &ReadPlan,
    measure: &ReaderCheck,
    teams: &[ReaderPool],
    own: &mut Vec<Session>,
) -> Result<(), Error> {
    let theirs: usize = teams.iter().map(|team| team.sessions.len()).sum();
    while own.len() + theirs < plan.workers {
        own.push(at_writer(plan, measure)?);
    }
    Ok(())
}

fn at_writer(plan: &ReadPlan, measure: &ReaderCheck) -> Result<Session, Error> {
    let mut session = prepare(plan.writer)?;
    apply(&mut session, measure.settings, measure.keys)?;
    check_mask_key(&mut session, measure.wish)?;
    Ok(session)
}

/// Tells the person which servers are read, unless it is the writer alone.
fn tell(house: &House, plan: &ReadPlan, own: usize, teams: &[ReaderPool]) {
    if teams.is_empty() {
        return;
    }
    let mut places = vec![format!("{own} at {}", plan.writer.label())];
    places.extend(teams.iter().map(|team| format!("{} at {}", team.sessions.len(), team.label)));
    house.progress.say(&format!("reading through {} connections: {}", plan.workers, places.join(", ")));
}

fn begin(session: &mut Session) -> Result<(), Error> {
    session.run("opening a snapshot", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")?;
    Ok(())
}

/// Returns the sum of the server's counters of changed rows and commits. `None` if it does not show all of them.
fn changes(session: &mut Session) -> Option<u64> {
    let sql = "SHOW GLOBAL STATUS WHERE Variable_name IN \
               ('Innodb_rows_inserted', 'Innodb_rows_updated', 'Innodb_rows_deleted', 'Com_commit', 'Com_xa_commit')";
    let counters: Vec<(String, String)> = session.rows("reading the server's counters", sql).ok()?;
    let values: Vec<u64> = counters.iter().map(|(_, value)| value.parse()).collect::<Result<_, _>>().ok()?;
    (values.len() == 5).then(|| values.iter().sum())
}

/// Locks the tables for reading. Returns false if this account may not, if another client's lock lasts more than 10 s, or if
/// there are no tables or too many.
fn lock(session: &mut Session, wish: &Selection) -> Result<bool, Error> {
    let tables = tables(session, wish)?;
    if tables.is_empty() || tables.len() > LOCKED_TABLES_MAX {
        return Ok(false);
    }
    session.attempt("SET SESSION lock_wait_timeout = 10");
    Ok(session.attempt(&format!("LOCK TABLES {}", tables.join(", "))))
}

fn tables(session: &mut Session, wish: &Selection) -> Result<Vec<String>, Error> {
    match wish {
        Selection::Plan(plan) => {
            let planned = plan.tables.iter().filter(|table| !table.columns.is_empty());
            Ok(planned.map(|table| format!("{} READ", qualified(&table.database, &table.table))).collect())
        }
        Selection::Whole(databases) => {
            let names: Vec<String> = databases.iter().map(|name| literal(name)).collect();
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
