//! What must be true before and after rows are read, so that a dump is never published that the plan did not mean.
//!
//! In: what is to be dumped, connections, what was written. Out: nothing, or the reason why it must not be published.

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

/// Whether the server is where the plan was made. A plan that was carried out in place reads whole tables without
/// masks: only where that happened. Any other reads key tables: only where it was made, and as it was made: its text is
/// run there.
pub(crate) fn origin(server: &Server, wish: &Selection, run: &str) -> Result<(), Error> {
    let Selection::Plan(plan) = wish else { return Ok(()) };
    let (server_label, schema) = (server.label().to_owned(), plan.work_schema.clone());
    if plan.in_place {
        if !work_schema::is_rewritten(&mut server.connect()?, plan)? {
            return Err(Error::NotRewritten { server: server_label, schema });
        }
    } else {
        let mut session = server.connect()?;
        // Without a schema nobody can say that it was made here.
        if schema.is_empty() || !work_schema::is_planned(&mut session, plan, run)? {
            return Err(Error::OtherPlan { server: server_label, schema });
        }
    }
    Ok(())
}

/// A plan whose dump is published or refused is over: its work schema and its keys go, but where something else went wrong, so
/// that it can be dumped after all. What stays is told, and dropped by the next run.
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

/// Compares the rows that were written with those of the plan, or with those that the snapshot has. The latter are
/// counted only where chunks were cut by an order of texts, times or bytes (integers leave no room for a mistake), or
/// where readers shared the reading.
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

/// What a difference means. The snapshot's readers may rightly disagree about what is no part of it.
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

/// How many rows the table's part must have; none for a table without rows in the dump, and none without a session if
/// they would have to be counted.
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
            // A whole table of a server that lives on may have other rows by now.
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
