//! Makes the canaries: one made-up row a table, with values that its columns take and references to the other canaries.
//!
//! In: a blueprint, the plans, a marker. Out: [`CanaryRow`]s: SQL literals for the columns that need one. Masked columns get
//! markers; every other column gets NULL, its default, or the plainest value of its type.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{self, Column, Family, Table};
use crate::document::{TableClass, TablePlan};
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;
use crate::sql::{constant, literal, name};

/// Shorter columns get no marker: a shorter one could be in the data by chance (characters).
const MARKER_MIN: u64 = 10;

/// Passes over the relations: where a key is itself a reference, rows that refer to it need one more pass.
const TIES_MAX: usize = 4;

/// A canary: one made-up row, with a value for each column that needs one.
#[derive(Debug)]
pub(crate) struct CanaryRow {
    pub(crate) table: usize,
    /// True if the closure begins with this row.
    pub(crate) root: bool,
    /// Names of the key's columns.
    key: Vec<String>,
    /// SQL literals, by column.
    values: BTreeMap<String, String>,
    /// Numbers among the values that are markers, by column.
    numbers: BTreeMap<String, u64>,
    /// Values that the conditions of relations set, by column.
    met: BTreeMap<String, String>,
}

/// A canary for each kept table that has a key, and has a mask or is a root.
pub(crate) fn rows(
    session: &mut Session,
    blueprint: &Blueprint,
    tables: &[TablePlan],
    marker: &str,
    warnings: &mut Vec<String>,
) -> Result<Vec<CanaryRow>, Error> {
    let triggers = catalog::tables_with_triggers(session, &blueprint.databases)?;
    let triggers: BTreeSet<String> = triggers.into_iter().collect();
    let mut rows = Vec::new();
    for plan in tables {
        let Some(at) = blueprint.catalog.find(&plan.database, &plan.table) else { continue };
        let table = &blueprint.catalog.tables[at];
        let comes = matches!(blueprint.kept(at), RowsFrom::Keys | RowsFrom::All | RowsFrom::Along(_))
            && !table.key().is_empty();
        let masked = plan.columns.iter().any(|column| column.mask.is_some());
        if !comes || !(masked || plan.class == TableClass::Root) {
            continue;
        }
        if table.engine != "InnoDB" || triggers.contains(&table.label()) {
            warnings.push(format!("{} has no canary: it has triggers, or no transactions", table.label()));
            continue;
        }
        rows.push(row(session, blueprint, at, plan, marker)?);
    }
    for _ in 0..TIES_MAX {
        for edge in blueprint.edges.iter().filter(|edge| edge.cast.is_none()) {
            tie(blueprint, &mut rows, edge);
        }
    }
    Ok(rows)
}

fn row(
    session: &mut Session,
    blueprint: &Blueprint,
    at: usize,
    plan: &TablePlan,
    marker: &str,
) -> Result<CanaryRow, Error> {
    let table = &blueprint.catalog.tables[at];
    let key: Vec<String> = table.key().iter().map(|column| column.name.clone()).collect();
    let mut row = CanaryRow {
        table: at,
        root: plan.class == TableClass::Root,
        key,
        values: BTreeMap::new(),
        numbers: BTreeMap::new(),
        met: BTreeMap::new(),
    };
    for (n, column) in table.columns.iter().enumerate().filter(|(_, column)| !column.generated) {
        let kind = blueprint.masks.of(at, &column.name).map_or("", |mask| mask.kind.as_str());
        // Kinds that keep parts of a value (`json`; several by condition: `a+b`) would keep a marker.
        let masked = !kind.is_empty() && kind != "json" && !kind.contains('+');
        let in_key = row.key.contains(&column.name);
        if let Some(number) = number(column, n).filter(|_| masked && !in_key) {
            row.numbers.insert(column.name.clone(), number);
            row.values.insert(column.name.clone(), number.to_string());
            continue;
        }
        let value = match text(column, marker, n, kind).filter(|_| masked) {
            Some(text) => Some(text),
            None if in_key => Some(unused(session, table, column, n)?),
            None => plain(column),
        };
        row.values.extend(value.map(|value| (column.name.clone(), value)));
    }
    Ok(row)
}

/// The marker as a literal for a column that has room for it.
fn text(column: &Column, marker: &str, n: usize, kind: &str) -> Option<String> {
    let room = column.length.unwrap_or(u64::MAX);
    let address = format!("{marker}{n}@canary.example");
    // `redact` does not recognise an address that is cut off.
    if kind == "redact" && room < address.len() as u64 {
        return None;
    }
    match column.family() {
        Family::Text | Family::Binary if room >= MARKER_MIN => {
            let shown: String = address.chars().take(usize::try_from(room).unwrap_or(usize::MAX)).collect();
            Some(literal(&shown))
        }
        Family::Json => Some(literal(&format!("{{\"email\": \"{address}\"}}"))),
        _ => None,
    }
}

/// The marker for an `int` or `bigint` column.
fn number(column: &Column, n: usize) -> Option<u64> {
    let base = match column.data_type.as_str() {
        "int" => 1_907_351_000,
        "bigint" => 907_351_864_203_000,
        _ => return None,
    };
    Some(base + n as u64)
}

