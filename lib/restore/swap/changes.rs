//! Counts the rows of each table before and after a swap.
//!
//! In: the plan of a swap that is done. Out: exact counts or none: estimates could show changes that did not happen. All counts
//! together take at most 5 s, because somebody waits for the refresh to end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::record::SwapPlan;
use super::state;
use crate::document::TableChange;
use crate::mysql::{Engine, Session};
use crate::sql::qualified;

/// Limit of the time for all counts.
const TIME: Duration = Duration::from_secs(5);

/// Returns the rows of each table before and after, and the number of tables that could not be counted in time.
pub(crate) fn changes(session: &mut Session, plan: &SwapPlan) -> (Vec<TableChange>, u64) {
    let end = Instant::now() + TIME;
    let names: BTreeSet<&String> = plan.live.tables.iter().chain(&plan.incoming.tables).collect();
    let (mut changes, mut uncounted) = (Vec::new(), 0);
    for table in names {
        let mut counted = |of: &[String], database: &str, name: &str| {
            if of.contains(table) {
                count(session, &qualified(database, name), end).map(Some)
            } else {
                Some(None)
            }
        };
        let before = counted(&plan.live.tables, &plan.outgoing, &state::kept_as(table));
        let after = counted(&plan.incoming.tables, &plan.live.database, table);
        match (before, after) {
            (Some(before), Some(after)) => {
                changes.push(TableChange { table: table.clone(), before, after, ..TableChange::default() });
            }
            _ => uncounted += 1,
        }
    }
    (changes, uncounted)
}

/// Counts the rows of a table. `None` if `end` comes first, or if the server refuses.
fn count(session: &mut Session, table: &str, end: Instant) -> Option<u64> {
    let left = end.checked_duration_since(Instant::now())?.as_millis().max(1);
    let sql = match session.engine() {
        Engine::MySql => format!("SELECT /*+ MAX_EXECUTION_TIME({left}) */ COUNT(*) FROM {table}"),
        Engine::MariaDb => {
            format!(
                "SET STATEMENT max_statement_time = {}.{:03} FOR SELECT COUNT(*) FROM {table}",
                left / 1000,
                left % 1000
            )
        }
    };
    session.first("counting rows", &sql).ok().flatten()
}
