//! Tries the constraints that masks may break: CHECK constraints, and unique indexes over values computed from masked columns.
//!
//! In: a blueprint, and the masks' key. Out: warnings, or a refusal that names every mask and constraint that do not fit.
//! The server itself decides, before a key is collected: some masked rows are inserted into an empty table of the same
//! structure in the work schema, which is dropped afterwards.
//!
//! Not guaranteed: rows outside of the sample may still break a constraint.

use std::collections::BTreeMap;

use super::within_rules::Checks;
use crate::catalog::{self, Column, Table};
use crate::config;
use crate::house::House;
use crate::mask::{self, Mask};
use crate::mysql::{self, Session};
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::sql::name;
use crate::work_schema::{self, HeldKeys};

/// At most this many rows of a table are tried, the last by key.
const SAMPLE_ROWS: u32 = 1_000;

/// Whether a column of this name is masked.
type Chosen<'a> = &'a dyn Fn(&str) -> bool;

/// A constraint over at least one masked column.
#[derive(Debug)]
struct MaskedConstraint {
    /// Name of the constraint in messages.
    label: String,
    columns: Vec<String>,
    unique: bool,
}

/// Tries the constraints of every table. Returns warnings about tables that could not be tried.
pub(crate) fn check(
    house: &House,
    session: &mut Session,
    blueprint: &Blueprint,
    keys: &HeldKeys,
) -> Result<Vec<String>, Error> {
    let mut rules = constraints(session, blueprint)?;
    for at in 0..blueprint.catalog.tables.len() {
        rules.entry(at).or_default().extend(indexes(blueprint, at));
    }
    rules.retain(|at, rules| !rules.is_empty() && blueprint.kept(*at) != RowsFrom::Nothing);
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    keys.unlock_for_trial(session, &blueprint.work_schema)?;
    let (mut warnings, mut broken) = (Vec::new(), Vec::new());
    for (at, rules) in &rules {
        house.cancel.check()?;
        match table(session, blueprint, *at, rules)? {
            ConstraintVerdict::Fine => {}
            ConstraintVerdict::Untried(why) => warnings.push(why),
            ConstraintVerdict::Broken(rules) => broken.extend(rules.into_iter().map(|rule| (*at, rule))),
        }
    }
    work_schema::ready(session)?;
    if !broken.is_empty() {
        return Err(refusal(house, session, blueprint, &broken)?);
    }
    for warning in &warnings {
        house.progress.warn(warning);
    }
    Ok(warnings)
}

/// The CHECK constraints that name a masked column, by table.
fn constraints(
    session: &mut Session,
    blueprint: &Blueprint,
) -> Result<BTreeMap<usize, Vec<MaskedConstraint>>, Error> {
    let mut rules = BTreeMap::<usize, Vec<MaskedConstraint>>::new();
    for check in catalog::checks(session, &blueprint.databases)? {
        let Some(at) = blueprint.catalog.find(&check.database, &check.table) else { continue };
        let columns = masked_in(blueprint, at, &check.clause);
        if !columns.is_empty() {
            let label = format!("the CHECK constraint {} ({})", name(&check.name), check.clause);
            rules.entry(at).or_default().push(MaskedConstraint { label, columns, unique: false });
        }
    }
    Ok(rules)
}

/// The unique indexes over something that is computed from a masked column.
fn indexes(blueprint: &Blueprint, at: usize) -> Vec<MaskedConstraint> {
    let table = &blueprint.catalog.tables[at];
    let unique = table.indexes.iter().filter(|index| index.unique);
    let rules = unique.map(|index| {
        let computed = index.parts.iter().filter_map(|part| part.computed(table));
        MaskedConstraint {
            label: format!("the unique index {}", name(&index.name)),
            columns: computed.flat_map(|expression| masked_in(blueprint, at, expression)).collect(),
            unique: true,
        }
    });
    rules.filter(|rule| !rule.columns.is_empty()).collect()
}

/// The masked columns that an expression names.
fn masked_in(blueprint: &Blueprint, at: usize, expression: &str) -> Vec<String> {
    let masked = |column: &&Column| blueprint.masks.of(at, &column.name).is_some();
    let columns = blueprint.catalog.tables[at].columns.iter();
    columns
        .filter(masked)
        .filter(|column| column.named_in(expression))
        .map(|column| column.name.clone())
        .collect()
}

/// Whether the server takes the masked rows of a table.
enum ConstraintVerdict<'a> {
    Fine,
    /// A sentence that says why.
    Untried(String),
    Broken(Vec<&'a MaskedConstraint>),
}