/// A literal for a key that no row has.
fn unused(session: &mut Session, table: &Table, column: &Column, n: usize) -> Result<String, Error> {
    if column.integer() {
        let sql =
            format!("SELECT CAST(COALESCE(MAX({}), 0) + 1 AS CHAR) FROM {}", name(&column.name), table.sql());
        let next: Option<String> = session.first("looking for an unused key", &sql)?;
        return Ok(next.unwrap_or_else(|| "1".to_owned()));
    }
    let text = plain(column).filter(|_| !matches!(column.family(), Family::Text | Family::Binary));
    let room = usize::try_from(column.length.unwrap_or(32)).unwrap_or(32);
    Ok(text.unwrap_or_else(|| literal(&format!("~canary{n}").chars().take(room).collect::<String>())))
}

/// The plainest literal for a column that must have a value.
fn plain(column: &Column) -> Option<String> {
    if column.nullable || column.default.is_some() || column.auto_increment {
        return None;
    }
    Some(match column.family() {
        Family::Other if column.data_type == "uuid" => literal("00000000-0000-4000-a000-000000000000"),
        Family::Other if column.data_type == "inet4" => literal("0.0.0.0"),
        Family::Other if column.data_type == "inet6" => literal("::"),
        Family::Exact if column.data_type == "year" => "2000".to_owned(),
        Family::Exact | Family::Approximate | Family::Other => "0".to_owned(),
        Family::Text | Family::Binary => "''".to_owned(),
        Family::Choice => "1".to_owned(),
        Family::Time if column.data_type == "time" => "'00:00:00'".to_owned(),
        Family::Time => "'2000-01-01'".to_owned(),
        Family::Json => "'{}'".to_owned(),
    })
}

/// Makes the child's canary refer to the parent's, and meet the condition of the relation if it is a plain comparison.
fn tie(blueprint: &Blueprint, rows: &mut [CanaryRow], edge: &Edge) {
    if edge.child == edge.parent {
        return;
    }
    let Some(parent) = rows.iter().find(|row| row.table == edge.parent) else { return };
    let values: Option<Vec<String>> = edge
        .parent_columns
        .iter()
        .map(|column| parent.values.get(own(blueprint, edge.parent, column)?).cloned())
        .collect();
    let Some(values) = values else { return };
    let condition = edge.filter.as_deref().map(met);
    let Some(child) = rows.iter_mut().find(|row| row.table == edge.child) else { return };
    match condition {
        Some(None) => return,
        Some(Some((column, value))) => {
            let Some(column) = own(blueprint, edge.child, &column) else { return };
            // The first of several conditions on one column counts.
            if *child.met.entry(column.to_owned()).or_insert_with(|| value.clone()) != value {
                return;
            }
            child.values.insert(column.to_owned(), value);
        }
        None => {}
    }
    for (column, value) in edge.child_columns.iter().zip(values) {
        if let Some(column) = own(blueprint, edge.child, column) {
            child.numbers.remove(column);
            child.values.insert(column.to_owned(), value);
        }
    }
}

/// The column's name as the catalog writes it.
fn own<'a>(blueprint: &'a Blueprint, table: usize, column: &str) -> Option<&'a str> {
    blueprint.catalog.tables[table].column(column).map(|column| column.name.as_str())
}

/// Reads `owner_type = 'producer'` as column and value.
fn met(filter: &str) -> Option<(String, String)> {
    let found = constant(filter).filter(|found| found.alias.as_ref().is_none_or(|alias| alias == "c"))?;
    let plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let fits = plain(&found.column) && plain(found.value.trim_matches('\''));
    fits.then(|| (found.column.into_owned(), found.value.to_owned()))
}

impl CanaryRow {
    /// INSERT of the canary into its table.
    pub(crate) fn insert(&self, blueprint: &Blueprint) -> String {
        let columns: Vec<String> = self.values.keys().map(|column| name(column)).collect();
        let values: Vec<&str> = self.values.values().map(String::as_str).collect();
        let table = blueprint.catalog.tables[self.table].sql();
        format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
    }

    /// INSERT of the key into the key table (`edge` 0: no relation), without effect if it is there.
    pub(crate) fn keep(&self, blueprint: &Blueprint, gen_number: u64) -> String {
        let words = blueprint.words();
        let columns: Vec<String> = self.key.iter().map(|column| format!("t.{}", name(column))).collect();
        format!(
            "INSERT IGNORE INTO {} SELECT {}, {gen_number}, 0 FROM {} AS t WHERE {}",
            words.keys(self.table),
            columns.join(", "),
            blueprint.catalog.tables[self.table].sql(),
            self.condition("t")
        )
    }

    /// The condition that finds the canary by its key: `t.id = 17`.
    pub(crate) fn condition(&self, alias: &str) -> String {
        let each = self.key.iter().map(|column| {
            let value = self.values.get(column).map_or("NULL", String::as_str);
            format!("{alias}.{} = {value}", name(column))
        });
        each.collect::<Vec<_>>().join(" AND ")
    }

    /// The marker of a number column, if it has one.
    pub(crate) fn number(&self, column: &str) -> Option<u64> {
        self.numbers.get(column).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::met;

    #[test]
    fn plain_conditions_are_met_and_others_are_not_guessed() {
        let pair = |column: &str, value: &str| Some((column.to_owned(), value.to_owned()));
        assert_eq!(met("owner_type = 'producer'"), pair("owner_type", "'producer'"));
        assert_eq!(met("c.`kind`=3"), pair("kind", "3"));
        for other in ["a = 'x' OR b = 1", "a >= 1", "LENGTH(a) = 2", "a IN (1)", "a = b"] {
            assert_eq!(met(other), None, "{other}");
        }
    }
}
