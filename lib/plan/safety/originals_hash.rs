//! Hashes of the originals, for the scan of what leaves: made on the server, kept in the work schema.
//!
//! In: a blueprint, the finished table plans. Out: records of the originals, and for each outgoing column whether originals
//! are to be looked for in it. Clear text stays on the server.

use super::copied_columns as derived;
use super::gather::{self, Job};
use crate::plan::error::Error;
use crate::plan::options::Options;
use crate::plan::rules::blueprint::{Blueprint, Kept};
use crate::work_schema;
use crate::work_schema::Originals;

use crate::catalog::{Column, Family, Table};
use crate::document::{LeakOrigin, LeakScan, TableClass, TablePlan};
use crate::house::House;
use crate::mask::{self, Leaks, Mask, Outcome, Value};
use crate::mysql::Session;
use crate::scan::{self, Source};

/// Of tables up to this estimate all rows are hashed, of larger ones those that come along: a note about one customer
/// may well speak of another.
const WHOLE_ROWS_MAX: u64 = 200_000;

/// Longer columns under a vague kind are free text (characters).
const VAGUE_LENGTH_MAX: u64 = 255;

/// Words of names of columns that many people share a value of.
const SHARED: &[&str] = &[
    "city",
    "town",
    "country",
    "state",
    "province",
    "region",
    "county",
    "zip",
    "postcode",
    "postal",
    "gender",
    "sex",
    "salutation",
    "title",
    "language",
    "locale",
    "currency",
    "agent",
    "type",
    "kind",
    "status",
    "role",
];

/// Words before `name` that make it a person's.
const PERSONS: &[&str] = &[
    "full",
    "contact",
    "customer",
    "client",
    "person",
    "signer",
    "holder",
    "applicant",
    "insured",
    "patient",
    "driver",
    "employee",
    "member",
    "owner",
    "claimant",
];

/// One column, or the two halves of a name.
struct Original {
    origin: LeakOrigin,
    place: derived::Origin,
    source: Source,
}

/// Writes the records, marks the columns and looks for copies, whose warnings are returned. Nothing if `[mask] leaks` is
/// off, if no dump follows, or if the copy itself is rewritten.
pub(crate) fn collect(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    tables: &mut [TablePlan],
    options: &Options,
) -> Result<(Option<LeakScan>, Vec<String>), Error> {
    let policy = mask::leaks(&house.config)?;
    if policy == Leaks::Off || options.to_look_at {
        return Ok((None, Vec::new()));
    }
    if options.in_place {
        // Hashes would stay behind on a server that developers may be given.
        house.progress.say("rewritten in place: what is dumped from here is not scanned for original values");
        return Ok((None, Vec::new()));
    }
    for table in tables.iter_mut().filter(|table| table.class != TableClass::Empty) {
        mark(blueprint, table);
    }
    work_schema::scan_key(sessions, &blueprint.work_schema)?;
    let store = Originals::create(&mut sessions[0], &blueprint.work_schema)?;
    let mut scan = LeakScan {
        refuse: policy == Leaks::Refuse,
        tables: vec![work_schema::TABLE.to_owned()],
        ..LeakScan::default()
    };
    let (mut jobs, mut places) = (Vec::new(), Vec::new());
    for at in 0..blueprint.catalog.tables.len() {
        let originals = originals(blueprint, at);
        let Some(from) = rows(blueprint, at, tables).filter(|_| !originals.is_empty()) else { continue };
        let mut sources = Vec::new();
        for original in originals {
            sources.push((scan.origins.len(), original.source));
            scan.origins.push(original.origin);
            places.push(original.place);
        }
        jobs.push(Job { at, from, sources });
    }
    scan.values = gather::gather(house, sessions, blueprint, &store, jobs)?;
    let copies = derived::check(house, sessions, blueprint, (tables, &store), &places, scan.refuse)?;
    Ok((Some(scan), copies))
}

/// Whose values are hashed: all rows of a small table, else those that come along.
fn rows(blueprint: &Blueprint, at: usize, tables: &[TablePlan]) -> Option<String> {
    let table = &blueprint.catalog.tables[at];
    if table.rows_estimate <= WHOLE_ROWS_MAX || blueprint.kept(at) == Kept::All {
        return Some(format!("{} AS t", table.sql()));
    }
    let planned = tables.iter().find(|plan| plan.database == table.database && plan.table == table.name);
    planned.filter(|_| blueprint.kept(at) != Kept::Nothing).map(|plan| plan.from.clone())
}

