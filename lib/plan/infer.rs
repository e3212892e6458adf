//! Relations that nobody declared: names propose, data verifies.
//!
//! In: the catalog, the relations that are known, a bounded sample of values. Out: TOML to paste, each line with its
//! evidence; what is doubtful is commented out. Values alone propose nothing: small dense numbers are contained in
//! every other table's key.

use std::fmt::Write;

use super::candidates::{self, Candidate};
use super::cast;
use super::error::Error;
use super::place::Place;
use super::relations;
use crate::catalog::{Catalog, Column, Family, Table};
use crate::house::House;
use crate::mysql::{Session, literal, name};
use crate::progress::Unit;

/// So many rows of the child are looked at for values.
const SAMPLE_ROWS: u32 = 20_000;

/// So many different values are looked up in the parent.
const SAMPLE_VALUES: u32 = 2_000;

/// From this share of values found, in per cent, a proposal stands.
const FOUND_PERCENT: u64 = 98;

/// Below this share, the names meant nothing.
const DOUBTFUL_PERCENT: u64 = 20;

/// A `…_type` column with more values than this is no type.
const TYPES_MAX: u32 = 20;

struct Proposal {
    text: String,
    stands: bool,
}

/// Proposals as TOML.
pub(super) fn infer(house: &House, place: &Place) -> Result<String, Error> {
    let mut session = place.connect()?;
    let catalog = Catalog::read(&mut session, &place.databases)?;
    let edges = relations::all(&catalog, &house.config)?;
    let known = |table: usize, column: &str| {
        edges.iter().any(|edge| {
            edge.child == table && edge.child_columns.iter().any(|c| c.eq_ignore_ascii_case(column))
        })
    };
    let task = house.progress.start("looking for relations", Some(catalog.tables.len() as u64), Unit::Count);
    let mut proposals = Vec::new();
    for (at, table) in catalog.tables.iter().enumerate() {
        house.cancel.check()?;
        task.message(&table.label());
        for column in table.columns.iter().filter(|column| !known(at, &column.name)) {
            if let Some(kind) = type_column(table, column) {
                proposals.extend(polymorphic(&mut session, &catalog, at, column, kind)?);
            } else {
                proposals.extend(simple(&mut session, &catalog, at, column)?);
            }
        }
        task.add(1);
    }
    drop(task);
    Ok(rendered(&proposals))
}

fn rendered(proposals: &[Proposal]) -> String {
    let mut out = String::new();
    if proposals.iter().any(|proposal| proposal.stands) {
        out.push_str("[relations]\n");
    }
    for proposal in proposals.iter().filter(|proposal| proposal.stands) {
        let _ = writeln!(out, "{}", proposal.text);
    }
    for proposal in proposals.iter().filter(|proposal| !proposal.stands) {
        let _ = writeln!(out, "# doubtful: {}", proposal.text);
    }
    if out.is_empty() {
        out.push_str("# no relation that is not declared already\n");
    }
    out
}

/// The first candidate whose values are there, else the most doubtful one that is worth a look.
fn simple(
    session: &mut Session,
    catalog: &Catalog,
    child: usize,
    column: &Column,
) -> Result<Option<Proposal>, Error> {
    let mut doubtful = None;
    let key = catalog.tables[child].key();
    let is_key = key.len() == 1 && key[0].name == column.name;
    for candidate in candidates::of(catalog, child, column) {
        let parent = &catalog.tables[candidate.parent];
        let key = parent.key()[0];
        if cast::comparable(column, key).is_err() {
            continue;
        }
        let (values, found) = contained(session, &catalog.tables[child], column, parent, key, None)?;
        let text = line(catalog, child, column, &candidate, values, found);
        let share = (found * 100).checked_div(values);
        match share {
            Some(share) if share >= FOUND_PERCENT => return Ok(Some(Proposal { text, stands: true })),
            None if candidate.strong => return Ok(Some(Proposal { text, stands: true })),
            // A key that half agrees with another table's key is its own.
            Some(share) if share >= DOUBTFUL_PERCENT && !is_key => {
                doubtful.get_or_insert(Proposal { text, stands: false });
            }
            _ => {}
        }
    }
    Ok(doubtful)
}

fn line(
    catalog: &Catalog,
    child: usize,
    column: &Column,
    candidate: &Candidate,
    values: u64,
    found: u64,
) -> String {
    let (table, parent) = (&catalog.tables[child], &catalog.tables[candidate.parent]);
    let left = written(catalog, table, &column.name);
    let right = written(catalog, parent, &parent.key()[0].name);
    let data = match values {
        0 => "no values to look up".to_owned(),
        _ => format!("{found} of {values} sampled values found"),
    };
    let index = if table.indexed(std::slice::from_ref(&column.name)) { ", indexed" } else { "" };
    format!("{left:?} = {right:?}  # {}; {data}{index}", candidate.evidence)
}

