//! Finds the tables that can have kept rows: the closure on tables instead of rows.

use super::edge::Edge;
use crate::catalog::Catalog;
use crate::config::Up;
use crate::document::TableClass;

/// For each table the number of a relation that reaches it; 0 for roots and full tables; none if nothing reaches it. `classes`
/// has the class of each table for which a rule decided.
pub(crate) fn tables(
    catalog: &Catalog,
    edges: &[Edge],
    classes: &[Option<TableClass>],
) -> Vec<Option<usize>> {
    let class = |table: usize| classes[table];
    let open = |table: usize| matches!(class(table), None | Some(TableClass::Follow | TableClass::Root));
    let mut reached: Vec<Option<usize>> =
        (0..catalog.tables.len()).map(|at| (class(at) == Some(TableClass::Root)).then_some(0)).collect();
    spread(edges, &mut reached, |edge| {
        (edge.down && open(edge.parent) && open(edge.child)).then_some((edge.parent, edge.child))
    });
    for (at, entry) in reached.iter_mut().enumerate() {
        if class(at) == Some(TableClass::Full) {
            *entry = Some(0);
        }
    }
    spread(edges, &mut reached, |edge| {
        (edge.up == Up::Always && open(edge.parent)).then_some((edge.child, edge.parent))
    });
    reached
}

fn spread(edges: &[Edge], reached: &mut [Option<usize>], step: impl Fn(&Edge) -> Option<(usize, usize)>) {
    loop {
        let mut grew = false;
        for edge in edges {
            if let Some((from, to)) = step(edge)
                && reached[from].is_some()
                && reached[to].is_none()
            {
                reached[to] = Some(edge.number);
                grew = true;
            }
        }
        if !grew {
            return;
        }
    }
}
