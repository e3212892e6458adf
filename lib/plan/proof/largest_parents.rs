//! Finds the parents that bring the most children, where a `cap` may help.
//!
//! In: finished key tables. Out: for each relation that brings children, the parents with the most of them, in the
//! report's `hot_parents`.

use crate::document::{EdgeReport, HotParent};
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::collect::Closure;
use crate::plan::closure::pool::share_out;
use crate::plan::closure::sql::{ChildRows, ClosureSql};
use crate::plan::error::Error;
use crate::plan::rules::access;
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::rules::edge::Edge;

/// At most this many parents are named for a relation.
const PARENTS: u64 = 3;

/// A parent with fewer kept children is not reported.
const CHILDREN_MIN: u64 = 20;

/// Adds the parents with the most children to the reports (`hot_parents`).
pub(crate) fn parents(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    closure: &Closure,
    reports: &mut [EdgeReport],
) -> Result<(), Error> {
    // A key that is masked in the dump is not shown here either.
    let clear = |edge: &Edge| {
        let mask = |column: &String| blueprint.masks.of(edge.child, column);
        edge.child_columns.iter().filter_map(mask).all(|mask| mask.kind == "keep")
    };
    let owned = |edge: &&Edge| clear(edge);
    let along = blueprint.read.along.values().map(|along| blueprint.owner(along.edge));
    let edges: Vec<&Edge> = blueprint.down().chain(along).filter(owned).collect();
    let found = share_out(sessions, edges, |session, edge| {
        house.cancel.check()?;
        Ok((edge.number, hottest(session, blueprint, closure, edge)?))
    })?;
    for (edge, hot) in found.into_iter().filter(|(_, hot)| !hot.is_empty()) {
        reports[edge - 1].hot_parents = hot;
    }
    Ok(())
}

fn hottest(
    session: &mut Session,
    blueprint: &Blueprint,
    closure: &Closure,
    edge: &Edge,
) -> Result<Vec<HotParent>, Error> {
    let words = blueprint.words();
    let values: Vec<String> = (1..=edge.child_columns.len()).map(|n| format!("c.v{n}")).collect();
    let (from, kept) = children(words, closure, edge);
    let sql = format!(
        "SELECT CONCAT_WS(' ', {}), COUNT(*) AS children FROM {from} WHERE {kept} AND {} AND {} GROUP BY {} \
         HAVING COUNT(*) >= {CHILDREN_MIN} ORDER BY children DESC, 1 LIMIT {PARENTS}",
        values.join(", "),
        ClosureSql::refers(edge),
        words.means_something_of(edge, &values),
        values.join(", "),
    );
    let deed = format!("looking for hot parents of {}", edge.child_label(&blueprint.catalog));
    let rows: Vec<(Vec<u8>, u64)> = session.rows(&deed, &sql)?;
    let told = |(key, children): (Vec<u8>, u64)| HotParent {
        key: String::from_utf8_lossy(&key).into_owned(),
        children,
        ..HotParent::default()
    };
    Ok(rows.into_iter().map(told).collect())
}

/// FROM clause and condition for the children that the parents of a relation brought. If all children of a parent are kept, the
/// index that finds them is enough to count them; else each kept row is read.
fn children(words: ClosureSql<'_>, closure: &Closure, edge: &Edge) -> (String, String) {
    let all_come = edge.cap.is_none() && edge.cast.is_none() && closure.dropped.is_empty();
    if all_come && words.brings_its_parent(edge) && access::indexed(words.table(edge.child), edge) {
        return (words.parents_and_children(edge), format!("k.gen <= {}", closure.last_down));
    }
    words.kept_child_rows(edge, ChildRows::Until(closure.last_down, None))
}
