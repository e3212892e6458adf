//! Reports what each relation added to the plan, and what the proof found along it.
//!
//! In: finished key tables, the closure, the evidence of the proof. Out: the document's [`EdgeReport`]s.

use super::examine::RelationProof;
use crate::document::{EdgeOrigin, EdgeReport};
use crate::mysql::Session;
use crate::plan::closure::collect::Closure;
use crate::plan::closure::pool::share_out;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::rules::edge::RelationOrigin;

/// One report for each relation, in the order of their numbers.
pub(crate) fn edge_reports(
    sessions: &mut [Session],
    blueprint: &Blueprint,
    closure: &Closure,
    evidence: &[RelationProof],
) -> Result<Vec<EdgeReport>, Error> {
    let mut reports: Vec<EdgeReport> = blueprint
        .edges
        .iter()
        .map(|edge| EdgeReport {
            child: edge.child_label(&blueprint.catalog),
            parent: edge.parent_label(&blueprint.catalog),
            origin: match edge.origin {
                RelationOrigin::Declared => EdgeOrigin::Declared,
                RelationOrigin::ForeignKey => EdgeOrigin::ForeignKey,
            },
            ..EdgeReport::default()
        })
        .collect();
    let added = share_out(sessions, blueprint.keyed().collect(), |session, table| {
        let keys = blueprint.words().keys(table);
        let sql = format!("SELECT edge, COUNT(*) FROM {keys} WHERE edge <> 0 GROUP BY edge");
        Ok(session.rows::<(i64, u64)>("counting what each relation added", &sql)?)
    })?;
    for (edge, rows) in added.into_iter().flatten() {
        let report = usize::try_from(edge.unsigned_abs()).ok().and_then(|n| reports.get_mut(n - 1));
        if let Some(report) = report {
            *(if edge > 0 { &mut report.down_rows } else { &mut report.up_rows }) += rows;
        }
    }
    for (table, along) in &blueprint.read.along {
        let rows = along.found.as_ref().map_or(0, |found| found.rows);
        debug_assert_eq!(blueprint.owner(along.edge).child, *table);
        reports[along.edge - 1].down_rows += rows;
    }
    for found in evidence {
        let report = &mut reports[found.edge - 1];
        (report.orphans, report.dangling) = (found.orphans, found.dangling);
    }
    for (edge, rows) in &closure.dropped {
        reports[edge - 1].dropped_rows = Some(*rows);
    }
    Ok(reports)
}

/// One warning for each relation with orphans.
pub(crate) fn orphans(edges: &[EdgeReport]) -> Vec<String> {
    let orphans = edges.iter().filter(|edge| edge.orphans > 0).map(|edge| {
        format!(
            "{} row(s) of {} refer to rows of {} that the source does not have either",
            edge.orphans, edge.child, edge.parent
        )
    });
    orphans.collect()
}
