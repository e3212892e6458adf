//! Explains why a row is in the plan: lists the chain of relations from the row back to a root.
//!
//! In: the key tables of the last plan. Out: one line a step, the row asked for first. Each step goes to a row of an
//! earlier generation, so the chain ends.

use std::fmt::Write;

use crate::config::TableName;
use crate::document::TableClass;
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::roots;
use crate::plan::error::Error;
use crate::plan::place::SourceServer;
use crate::plan::read::along;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;
use crate::plan::rules::names::table_named;
use crate::sql::literal;
use crate::work_schema;

/// A row: its table and its key as texts.
struct RowKey {
    table: usize,
    key: Vec<String>,
}

/// The chain of relations as text.
pub(crate) fn explain(
    house: &House,
    place: &SourceServer,
    table: &str,
    key: &[String],
) -> Result<String, Error> {
    let mut session = place.connect()?;
    let mut blueprint = roots::draw(&mut session, &house.config, &place.databases)?;
    let last_down = work_schema::last_plan(&mut session, &blueprint.work_schema, &blueprint.config_sha256)?;
    let named: TableName = table.parse().map_err(|e| Error::NoSuchRow(format!("{e}")))?;
    let table = table_named(&blueprint.catalog, &named).map_err(|(message, _)| Error::NoSuchRow(message))?;
    let columns = blueprint.catalog.tables[table].key().len();
    let label = blueprint.catalog.tables[table].label();
    match blueprint.kept(table) {
        RowsFrom::All => return Ok(format!("{label} comes whole: {}\n", blueprint.classes[table].why)),
        RowsFrom::Nothing => {
            return Ok(format!("no row of {label} comes: {}\n", blueprint.classes[table].why));
        }
        RowsFrom::Children => return Ok(format!("{label} has no key: its rows come with their parents\n")),
        RowsFrom::Keys if columns != key.len() => {
            return Err(Error::NoSuchRow(format!(
                "the key of {label} has {columns} column(s), not {}",
                key.len()
            )));
        }
        RowsFrom::Keys | RowsFrom::Along(_) => {}
    }
    let mut row = RowKey { table, key: key.to_vec() };
    let mut out = String::new();
    if let Some(next) = through_its_parent(&mut session, &mut blueprint, &row, last_down)? {
        let edge = blueprint.owner(next.1);
        let relation =
            format!("{} = {}", edge.child_label(&blueprint.catalog), edge.parent_label(&blueprint.catalog));
        let _ = writeln!(out, "{label} {}: with its parent, by {relation}", key.join("/"));
        row = next.0;
    }
    loop {
        let Some((generation, number)) = found(&mut session, &blueprint, &row)? else {
            let what = format!("{label} {} is not in the plan", key.join("/"));
            return Err(Error::NoSuchRow(what));
        };
        let here = format!("{} {}", blueprint.catalog.tables[row.table].label(), row.key.join("/"));
        if number == 0 {
            let _ = writeln!(out, "{here}: {}", root(&blueprint, row.table));
            return Ok(out);
        }
        let edge = &blueprint.edges[usize::try_from(number.unsigned_abs()).unwrap_or(1) - 1];
        let relation =
            format!("{} = {}", edge.child_label(&blueprint.catalog), edge.parent_label(&blueprint.catalog));
        let before = if number > 0 {
            let _ = writeln!(out, "{here}: with its parent, by {relation}");
            parent(&mut session, &blueprint, edge, &row, generation)?
        } else {
            let _ = writeln!(out, "{here}: a row refers to it, by {relation}");
            child(&mut session, &blueprint, edge, &row, generation)?
        };
        match before {
            Before::Row(next) => row = next,
            Before::Whole => {
                let table = &blueprint.catalog.tables[edge.child];
                let _ = writeln!(out, "{}: a table without a key, or one that comes whole", table.label());
                return Ok(out);
            }
        }
    }
}

