//! Decides which columns hold originals (values that identify a person), and which columns are searched for them.
//!
//! In: a blueprint, a table. Out: [`OriginalColumns`]s: where a value comes from and the SQL that makes it. No row is read.

use crate::catalog::{Column, Family, Table};
use crate::document::LeakOrigin;
use crate::mask::{self, Mask, ResultTrait, ValueTrait};
use crate::plan::rules::blueprint::Blueprint;
use crate::scan::{self, SearchedValues};

/// Longer columns hold free text, if the kind of their mask is `Vague` (characters).
const VAGUE_LENGTH_MAX: u64 = 255;

/// Words in names of columns whose values many people share.
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

/// Words directly before `name` that make it a person's name.
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

/// Where hashed originals come from: a column, or first and last names put together (`halves`).
#[derive(Debug, Clone)]
pub(crate) struct OriginalSource {
    pub(crate) table: usize,
    pub(crate) column: String,
    pub(crate) halves: bool,
}

/// A column with originals, or first and last names put together.
pub(crate) struct OriginalColumns {
    /// The column's entry in the document.
    pub(crate) origin: LeakOrigin,
    pub(crate) place: OriginalSource,
    /// SQL for the values that are hashed.
    pub(crate) source: SearchedValues,
}

/// The columns of a table that hold originals.
pub(crate) fn originals(blueprint: &Blueprint, at: usize) -> Vec<OriginalColumns> {
    let table = &blueprint.catalog.tables[at];
    let masked: Vec<(&Column, &Mask)> = table
        .columns
        .iter()
        .filter(|column| !column.generated)
        .filter_map(|column| Some((column, blueprint.masks.of(at, &column.name)?)))
        .collect();
    let mut all: Vec<OriginalColumns> = masked
        .iter()
        .filter(|(column, mask)| tells(column, mask))
        .map(|(column, mask)| OriginalColumns {
            origin: origin(table, column, mask),
            place: OriginalSource { table: at, column: column.name.clone(), halves: false },
            source: SearchedValues { person: is_person(column, mask), ..source(column) },
        })
        .collect();
    // A first name alone identifies nobody; together with a last name it does.
    let first = masked.iter().find(|(column, mask)| is_first(column, mask));
    let last = masked.iter().find(|(column, mask)| is_last(column, mask));
    if let (Some((first, _)), Some((last, mask))) = (first, last) {
        for (one, other) in [(first, last), (last, first)] {
            all.push(OriginalColumns {
                origin: origin(table, last, mask),
                place: OriginalSource { table: at, column: last.name.clone(), halves: true },
                source: SearchedValues {
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

/// SQL for the values of a column.
pub(crate) fn source(column: &Column) -> SearchedValues {
    let short = column.integer() || column.length.is_some_and(|length| length <= scan::VALUE_CHARACTERS_MAX);
    SearchedValues { value: text(column), long: !short, person: false }
}

/// The value as text in a character set that has every letter.
fn text(column: &Column) -> String {
    match column.family() {
        Family::Text | Family::Binary => format!("CONVERT({} USING utf8mb4)", column.of("t")),
        _ => format!("CAST({} AS CHAR CHARACTER SET utf8mb4)", column.of("t")),
    }
}

/// True if a single value of the column identifies a person.
fn tells(column: &Column, mask: &Mask) -> bool {
    let words = mask::column_words(&column.name);
    let short = column.length.is_some_and(|length| length <= VAGUE_LENGTH_MAX);
    let holds = matches!(column.family(), Family::Text | Family::Binary) || column.integer();
    holds
        && mask.nature.value != ValueTrait::Untelling
        && !is_first(column, mask)
        && (column.integer() || short || mask.nature.value != ValueTrait::Vague)
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

pub(crate) fn is_person(column: &Column, mask: &Mask) -> bool {
    let words = mask::column_words(&column.name);
    let called = words.windows(2).any(|pair| pair[1] == "name" && PERSONS.contains(&pair[0].as_str()));
    matches!(mask.kind.as_str(), "name" | "person") || called
}

fn named(column: &Column, names: &[&[&str]]) -> bool {
    let words = mask::column_words(&column.name);
    names.iter().any(|name| words.windows(name.len()).any(|window| window.iter().eq(name.iter())))
}

/// True if originals are looked for in a column. Not under `keep`, where a person said that clear values are fine, nor where the
/// mask's result is all ours.
pub(crate) fn looked_for(mask: Option<&Mask>, column: &Column) -> bool {
    mask.is_none_or(|mask| mask.nature.result != ResultTrait::Ours) && may_hold(column)
}

/// True if values of other columns fit in this one.
fn may_hold(column: &Column) -> bool {
    match column.family() {
        Family::Text | Family::Binary | Family::Json => {
            column.length.is_none_or(|length| length >= scan::LENGTH_MIN as u64)
        }
        Family::Exact => matches!(column.data_type.as_str(), "int" | "bigint") && !column.auto_increment,
        Family::Approximate | Family::Choice | Family::Time | Family::Other => false,
    }
}