/// `table.column`, with the database where the table's name alone says too little.
fn written(catalog: &Catalog, table: &Table, column: &str) -> String {
    let quote = |part: &str| {
        if part.contains(['.', '`', '(', ' ', '*', '?']) { name(part) } else { part.to_owned() }
    };
    let alone = catalog.tables.iter().filter(|other| other.name == table.name).count() == 1;
    let database = if alone { String::new() } else { format!("{}.", quote(&table.database)) };
    format!("{database}{}.{}", quote(&table.name), quote(column))
}

/// Different values of the child's sample, and how many of them the parent's key has.
fn contained(
    session: &mut Session,
    child: &Table,
    column: &Column,
    parent: &Table,
    key: &Column,
    condition: Option<&str>,
) -> Result<(u64, u64), Error> {
    let value = column.of("c");
    let nothing = match column.family() {
        Family::Exact => format!(" AND {value} NOT IN (0, -1)"),
        Family::Text => format!(" AND {value} NOT IN ('', '0', '-1')"),
        _ => String::new(),
    };
    let further = condition.map_or(String::new(), |condition| format!(" AND {condition}"));
    let sql = format!(
        "SELECT COUNT(*), COUNT({}) FROM (SELECT DISTINCT r.v FROM (SELECT {value} AS v FROM {} AS c \
         WHERE {value} IS NOT NULL{nothing}{further} LIMIT {SAMPLE_ROWS}) AS r LIMIT {SAMPLE_VALUES}) AS s \
         LEFT JOIN {} AS p ON {} = s.v",
        key.of("p"),
        child.sql(),
        parent.sql(),
        key.of("p"),
    );
    let deed = format!("looking up values of {}.{}", child.label(), column.name);
    Ok(session.first(&deed, &sql)?.unwrap_or_default())
}

/// The `owner_type` that goes with `owner_id`.
fn type_column<'a>(table: &'a Table, column: &Column) -> Option<&'a Column> {
    let words = candidates::words(&column.name);
    let (last, stem) = words.split_last()?;
    if last != "id" || stem.is_empty() {
        return None;
    }
    table.columns.iter().find(|other| {
        let words = candidates::words(&other.name);
        let ends = words.last().is_some_and(|last| last == "type" || last == "kind" || last == "class");
        ends && words[..words.len() - 1] == *stem && matches!(other.family(), Family::Text | Family::Choice)
    })
}

/// One relation for each value of the type column that names a table.
fn polymorphic(
    session: &mut Session,
    catalog: &Catalog,
    child: usize,
    column: &Column,
    kind: &Column,
) -> Result<Option<Proposal>, Error> {
    let table = &catalog.tables[child];
    let sql = format!(
        "SELECT DISTINCT CAST({} AS CHAR) FROM {} AS c WHERE {} IS NOT NULL LIMIT {}",
        kind.of("c"),
        table.sql(),
        kind.of("c"),
        TYPES_MAX + 1
    );
    let values: Vec<String> = session.rows("listing types of owners", &sql)?;
    if values.is_empty() || values.len() > TYPES_MAX as usize {
        return Ok(None);
    }
    let (mut parts, mut evidence, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for value in &values {
        let condition = format!("{} = {}", kind.of("c"), literal(value));
        let mut best = None;
        for parent in candidates::named(catalog, value) {
            let Some(&key) = catalog.tables[parent].key().first() else { continue };
            if catalog.tables[parent].key().len() > 1 || cast::comparable(column, key).is_err() {
                continue;
            }
            let (total, found) =
                contained(session, table, column, &catalog.tables[parent], key, Some(&condition))?;
            if found * 100 >= total * FOUND_PERCENT && total > 0 {
                best = Some((parent, key, found, total));
                break;
            }
        }
        match best {
            Some((parent, key, found, total)) => {
                let to = written(catalog, &catalog.tables[parent], &key.name);
                let condition = format!("{} = {}", kind.name, literal(value));
                parts.push(format!("{{ to = {to:?}, where = {condition:?} }}"));
                evidence.push(format!("{value}: {found} of {total} found"));
            }
            None => unknown.push(value.as_str()),
        }
    }
    if parts.is_empty() {
        return Ok(None);
    }
    if !unknown.is_empty() {
        evidence.push(format!("no table for {}", unknown.join(", ")));
    }
    let left = written(catalog, table, &column.name);
    let text = format!("{left:?} = [{}]  # {}", parts.join(", "), evidence.join("; "));
    Ok(Some(Proposal { text, stands: true }))
}
