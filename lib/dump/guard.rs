//! Checks before and after the rows are read, so that only a dump of what the plan chose is published.
//!
//! In: what is dumped, connections, the numbers of written rows. Out: nothing, or why the dump must not be published.

use super::error::Error;
use super::job::{DumpJob, Liveness, Selection};
use super::read::snapshot::ReadSnapshot;
use super::read::workers::SharedWork;
use crate::archive::{Consistency, Manifest, TableEntry, TableKind};
use crate::document::{Exit, Failure, TableClass, chain};
use crate::house::House;
use crate::mysql::{Server, Session};
use crate::sql::qualified;
use crate::work_schema;

/// Fails unless the plan was made on this server. A plan that was carried out in place reads whole tables without masks, so
/// it is read only where it was carried out. Any other plan reads key tables, and its SQL is run on the server, so it is
/// read only where it was made, and only unchanged.
pub(crate) fn origin(server: &Server, wish: &Selection, run: &str) -> Result<(), Error> {
    let Selection::Plan(plan) = wish else { return Ok(()) };
    let (server_label, schema) = (server.label().to_owned(), plan.work_schema.clone());
    if plan.in_place {
        if !work_schema::is_rewritten(&mut server.connect()?, plan)? {
            return Err(Error::NotRewritten { server: server_label, schema });
        }
    } else {
        let mut session = server.connect()?;
        // Without a work schema nothing proves that the plan was made here.
        if schema.is_empty() || !work_schema::is_planned(&mut session, plan, run)? {
            return Err(Error::OtherPlan { server: server_label, schema });
        }
    }
    Ok(())
}

/// Drops the work schema and the keys of a plan whose dump was published or refused. After any other failure both stay, so that
/// the plan can be dumped again. Warns of a work schema that cannot be dropped: the next run drops it.
pub(crate) fn clear_up(house: &House, job: &DumpJob, run: &str, failure: Option<&Error>) {
    let Selection::Plan(plan) = &job.wish else { return };
    let refused = |error: &Error| error.exit() == Exit::Refused || matches!(error, Error::OtherRows { .. });
    if failure.is_some_and(|error| !refused(error)) {
        return;
    }
    if !plan.work_schema.is_empty() {
        let session = job.server.connect().map_err(work_schema::Error::from);
        let dropped = session.and_then(|mut session| work_schema::drop_plan(&mut session, plan, run));
        if let Err(error) = dropped {
            let (schema, why) = (&plan.work_schema, chain(&error));
            house.progress.warn(&format!("`{schema}` stays on {}: {why}", job.server.label()));
        }
    }
    if let Err(error) = work_schema::forget_keys_of(&house.journal(run)) {
        house.progress.warn(&chain(&error));
    }
}

/// Compares the number of written rows with the plan's number, or with a count in the snapshot. Rows are counted only
/// where chunks were cut by an order of texts, times or bytes (integers leave no room for a mistake), or where readers
/// shared the reading.
pub(crate) fn rows(
    house: &House,
    (wish, place): (&Selection, Liveness),
    snapshot: &mut ReadSnapshot,
    (manifest, work): (&Manifest, &SharedWork),
) -> Result<(), Error> {
    let has_readers = snapshot.has_readers();
    for (position, table) in manifest.tables.iter().enumerate() {
        house.cancel.check()?;
        if table.kind != TableKind::Table {
            continue;
        }
        let doubtful = has_readers || work.relies_on_order(position);
        let session = doubtful.then_some(&mut snapshot.planner);
        let Some(expected) = expected(wish, place, session, table)? else { continue };
        let label = format!("{}.{}", table.database, table.table);
        let sure = (snapshot.consistency, work.is_transactional(position));
        match verdict(place, sure, table.rows, expected) {
            RowCountVerdict::Fine => {}
            RowCountVerdict::Strange => {
                house.progress.warn(&format!("{label}: {} rows were read, {expected} counted", table.rows));
            }
            RowCountVerdict::Wrong => {
                return Err(Error::OtherRows { table: label, expected, rows: table.rows });
            }
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum RowCountVerdict {
    Fine,
    Strange,
    Wrong,
}

/// Decides what a difference means. On a server in use, rows outside the snapshot may rightly differ between connections.
fn verdict(
    place: Liveness,
    (consistency, is_transactional): (Consistency, bool),
    rows: u64,
    expected: u64,
) -> RowCountVerdict {
    let loose = consistency == Consistency::Unlocked || !is_transactional;
    match place {
        _ if expected == rows => RowCountVerdict::Fine,
        Liveness::Live if loose => RowCountVerdict::Strange,
        _ => RowCountVerdict::Wrong,
    }
}

/// Returns how many rows of the table must have been written. `None` for a table without rows in the dump; and `None` without
/// a session, if the rows would have to be counted.
fn expected(
    wish: &Selection,
    place: Liveness,
    session: Option<&mut Session>,
    table: &TableEntry,
) -> Result<Option<u64>, Error> {
    if table.columns.is_empty() {
        return Ok(None);
    }
    let mut source = qualified(&table.database, &table.table);
    if let Selection::Plan(plan) = wish {
        let planned = plan.tables.iter().find(|p| p.database == table.database && p.table == table.table);
        match planned {
            None => return Ok(None),
            Some(planned) if planned.class == TableClass::Empty => return Ok(None),
            // On a server in use, a whole table may have other rows by now than when the plan was made.
            Some(planned) if planned.class != TableClass::Full || place == Liveness::Copy => {
                return Ok(Some(planned.rows));
            }
            Some(planned) => {
                let filter = planned.filter.as_deref().filter(|filter| !filter.trim().is_empty());
                source = format!("{} WHERE {}", planned.from, filter.unwrap_or("TRUE"));
            }
        }
    }
    let Some(session) = session else { return Ok(None) };
    let deed = format!("counting the rows of {}.{}", table.database, table.table);
    Ok(session.first(&deed, &format!("SELECT COUNT(*) FROM {source}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::define::facts::TableStatus;

    #[test]
    fn other_rows_are_wrong_but_where_somebody_may_have_written() {
        let said = |place, consistency, engine: &str, expected| {
            let engine = engine.to_owned();
            let table =
                TableStatus { name: "t".to_owned(), kind: String::new(), engine, rows: 5, row_bytes: 1 };
            verdict(place, (consistency, table.is_transactional()), 5, expected)
        };
        for consistency in [Consistency::Locked, Consistency::Quiet, Consistency::Unlocked] {
            assert_eq!(said(Liveness::Copy, consistency, "InnoDB", 5), RowCountVerdict::Fine);
            assert_eq!(said(Liveness::Copy, consistency, "MyISAM", 6), RowCountVerdict::Wrong);
            assert_eq!(said(Liveness::Live, consistency, "MyISAM", 4), RowCountVerdict::Strange);
        }
        assert_eq!(said(Liveness::Live, Consistency::Locked, "InnoDB", 6), RowCountVerdict::Wrong);
        assert_eq!(said(Liveness::Live, Consistency::Quiet, "InnoDB", 4), RowCountVerdict::Wrong);
        assert_eq!(said(Liveness::Live, Consistency::Unlocked, "InnoDB", 4), RowCountVerdict::Strange);
    }
}