fn originals(blueprint: &Blueprint, at: usize) -> Vec<Original> {
    let table = &blueprint.catalog.tables[at];
    let masked: Vec<(&Column, &Mask)> = table
        .columns
        .iter()
        .filter(|column| !column.generated)
        .filter_map(|column| Some((column, blueprint.masks.of(at, &column.name)?)))
        .collect();
    let mut all: Vec<Original> = masked
        .iter()
        .filter(|(column, mask)| tells(column, mask))
        .map(|(column, mask)| Original {
            origin: origin(table, column, mask),
            place: derived::Origin { table: at, column: column.name.clone(), halves: false },
            source: Source { person: is_person(column, mask), ..source(column) },
        })
        .collect();
    // A first name is nobody's own; with a last name it is.
    let first = masked.iter().find(|(column, mask)| is_first(column, mask));
    let last = masked.iter().find(|(column, mask)| is_last(column, mask));
    if let (Some((first, _)), Some((last, mask))) = (first, last) {
        for (one, other) in [(first, last), (last, first)] {
            all.push(Original {
                origin: origin(table, last, mask),
                place: derived::Origin { table: at, column: last.name.clone(), halves: true },
                source: Source {
                    value: format!("CONCAT({}, ' ', {})", text(one), text(other)),
                    long: true,
                    person: false,
                },
            });
        }
    }
    all
}

fn origin(table: &Table, column: &Column, mask: &Mask) -> LeakOrigin {
    LeakOrigin {
        column: format!("{}.{}", table.label(), column.name),
        mask: mask.kind.clone(),
        ..LeakOrigin::default()
    }
}

/// The values of a column.
pub(crate) fn source(column: &Column) -> Source {
    let short = column.integer() || column.length.is_some_and(|length| length <= scan::VALUE_CHARACTERS_MAX);
    Source { value: text(column), long: !short, person: false }
}

/// The value as text in a character set that has every letter.
fn text(column: &Column) -> String {
    match column.family() {
        Family::Text | Family::Binary => format!("CONVERT({} USING utf8mb4)", column.of("t")),
        _ => format!("CAST({} AS CHAR CHARACTER SET utf8mb4)", column.of("t")),
    }
}

/// Whether a single value of the column says whose it is.
fn tells(column: &Column, mask: &Mask) -> bool {
    let words = mask::words(&column.name);
    let short = column.length.is_some_and(|length| length <= VAGUE_LENGTH_MAX);
    let holds = matches!(column.family(), Family::Text | Family::Binary) || column.integer();
    holds
        && mask.nature.value != Value::Untelling
        && !is_first(column, mask)
        && (column.integer() || short || mask.nature.value != Value::Vague)
        && !words.iter().any(|word| SHARED.contains(&word.as_str()))
}

fn is_first(column: &Column, mask: &Mask) -> bool {
    mask.kind == "first_name"
        || named(column, &[&["first", "name"], &["given", "name"], &["middle", "name"], &["fname"]])
}

fn is_last(column: &Column, mask: &Mask) -> bool {
    mask.kind == "last_name"
        || named(column, &[&["last", "name"], &["family", "name"], &["surname"], &["lname"]])
}

fn is_person(column: &Column, mask: &Mask) -> bool {
    let words = mask::words(&column.name);
    let called = words.windows(2).any(|pair| pair[1] == "name" && PERSONS.contains(&pair[0].as_str()));
    matches!(mask.kind.as_str(), "name" | "person") || called
}

fn named(column: &Column, names: &[&[&str]]) -> bool {
    let words = mask::words(&column.name);
    names.iter().any(|name| words.windows(name.len()).any(|window| window.iter().eq(name.iter())))
}

/// Says of each column of a plan whether originals are looked for in it.
fn mark(blueprint: &Blueprint, plan: &mut TablePlan) {
    let Some(at) = blueprint.catalog.find(&plan.database, &plan.table) else { return };
    for outgoing in &mut plan.columns {
        let column = blueprint.catalog.tables[at].column(&outgoing.name);
        let mask = blueprint.masks.declared(at, &outgoing.name);
        // `keep` with a reason says that clear values are fine.
        let ours = mask.is_some_and(|mask| mask.nature.result == Outcome::Ours);
        outgoing.scan = !ours && column.is_some_and(may_hold);
    }
}

/// Whether values of other columns fit in it.
fn may_hold(column: &Column) -> bool {
    match column.family() {
        Family::Text | Family::Binary | Family::Json => {
            column.length.is_none_or(|length| length >= scan::LENGTH_MIN as u64)
        }
        Family::Exact => matches!(column.data_type.as_str(), "int" | "bigint") && !column.auto_increment,
        Family::Approximate | Family::Choice | Family::Time | Family::Other => false,
    }
}