/// For a row that the plan reads along a relation: its parent, and the number of the relation.
fn through_its_parent(
    session: &mut Session,
    blueprint: &mut Blueprint,
    row: &RowKey,
    last_down: u64,
) -> Result<Option<(RowKey, usize)>, Error> {
    blueprint.read.still = true;
    blueprint.read.rows_min = 0;
    along::ask(blueprint);
    let along = blueprint.read.along.remove(&row.table);
    blueprint.read.along.clear();
    let Some(number) = along.map(|along| along.edge) else { return Ok(None) };
    // If the plan read the table along the relation, its key table is empty.
    let any = format!("SELECT 1 FROM {} LIMIT 1", blueprint.words().keys(row.table));
    if session.first::<u8>("looking for keys", &any)?.is_some() {
        return Ok(None);
    }
    let before = parent(session, blueprint, blueprint.owner(number), row, last_down + 1)?;
    Ok(match before {
        Before::Row(next) => Some((next, number)),
        Before::Whole => None,
    })
}

enum Before {
    Row(RowKey),
    Whole,
}

fn root(blueprint: &Blueprint, table: usize) -> String {
    debug_assert_eq!(blueprint.class(table), TableClass::Root);
    format!("a root, {}", blueprint.classes[table].why)
}

fn condition(row: &RowKey, prefix: &str) -> String {
    let each = row.key.iter().enumerate().map(|(n, value)| format!("{prefix}{} = {}", n + 1, literal(value)));
    each.collect::<Vec<_>>().join(" AND ")
}

fn found(session: &mut Session, blueprint: &Blueprint, row: &RowKey) -> Result<Option<(u64, i64)>, Error> {
    let keys = blueprint.words().keys(row.table);
    let sql = format!("SELECT k.gen, k.edge FROM {keys} AS k WHERE {}", condition(row, "k.p"));
    Ok(session.first("looking a key up", &sql)?)
}

/// The kept parent with the lowest generation that the row refers to.
fn parent(
    session: &mut Session,
    blueprint: &Blueprint,
    edge: &Edge,
    row: &RowKey,
    generation: u64,
) -> Result<Before, Error> {
    let words = blueprint.words();
    let sql = format!(
        "SELECT {} FROM {} JOIN {} AS p ON {} JOIN {} AS k ON {} WHERE {} AND k.gen < {generation} \
         ORDER BY k.gen, {} LIMIT 1",
        texts(words.table(edge.parent).key().len(), "k.p"),
        words.child_rows(edge, None),
        words.table(edge.parent).sql(),
        words.parent_match(edge, "c.v"),
        words.keys(edge.parent),
        words.key_join(edge.parent, "p"),
        condition(row, "c.q"),
        words.key_list(edge.parent, "k.p"),
    );
    first(session, edge.parent, &sql)
}

/// The kept child with the lowest generation that refers to the row.
fn child(
    session: &mut Session,
    blueprint: &Blueprint,
    edge: &Edge,
    row: &RowKey,
    generation: u64,
) -> Result<Before, Error> {
    if blueprint.kept(edge.child) != RowsFrom::Keys {
        return Ok(Before::Whole);
    }
    let words = blueprint.words();
    let own: Vec<String> = words
        .table(edge.parent)
        .key()
        .iter()
        .zip(&row.key)
        .map(|(column, value)| format!("{} = {}", column.of("p"), literal(value)))
        .collect();
    let sql = format!(
        "SELECT {} FROM {} AS p JOIN {} ON {} JOIN {} AS k ON {} WHERE {} AND k.gen < {generation} \
         ORDER BY k.gen, {} LIMIT 1",
        texts(words.table(edge.child).key().len(), "k.p"),
        words.table(edge.parent).sql(),
        words.child_rows(edge, None),
        words.parent_match(edge, "c.v"),
        words.keys(edge.child),
        words.same_key(edge.child, "c.q", "k.p"),
        own.join(" AND "),
        words.key_list(edge.child, "k.p"),
    );
    first(session, edge.child, &sql)
}

fn texts(count: usize, prefix: &str) -> String {
    (1..=count).map(|n| format!("CAST({prefix}{n} AS CHAR)")).collect::<Vec<_>>().join(", ")
}

fn first(session: &mut Session, table: usize, sql: &str) -> Result<Before, Error> {
    let row: Option<mysql::Row> = session.first("following the chain", sql)?;
    let key =
        row.map(|row| (0..row.len()).map(|at| row.get::<String, usize>(at).unwrap_or_default()).collect());
    // Without a row of an earlier generation the chain ends here.
    Ok(key.map_or(Before::Whole, |key| Before::Row(RowKey { table, key })))
}
