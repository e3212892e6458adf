//! The statements of the closure: each is one step along one relation.

use super::sql::{ChildRows, ClosureSql, placed};
use crate::plan::rules::access;
use crate::plan::rules::cast::Cast;
use crate::plan::rules::edge::Edge;

impl<'a> ClosureSql<'a> {
    /// Statement that adds the children of parents of generation `gen_now - 1`.
    pub(crate) fn down(&self, edge: &'a Edge, gen_now: u64) -> String {
        let (number, before) = (edge.number, gen_now - 1);
        let into = self.insert_into(edge.child);
        let kept = self.on_duplicate(edge.child);
        let Some(cap) = edge.cap else {
            let from = self.parents_and_children(edge);
            let keys = self.key_list(edge.child, "c.q");
            return format!(
                "{into} SELECT {keys}, {gen_now}, {number} FROM {from} WHERE k.gen = {before}{kept}"
            );
        };
        // Ranked over all children of a parent, kept already or not: a cap must not depend on which were kept first.
        // DENSE_RANK, because a list may name one parent twice; the key makes the order total.
        let child = self.table(edge.child);
        let values = self.values(edge);
        let key: Vec<String> = child.key().iter().map(|column| column.of("c")).collect();
        let order: Vec<String> = edge.order.iter().cloned().chain(key.iter().cloned()).collect();
        let named: Vec<String> = key.iter().enumerate().map(|(n, k)| format!("{k} AS q{}", n + 1)).collect();
        let (from, kept_parents) = self.children_to_rank(edge, before);
        let filter = edge.filter.as_deref().map_or(String::new(), |filter| format!("({filter}) AND "));
        format!(
            "{into} SELECT {}, {gen_now}, {number} FROM (SELECT {}, DENSE_RANK() OVER (PARTITION BY {} ORDER BY {}) \
             AS place FROM {from} WHERE {filter}{kept_parents}) AS c WHERE c.place <= {cap}{kept}",
            self.key_list(edge.child, "c.q"),
            named.join(", "),
            values.join(", "),
            order.join(", "),
        )
    }

    /// FROM clause and condition for all children of the parents of a generation. The child's columns keep their bare names,
    /// because `order` of refresh.toml uses them; the columns of the key table get names that no other column has.
    fn children_to_rank(&self, edge: &'a Edge, generation: u64) -> (String, String) {
        let values = self.values(edge);
        let from = self.child_from(edge);
        let matched = self.key_match(edge, "\u{1}").filter(|_| access::indexed(self.table(edge.child), edge));
        let Some(matched) = matched else {
            return (from, self.parent_kept(edge, &values, (generation, generation)));
        };
        let columns = (1..=self.table(edge.parent).key().len()).map(|n| format!("k.p{n} AS refreshkit_p{n}"));
        let matched = placed(&matched.replace("k.p", "k.refreshkit_p"), &values);
        let parents = format!(
            "(SELECT {} FROM {} AS k WHERE k.gen = {generation}) AS k",
            columns.collect::<Vec<_>>().join(", "),
            self.keys(edge.parent)
        );
        (format!("{parents} STRAIGHT_JOIN {from}"), matched)
    }

    /// True if a row that this relation brought needs no step up along it: its reference has one parent at most, which is kept.
    pub(crate) fn brings_its_parent(&self, edge: &Edge) -> bool {
        edge.down
            && !edge.cast.is_some_and(Cast::splits)
            && self.table(edge.parent).unique(&edge.parent_columns)
    }

    /// Statement that adds the parents that kept child rows refer to.
    pub(crate) fn up(&self, edge: &'a Edge, rows: ChildRows<'_>, gen_now: u64) -> String {
        let (from, condition) = self.kept_child_rows(edge, rows);
        let values: Vec<String> = (1..=edge.child_columns.len()).map(|n| format!("c.v{n}")).collect();
        let key: Vec<String> = self.table(edge.parent).key().iter().map(|column| column.of("p")).collect();
        format!(
            "{} SELECT {}, {gen_now}, -{} FROM (SELECT DISTINCT {} FROM {from} WHERE {condition} AND {}) AS r \
             STRAIGHT_JOIN {} AS p ON {}{}",
            self.insert_into(edge.parent),
            key.join(", "),
            edge.number,
            values.join(", "),
            Self::refers(edge),
            self.table(edge.parent).sql(),
            self.parent_match(edge, "r.v"),
            self.on_duplicate(edge.parent),
        )
    }

    pub(crate) fn insert_into(&self, table: usize) -> String {
        format!("INSERT INTO {} ({}, gen, edge)", self.keys(table), self.key_list(table, "p"))
    }

    /// Keeps a key that is in the key table already as it is. INSERT IGNORE would also hide conversion errors.
    pub(crate) fn on_duplicate(&self, table: usize) -> String {
        let keys = self.keys(table);
        format!(" ON DUPLICATE KEY UPDATE {keys}.gen = {keys}.gen")
    }
}
