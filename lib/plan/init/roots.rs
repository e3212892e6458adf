//! Which table everything hangs from: where the choice of rows begins.
//!
//! In: the catalog, the relations, the newest dates. Out: tables, the best first: a date column, many tables below it, many rows.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Table};
use crate::mask;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::classes::built_in_group;
use crate::plan::rules::edge::Edge;
use crate::sql::name;

/// How far back the window reaches that is written.
pub(crate) const WINDOW_DAYS: u32 = 400;

/// So many rows come at least, however old they are.
pub(crate) const AT_LEAST: u32 = 1_000;

/// Where no index helps, the newest date is looked for in so many rows, the last by key.
const DATES_MAX: u32 = 1_000;

/// What stands in the name of a moment at which a row was made, in eight languages.
const MADE: &[&str] = &[
    "creat",
    "insert",
    "added",
    "regist",
    "posted",
    "placed",
    "ordered",
    "signup",
    "angelegt",
    "erstellt",
    "erfasst",
    "bestell",
    "cree",
    "creado",
    "alta",
    "criado",
    "cadastro",
    "inserito",
    "aangemaakt",
    "utworz",
    "dodan",
];

/// And of one that says something else.
const OTHERWISE: &[&str] = &[
    "birth", "born", "dob", "geburt", "naiss", "nacim", "nascim", "nascita", "urodz", "geboor", "expir",
    "until", "valid", "update", "modif", "change", "delet", "login", "seen", "aend", "due",
];

/// A table that may be the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ranked {
    /// Position in the catalog.
    pub(crate) table: usize,
    /// The column that says when a row was made.
    pub(crate) date: Option<String>,
    /// Number of tables below it, whose rows its own can bring along.
    pub(crate) below: usize,
    score: u64,
}

/// All tables that can be a root, the best first.
pub(crate) fn ranked(catalog: &Catalog, edges: &[Edge]) -> Vec<Ranked> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); catalog.tables.len()];
    for edge in edges.iter().filter(|edge| edge.down && edge.child != edge.parent) {
        children[edge.parent].push(edge.child);
    }
    let usable = |table: &Table| !table.key().is_empty() && built_in_group(table).is_none();
    let mut all: Vec<Ranked> = (0..catalog.tables.len())
        .filter(|at| usable(&catalog.tables[*at]))
        .map(|at| {
            let (table, below) = (&catalog.tables[at], below(&children, at));
            Ranked { table: at, date: made(table).map(str::to_owned), below, score: score(table, below) }
        })
        .collect();
    all.sort_by(|a, b| b.score.cmp(&a.score).then(a.table.cmp(&b.table)));
    all
}

/// A day of creation says more than another date; ten times the rows count less than ten times the tables.
fn score(table: &Table, below: usize) -> u64 {
    let dated = match made(table) {
        Some(date) if is_made(&date.to_lowercase()) => 4,
        Some(_) => 3,
        None => 1,
    };
    let size = u64::from(table.rows_estimate.max(1).ilog2()) + 1;
    dated * (below as u64 + 1) * size * size
}

/// The column that says when a row was made: by its name, else the first moment, else the first day that is not known to be another.
fn made(table: &Table) -> Option<&str> {
    let dates: Vec<(&str, String, bool)> = table
        .columns
        .iter()
        .filter(|column| matches!(column.data_type.as_str(), "date" | "datetime" | "timestamp"))
        .map(|column| (column.name.as_str(), column.name.to_lowercase(), column.data_type != "date"))
        .collect();
    let otherwise = |name: &str| OTHERWISE.iter().any(|word| name.contains(word));
    let named = dates.iter().find(|(_, name, _)| is_made(name));
    let plain = || dates.iter().filter(|(_, name, _)| !otherwise(name));
    let found = named.or_else(|| plain().find(|(.., moment)| *moment)).or_else(|| plain().next());
    found.map(|(name, ..)| *name)
}

fn is_made(name: &str) -> bool {
    MADE.iter().any(|word| name.contains(word))
}