/// Tries the constraints of one table.
fn table<'a>(
    session: &mut Session,
    blueprint: &Blueprint,
    at: usize,
    rules: &'a [MaskedConstraint],
) -> Result<ConstraintVerdict<'a>, Error> {
    let table = &blueprint.catalog.tables[at];
    let trial = work_schema::trial(&blueprint.work_schema);
    let untried = |why: &mysql::Error| {
        format!("{}: its rules could not be tried on masked rows: {}", table.label(), why.said())
    };
    // Not strict: values of the source that only a lax server took are not tried here.
    session.run("preparing a trial", "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")?;
    if let Err(error) =
        session.run("preparing a trial", &format!("CREATE TABLE {trial} LIKE {}", table.sql()))
    {
        return Ok(ConstraintVerdict::Untried(untried(&error)));
    }
    let fits = |masked: Chosen<'_>| -> Result<bool, mysql::Error> {
        session.run("emptying a trial", &format!("DELETE FROM {trial}"))?;
        match session.run("trying masked rows", &insert(blueprint, at, &trial, masked)) {
            Ok(_) => Ok(true),
            Err(error) if error.number().is_some_and(is_broken) => Ok(false),
            Err(error) => Err(error),
        }
    };
    let outcome = blame(fits, rules);
    session.run("dropping a trial", &format!("DROP TABLE {trial}"))?;
    Ok(match outcome {
        Err(error) => ConstraintVerdict::Untried(untried(&error)),
        Ok(Blamed::Nothing) => ConstraintVerdict::Fine,
        Ok(Blamed::TheSource) => ConstraintVerdict::Untried(format!(
            "{}: rows of the source break its rules already: whether masks do was not tried",
            table.label()
        )),
        Ok(Blamed::Rules(rules)) => ConstraintVerdict::Broken(rules),
    })
}

/// Which constraints the rows break.
enum Blamed<'a> {
    Nothing,
    /// Unmasked rows break constraints too: a constraint can be newer than the rows.
    TheSource,
    Rules(Vec<&'a MaskedConstraint>),
}

/// Finds the constraints that the masks break: those that fail with only their own columns masked, else the first.
fn blame(
    mut fits: impl FnMut(Chosen<'_>) -> Result<bool, mysql::Error>,
    rules: &[MaskedConstraint],
) -> Result<Blamed<'_>, mysql::Error> {
    let masked_fit = fits(&|_| true)?;
    let Some(first) = rules.first().filter(|_| !masked_fit) else { return Ok(Blamed::Nothing) };
    if !fits(&|_| false)? {
        return Ok(Blamed::TheSource);
    }
    let mut broken = Vec::new();
    for rule in rules {
        if !fits(&|column| rule.columns.iter().any(|own| own == column))? {
            broken.push(rule);
        }
    }
    if broken.is_empty() {
        broken.push(first);
    }
    Ok(Blamed::Rules(broken))
}

/// INSERT of the sample, with the masks of some columns.
fn insert(blueprint: &Blueprint, at: usize, trial: &str, masked: Chosen<'_>) -> String {
    let table = &blueprint.catalog.tables[at];
    let columns: Vec<&Column> = table.columns.iter().filter(|column| !column.generated).collect();
    let names: Vec<String> = columns.iter().map(|column| name(&column.name)).collect();
    let mask = |column: &Column| blueprint.masks.of(at, &column.name).filter(|_| masked(&column.name));
    let values = columns
        .iter()
        .map(|column| mask(column).map_or_else(|| column.of("t"), |mask: &Mask| mask.expression.clone()));
    format!(
        "INSERT INTO {trial} ({}) SELECT {} FROM {} AS t{} LIMIT {SAMPLE_ROWS}",
        names.join(", "),
        values.collect::<Vec<_>>().join(", "),
        table.sql(),
        last_first(table)
    )
}

fn last_first(table: &Table) -> String {
    let key: Vec<String> = table.key().iter().map(|column| format!("{} DESC", column.of("t"))).collect();
    if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) }
}

/// True if an error says that a constraint of the table is broken.
fn is_broken(number: u16) -> bool {
    use mysql::number::{CHECK_VIOLATED, CHECK_VIOLATED_MARIADB, DUPLICATE_ENTRY};
    [CHECK_VIOLATED, CHECK_VIOLATED_MARIADB, DUPLICATE_ENTRY].contains(&number)
}

/// The error that names all broken constraints, with rules that keep them.
fn refusal(
    house: &House,
    session: &mut Session,
    blueprint: &Blueprint,
    broken: &[(usize, &MaskedConstraint)],
) -> Result<Error, Error> {
    let others = Checks::read(session, blueprint)?.broken(session, blueprint)?;
    let lines = config::toml_once(others.iter().map(|other| other.toml(&blueprint.catalog)).collect());
    let said: Vec<String> = broken.iter().map(|(at, rule)| told(house, blueprint, *at, rule)).collect();
    let unique = broken.iter().all(|(_, rule)| rule.unique);
    Ok(mask::Error::Broken { rules: said.join("; "), unique, toml: lines.join("\n") }.into())
}

fn told(house: &House, blueprint: &Blueprint, at: usize, rule: &MaskedConstraint) -> String {
    let origin = &house.config.origin;
    let masks = rule.columns.iter().filter_map(|column| Some((column, blueprint.masks.of(at, column)?)));
    let label = blueprint.catalog.tables[at].label();
    let columns: Vec<String> = masks
        .map(|(column, mask)| {
            let line = origin.line_of(&["mask", &mask.rule]).unwrap_or(1);
            format!("{}:{line}: {label}.{column} ({})", origin.path.display(), mask.kind)
        })
        .collect();
    format!("{}: values that the server refuses: {} does not hold of them", columns.join(", "), rule.label)
}
