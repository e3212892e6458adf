//! Checks on a sample, before anything is written, whether masked values keep the CHECK constraints of their tables. If they do
//! not, finds a rule that does.
//!
//! In: the constraints, a blueprint. Out: columns whose rule breaks one, each with a rule that does not. The server evaluates the
//! constraint over masked rows; only counts leave the server.
//!
//! Not guaranteed: rows outside of the sample may still break a constraint. `constraint_check` later tries a sample in a table.

use std::collections::BTreeMap;

use crate::catalog::{self, CheckConstraint, Column, Family, Table};
use crate::config::toml_text;
use crate::mask::{self, Finding, KEEP};
use crate::mysql::{self, Session};
use crate::plan::error::Error;
use crate::plan::rules::blueprint::Blueprint;
use crate::sql::{TokenKind, name, tokens, unquoted};

/// At most this many rows of a table are read, the last by key.
const SAMPLE_ROWS: u32 = 1_000;

/// Rules to try where a column's rule breaks a constraint, beside constants that the constraint itself names.
const OTHERS: &[&str] = &[
    "\"cipher\"",
    "{ kind = \"phone\", format = \"same\" }",
    "\"shape\"",
    "\"text\"",
    "\"permute\"",
    "\"empty\"",
    "\"null\"",
];

/// CHECK constraints, by position of the table.
pub(crate) struct Checks {
    by_table: BTreeMap<usize, Vec<CheckConstraint>>,
}

impl Checks {
    /// Reads the constraints of tables that can have kept rows.
    pub(crate) fn read(session: &mut Session, blueprint: &Blueprint) -> Result<Self, Error> {
        let mut by_table: BTreeMap<usize, Vec<CheckConstraint>> = BTreeMap::new();
        for check in catalog::checks(session, &blueprint.databases)? {
            let at = blueprint.catalog.find(&check.database, &check.table);
            if let Some(at) = at.filter(|at| blueprint.comes(*at)) {
                by_table.entry(at).or_default().push(check);
            }
        }
        Ok(Self { by_table })
    }

    /// The columns whose masks break a constraint, each with a rule that breaks none. What unmasked rows break does not count.
    pub(crate) fn broken(
        &self,
        session: &mut Session,
        blueprint: &Blueprint,
    ) -> Result<Vec<Finding>, mysql::Error> {
        let mut found: Vec<Finding> = Vec::new();
        for (&at, checks) in &self.by_table {
            let table = &blueprint.catalog.tables[at];
            for check in checks {
                let masked: Vec<(&Column, &str)> = named(table, check)
                    .filter_map(|column| {
                        Some((column, blueprint.masks.of(at, &column.name)?.expression.as_str()))
                    })
                    .collect();
                if masked.is_empty()
                    || holds(session, table, check, &masked)?
                    || !holds(session, table, check, &[])?
                {
                    continue;
                }
                for (column, _) in masked {
                    if found.iter().any(|finding| finding.table == at && finding.column == column.name) {
                        continue;
                    }
                    let right = self.other(session, at, table, column)?;
                    found.push(Finding {
                        table: at,
                        column: column.name.clone(),
                        evidence: format!("its rule breaks the CHECK constraint {}", name(&check.name)),
                        proposal: right,
                        any_text: false,
                    });
                }
            }
        }
        Ok(found)
    }

    /// True if this right side fits the column and keeps all constraints that name it.
    pub(crate) fn takes(
        &self,
        session: &mut Session,
        (at, table): (usize, &Table),
        column: &Column,
        right: &str,
    ) -> Result<bool, mysql::Error> {
        let Some(mask) = mask::fitting(table, column, right) else { return Ok(false) };
        for check in self.by_table.get(&at).into_iter().flatten() {
            let is_named = named(table, check).any(|other| other.name == column.name);
            if is_named && !holds(session, table, check, &[(column, &mask.expression)])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A rule that fits the column and keeps its constraints; `keep` if none does.
    fn other(
        &self,
        session: &mut Session,
        at: usize,
        table: &Table,
        column: &Column,
    ) -> Result<String, mysql::Error> {
        let mut words = Vec::new();
        for check in self.by_table.get(&at).into_iter().flatten() {
            if named(table, check).any(|other| other.name == column.name) {
                words.extend(constants(&check.clause, column.family()));
            }
        }
        let mut fine = Vec::new();
        for word in words {
            let right = format!("{{ kind = \"constant\", value = {word} }}");
            if self.takes(session, (at, table), column, &right)? {
                fine.push(word);
            }
        }
        let listed = match fine.as_slice() {
            [] => None,
            [one] => Some(format!("{{ kind = \"constant\", value = {one} }}")),
            many => Some(format!("{{ kind = \"choice\", values = [{}] }}", many.join(", "))),
        };
        let others = |n: usize| OTHERS.iter().skip(n).map(|right| (*right).to_owned());
        for right in others(0).take(1).chain(listed).chain(others(1)) {
            if self.takes(session, (at, table), column, &right)? {
                return Ok(right);
            }
        }
        Ok(KEEP.to_owned())
    }
}

/// The columns that a constraint names.
fn named<'a>(table: &'a Table, check: &'a CheckConstraint) -> impl Iterator<Item = &'a Column> {
    table.columns.iter().filter(|column| column.named_in(&check.clause))
}

/// Texts (for text columns) or whole numbers (for number columns) in a constraint, as TOML.
fn constants(clause: &str, family: Family) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for token in tokens(clause) {
        let text = token.text(clause);
        let word = match (token.kind, family) {
            (TokenKind::Text, Family::Text | Family::Binary) => unquoted(text).map(|text| toml_text(&text)),
            (TokenKind::Word, Family::Exact | Family::Approximate) => {
                text.parse::<u32>().ok().map(|number| number.to_string())
            }
            _ => None,
        };
        found.extend(word.filter(|word| !found.contains(word)));
    }
    found
}

/// True if the constraint holds for a sample with these columns masked, or cannot be evaluated here: it is tried later.
fn holds(
    session: &mut Session,
    table: &Table,
    check: &CheckConstraint,
    masked: &[(&Column, &str)],
) -> Result<bool, mysql::Error> {
    let columns: Vec<String> = named(table, check)
        .map(|column| {
            let mask = masked.iter().find(|(other, _)| other.name == column.name);
            let value = mask.map_or_else(|| column.of("t"), |(_, expression)| typed(column, expression));
            format!("{value} AS {}", name(&column.name))
        })
        .collect();
    let rows = mask::last_rows(table, "*", SAMPLE_ROWS);
    // The LIMIT cuts nothing off. Without it MySQL merges the masks into the constraint, where it forgets their collation.
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT {} FROM {rows} AS t LIMIT {}) AS x WHERE NOT ({})",
        columns.join(", "),
        u64::MAX,
        check.clause
    );
    let deed = format!("trying a CHECK constraint of {}", table.label());
    match session.first::<u64>(&deed, &sql) {
        Ok(broken) => Ok(broken == Some(0)),
        Err(error) if error.number().is_some() => Ok(true),
        Err(error) => Err(error),
    }
}

/// A masked text in the column's character set and collation, so that it compares as it would in the table.
fn typed(column: &Column, expression: &str) -> String {
    match (&column.charset, &column.collation, column.family()) {
        (Some(charset), Some(collation), Family::Text) => {
            format!("CONVERT({expression} USING {charset}) COLLATE {collation}")
        }
        _ => expression.to_owned(),
    }
}
