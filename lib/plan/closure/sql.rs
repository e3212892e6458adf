//! Pieces of SQL over one edge, from which the statements of the closure are made. No server is needed.
//!
//! Aliases: `c` the child's rows (`q1…` its key, `v1…` what it refers to), `p` the parent table, `k` a key table.
//! A condition of `refresh.toml` stands in a derived table over its own table only, so that names of ours cannot clash with it.

use crate::catalog::{Catalog, Column, Family, Table};
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::rules::edge::Edge;
use crate::plan::rules::{access, cast};
use crate::sql::name;
use crate::work_schema;

/// Makes the pieces from catalog and work schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClosureSql<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) work: &'a str,
}

impl Blueprint {
    /// Makes pieces of SQL over this blueprint.
    pub(crate) fn words(&self) -> ClosureSql<'_> {
        ClosureSql { catalog: &self.catalog, work: &self.work_schema }
    }
}

/// Which child rows of a relation a statement reads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ChildRows<'a> {
    /// All rows of the table.
    All,
    /// Rows whose key is in the key table.
    Kept,
    /// Rows that this generation added.
    Of(u64),
    /// Rows of generations up to this one; with the number of a relation, without the rows that it brought.
    Until(u64, Option<usize>),
    /// Rows that match this condition over alias `c`.
    Matching(&'a str),
    /// Rows whose parent along this relation is kept, in a generation up to this one.
    Along(&'a Edge, u64),
}

impl<'a> ClosureSql<'a> {
    pub(crate) fn table(&self, at: usize) -> &'a Table {
        &self.catalog.tables[at]
    }

    /// The key table of a table, in SQL: `` `refreshkit_work`.`k_7` ``.
    pub(crate) fn keys(&self, table: usize) -> String {
        work_schema::keys(self.work, table)
    }

    /// `prefix1, prefix2`, one for each column of the table's key.
    pub(crate) fn key_list(&self, table: usize, prefix: &str) -> String {
        let count = self.table(table).key().len();
        (1..=count).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>().join(", ")
    }

    /// `one1 = other1 AND …` over the table's key.
    pub(crate) fn same_key(&self, table: usize, one: &str, other: &str) -> String {
        let count = self.table(table).key().len();
        (1..=count).map(|n| format!("{one}{n} = {other}{n}")).collect::<Vec<_>>().join(" AND ")
    }

    /// `k.p1 = t.id AND …`: joins a key table to its own table.
    pub(crate) fn key_join(&self, table: usize, alias: &str) -> String {
        let columns = self.table(table).key();
        let pairs =
            columns.iter().enumerate().map(|(n, column)| format!("k.p{} = {}", n + 1, column.of(alias)));
        pairs.collect::<Vec<_>>().join(" AND ")
    }

    /// Each child column with the parent column it refers to.
    fn pairs(&self, edge: &'a Edge) -> impl Iterator<Item = (&'a Column, &'a Column)> {
        let (child, parent) = (self.table(edge.child), self.table(edge.parent));
        let columns = edge.child_columns.iter().zip(&edge.parent_columns);
        columns.filter_map(|(from, to)| Some((child.column(from)?, parent.column(to)?)))
    }

    /// The cast values by which a child row refers to its parent, over alias `c`.
    pub(crate) fn values(&self, edge: &'a Edge) -> Vec<String> {
        self.pairs(edge).map(|(child, parent)| cast::value(edge.cast, child, parent)).collect()
    }

    /// Condition over alias `c`: a reference is there and its cast cannot read it.
    pub(crate) fn unreadable(&self, edge: &'a Edge) -> Option<String> {
        let cast = edge.cast?;
        let each: Vec<String> =
            self.pairs(edge).filter_map(|(child, parent)| cast::unreadable(cast, child, parent)).collect();
        (!each.is_empty()).then(|| format!("({})", each.join(" OR ")))
    }

    /// Condition: a column that should hold JSON holds something else.
    pub(crate) fn no_documents(&self, edge: &'a Edge) -> Option<String> {
        let cast = edge.cast?;
        self.pairs(edge).find_map(|(child, _)| cast::no_document(cast, child))
    }

    /// `app.lines AS c`; if the column holds several references, with one row for each.
    pub(crate) fn child_from(&self, edge: &'a Edge) -> String {
        let split: String = self.pairs(edge).map(|(child, _)| cast::split(edge.cast, child)).collect();
        format!("{} AS c{split}", self.table(edge.child).sql())
    }

    /// The child rows that the relation is about, as `c` with `q1…` and `v1…`. `further` is one more condition.
    pub(crate) fn child_rows(&self, edge: &'a Edge, further: Option<&str>) -> String {
        self.child_rows_with(edge, further, "")
    }

    /// As `child_rows`, with more columns: `, c.x AS o1`.
    fn child_rows_with(&self, edge: &'a Edge, further: Option<&str>, more: &str) -> String {
        let table = self.table(edge.child);
        let keys = table
            .key()
            .into_iter()
            .enumerate()
            .map(|(n, column)| format!("{} AS q{}", column.of("c"), n + 1));
        let values =
            self.values(edge).into_iter().enumerate().map(|(n, value)| format!("{value} AS v{}", n + 1));
        let columns: Vec<String> = keys.chain(values).collect();
        let conditions: Vec<String> = edge
            .filter
            .as_deref()
            .into_iter()
            .chain(further)
            .map(|condition| format!("({condition})"))
            .collect();
        let condition = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        format!("(SELECT {}{more} FROM {}{condition}) AS c", columns.join(", "), self.child_from(edge))
    }

    /// The child rows that `rows` names: text for FROM, and a condition for WHERE.
    pub(crate) fn kept_child_rows(&self, edge: &'a Edge, rows: ChildRows<'_>) -> (String, String) {
        match rows {
            ChildRows::All => (self.child_rows(edge, None), "TRUE".to_owned()),
            ChildRows::Matching(condition) => (self.child_rows(edge, Some(condition)), "TRUE".to_owned()),
            ChildRows::Kept => (self.keys_and_rows(edge), "TRUE".to_owned()),
            ChildRows::Along(owner, last) => (self.parents_and_rows(edge, owner), format!("k.gen <= {last}")),
            ChildRows::Of(generation) => (self.keys_and_rows(edge), format!("k.gen = {generation}")),
            ChildRows::Until(last, None) => (self.keys_and_rows(edge), format!("k.gen <= {last}")),
            ChildRows::Until(last, Some(number)) => {
                (self.keys_and_rows(edge), format!("k.gen <= {last} AND k.edge <> {number}"))
            }
        }
    }

    fn keys_and_rows(&self, edge: &'a Edge) -> String {
        let same = self.same_key(edge.child, "c.q", "k.p");
        format!("{} AS k STRAIGHT_JOIN {} ON {same}", self.keys(edge.child), self.child_rows(edge, None))
    }

    /// Kept parents along `owner`, joined to the child rows that `edge` is about.
    fn parents_and_rows(&self, edge: &'a Edge, owner: &Edge) -> String {
        let columns = owner.child_columns.iter().enumerate();
        let columns: Vec<String> =
            columns.map(|(n, column)| format!(", {} AS o{}", of("c", column), n + 1)).collect();
        let further = columns.concat();
        let rows = self.child_rows_with(edge, owner.filter.as_deref(), &further);
        let own = self.only_kept_parent(owner, "k", "c.o").unwrap_or_else(|| "FALSE".to_owned());
        format!("{} AS k STRAIGHT_JOIN {rows} ON {own}", self.keys(owner.parent))
    }

    /// FROM clause of a table that is read along `owner`, alias `t`: the rows whose parent is kept in a generation up to `last`.
    /// A condition of `refresh.toml` gets a derived table of its own, so that names of ours cannot clash with it.
    pub(crate) fn rows_along(&self, owner: &Edge, last: u64) -> String {
        let table = self.table(owner.child);
        let columns: Vec<String> = table.columns.iter().map(|column| column.of("c")).collect();
        let rows = owner.filter.as_deref().map_or_else(
            || format!("{} AS t", table.sql()),
            |filter| format!("(SELECT {} FROM {} AS c WHERE {filter}) AS t", columns.join(", "), table.sql()),
        );
        let values: Vec<String> = owner.child_columns.iter().map(|column| of("t", column)).collect();
        let own = self.only_kept_parent(owner, "k", "\u{1}").unwrap_or_else(|| "FALSE".to_owned());
        let own = placed(&own, &values);
        format!("{} AS k STRAIGHT_JOIN {rows} ON {own} AND k.gen <= {last}", self.keys(owner.parent))
    }

    /// `c.v1 IS NOT NULL AND …`.
    pub(crate) fn refers(edge: &Edge) -> String {
        let each = (1..=edge.child_columns.len()).map(|n| format!("c.v{n} IS NOT NULL"));
        each.collect::<Vec<_>>().join(" AND ")
    }

    /// Condition: the reference does not mean "none" (0, -1, '', '0' in each of its columns). Whether a parent has such a value
    /// is not looked up.
    pub(crate) fn means_something_of(&self, edge: &'a Edge, values: &[String]) -> String {
        let each: Option<Vec<String>> = self
            .pairs(edge)
            .zip(values)
            .map(|((child, parent), value)| {
                let family = if edge.cast.is_some() { parent.family() } else { child.family() };
                sentinels(family).map(|list| format!("{value} NOT IN ({list})"))
            })
            .collect();
        each.map_or("TRUE".to_owned(), |each| format!("({})", each.join(" OR ")))
    }

    /// `p.id = c.v1 AND …`.
    pub(crate) fn parent_match(&self, edge: &'a Edge, value: &str) -> String {
        self.match_behind("p", edge, value)
    }

    /// As `parent_match`, with another alias for the parent table.
    pub(crate) fn match_behind(&self, alias: &str, edge: &'a Edge, value: &str) -> String {
        let each = self
            .pairs(edge)
            .enumerate()
            .map(|(n, (_, parent))| format!("{} = {value}{}", parent.of(alias), n + 1));
        each.collect::<Vec<_>>().join(" AND ")
    }

    /// `k.p1 = c.v1 AND …`, if the edge refers only to columns of the parent's key.
    pub(crate) fn key_match(&self, edge: &'a Edge, value: &str) -> Option<String> {
        let key = self.table(edge.parent).key();
        let each: Option<Vec<String>> = self
            .pairs(edge)
            .enumerate()
            .map(|(n, (_, parent))| {
                let place = key.iter().position(|column| column.name == parent.name)?;
                Some(format!("k.p{} = {value}{}", place + 1, n + 1))
            })
            .collect();
        each.map(|each| each.join(" AND "))
    }

    /// As `key_match` behind another alias, if a reference can have only one parent.
    pub(crate) fn only_kept_parent(&self, edge: &'a Edge, alias: &str, value: &str) -> Option<String> {
        let matched = self.key_match(edge, value)?;
        let one = self.table(edge.parent).unique(&edge.parent_columns);
        one.then(|| matched.replace("k.p", &format!("{alias}.p")))
    }

    /// FROM clause that joins kept parents (`k`) to the child's rows (`c`). The caller adds a condition on `k`.
    pub(crate) fn parents_and_children(&self, edge: &'a Edge) -> String {
        let child = self.table(edge.child);
        let rows = self.child_rows(edge, None);
        let keys = self.keys(edge.parent);
        let indexed = access::indexed(child, edge);
        let parent = self.table(edge.parent).sql();
        let own = self.key_join(edge.parent, "p");
        match (indexed, self.key_match(edge, "c.v")) {
            (true, Some(matched)) => format!("{keys} AS k STRAIGHT_JOIN {rows} ON {matched}"),
            // Without an index on the child: read it once, and look each row's parent up among the kept keys.
            (false, Some(matched)) => {
                format!("{rows} STRAIGHT_JOIN {keys} AS k FORCE INDEX (PRIMARY) ON {matched}")
            }
            (true, None) => {
                let matched = self.parent_match(edge, "c.v");
                format!("{keys} AS k STRAIGHT_JOIN {parent} AS p ON {own} STRAIGHT_JOIN {rows} ON {matched}")
            }
            (false, None) => {
                let matched = self.parent_match(edge, "c.v");
                format!(
                    "{rows} STRAIGHT_JOIN {parent} AS p ON {matched} \
                     STRAIGHT_JOIN {keys} AS k FORCE INDEX (PRIMARY) ON {own}"
                )
            }
        }
    }

    /// Condition over a child's `values`: its parent is kept, in a generation from the first to the last of `gens`.
    pub(crate) fn parent_kept(&self, edge: &'a Edge, values: &[String], gens: (u64, u64)) -> String {
        let keys = self.keys(edge.parent);
        let (first, last) = gens;
        if let Some(matched) = self.key_match(edge, "\u{1}") {
            let matched = placed(&matched, values);
            return format!(
                "EXISTS (SELECT 1 FROM {keys} AS k WHERE {matched} AND k.gen BETWEEN {first} AND {last})"
            );
        }
        let matched = placed(&self.parent_match(edge, "\u{1}"), values);
        let (parent, own) = (self.table(edge.parent).sql(), self.key_join(edge.parent, "p"));
        format!(
            "EXISTS (SELECT 1 FROM {parent} AS p JOIN {keys} AS k ON {own} \
             WHERE {matched} AND k.gen BETWEEN {first} AND {last})"
        )
    }

    /// Condition over a child's `values`: its parent exists in the source.
    pub(crate) fn parent_exists(&self, edge: &'a Edge, values: &[String]) -> String {
        let matched = placed(&self.parent_match(edge, "\u{1}"), values);
        format!("EXISTS (SELECT 1 FROM {} AS p WHERE {matched})", self.table(edge.parent).sql())
    }
}

/// Replaces `\u{1}1`, `\u{1}2`, … with values; the last first, since `\u{1}10` begins with `\u{1}1`.
pub(crate) fn placed(text: &str, values: &[String]) -> String {
    let values = values.iter().enumerate().rev();
    values.fold(text.to_owned(), |text, (n, value)| text.replace(&format!("\u{1}{}", n + 1), value))
}

/// List of the values that mean "no reference" in a kind of column.
fn sentinels(family: Family) -> Option<&'static str> {
    match family {
        Family::Exact => Some("0, -1"),
        Family::Text => Some("'', '0', '-1'"),
        _ => None,
    }
}

/// `alias.column`, with the name of the column quoted.
pub(crate) fn of(alias: &str, column: &str) -> String {
    format!("{alias}.{}", name(column))
}