/// How many tables can be reached downwards.
fn below(children: &[Vec<usize>], from: usize) -> usize {
    let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
    while let Some(table) = next.pop() {
        next.extend(children[table].iter().copied().filter(|child| seen.insert(*child)));
    }
    seen.len() - 1
}

/// The newest date of a root, and whether a window finds anything.
pub(crate) fn newest(
    session: &mut Session,
    table: &Table,
    date: &str,
) -> Result<Option<(String, bool)>, Error> {
    let column = name(date);
    let from = if table.indexed(&[date.to_owned()]) {
        format!("SELECT MAX({column}) AS d FROM {}", table.sql())
    } else {
        let rows = mask::last_rows(table, &format!("t.{column} AS d"), DATES_MAX);
        format!("SELECT MAX(r.d) AS d FROM {rows} AS r")
    };
    let sql = format!(
        "SELECT CAST(n.d AS CHAR), COALESCE(n.d > NOW() - INTERVAL {WINDOW_DAYS} DAY, 0) FROM ({from}) AS n WHERE n.d IS NOT NULL"
    );
    Ok(session.first::<(String, bool)>(&format!("looking for the newest row of {}", table.label()), &sql)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Column, Index, IndexPart};
    use crate::config::Up;
    use crate::plan::rules::edge::RelationOrigin;

    fn table(name: &str, rows: u64, date: &str) -> Table {
        let column = |name: &str, ty: &str| Column {
            name: name.to_owned(),
            data_type: ty.to_owned(),
            ..Column::default()
        };
        let part = IndexPart { column: Some("id".to_owned()), ..IndexPart::default() };
        let mut columns = vec![column("id", "int")];
        columns.extend((!date.is_empty()).then(|| column(date, "datetime")));
        Table {
            name: name.to_owned(),
            rows_estimate: rows,
            columns,
            indexes: vec![Index { name: "PRIMARY".to_owned(), unique: true, parts: vec![part] }],
            ..Table::default()
        }
    }

    fn edge(child: usize, parent: usize, down: bool) -> Edge {
        Edge {
            number: 0,
            child,
            child_columns: vec!["x".to_owned()],
            parent,
            parent_columns: vec!["id".to_owned()],
            filter: None,
            down,
            up: Up::Always,
            cap: None,
            order: None,
            cast: None,
            origin: RelationOrigin::Declared,
            key: None,
        }
    }

    #[test]
    fn the_day_of_birth_is_no_day_on_which_a_row_was_made() {
        let column = |(name, ty): &(&str, &str)| Column {
            name: (*name).to_owned(),
            data_type: (*ty).to_owned(),
            ..Column::default()
        };
        let named = |columns: &[(&str, &str)]| {
            let table = Table { columns: columns.iter().map(column).collect(), ..Table::default() };
            made(&table).map(str::to_owned)
        };
        let born = ("geburtsdatum", "date");
        assert_eq!(named(&[born, ("angelegt_am", "datetime")]).as_deref(), Some("angelegt_am"));
        assert_eq!(named(&[born, ("day", "date"), ("at", "datetime")]).as_deref(), Some("at"));
        assert_eq!(named(&[("updated_at", "datetime"), ("day", "date")]).as_deref(), Some("day"));
        assert_eq!(named(&[born, ("n", "int")]), None);
    }

    #[test]
    fn what_most_hangs_from_with_a_date_and_many_rows_comes_first() {
        let catalog = Catalog {
            tables: vec![
                table("countries", 200, ""),
                table("items", 900_000, "created_at"),
                table("orders", 300_000, "created_at"),
                table("request_log", 9_000_000, "created_at"),
                table("users", 40, "created_at"),
            ],
        };
        // Users only made the orders: they do not own them.
        let edges = [edge(1, 2, true), edge(2, 4, false), edge(4, 0, true), edge(3, 2, true)];
        let names: Vec<&str> =
            ranked(&catalog, &edges).iter().map(|r| catalog.tables[r.table].name.as_str()).collect();
        assert_eq!(names, ["orders", "items", "users", "countries"]);
    }
}
