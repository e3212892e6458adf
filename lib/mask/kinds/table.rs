//! The kinds of masks: from one `[mask]` entry and one column to an expression.

use super::nature::{self, KINDS, Kind};
use super::tokens::UNIQUE_DIGITS;
use super::{choice, dates, digits, json, network, numbers, people, plain, redact, settings, shapes, tokens};
use crate::catalog::{Column, Index, Table};
use crate::config::{MaskConfig, nearest};
use crate::mask::Mask;

/// A sentence and a hint, for the caller to add file and line.
pub(crate) type Wrong = (String, Option<String>);

/// One column to mask, or a part of it: a value out of a JSON document is a column of its own kind.
#[derive(Debug, Clone)]
pub(crate) struct Target<'a> {
    pub(crate) table: &'a Table,
    pub(crate) column: &'a Column,
    /// SQL for the clear value.
    pub(crate) value: String,
}

impl<'a> Target<'a> {
    pub(crate) fn of(table: &'a Table, column: &'a Column) -> Self {
        Self { table, column, value: column.of("t") }
    }

    /// Whether the column is a part of the index.
    pub(crate) fn in_index(&self, index: &Index) -> bool {
        let own = |name: &String| name.eq_ignore_ascii_case(&self.column.name);
        index.parts.iter().any(|part| part.column.as_ref().is_some_and(own))
    }

    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.table.name, self.column.name)
    }
}

pub(crate) struct Made {
    pub(crate) expression: String,
    pub(crate) lossy: bool,
}

/// So many first characters of the result keep values apart: what an index on a part of the column must cover.
fn telling(config: &MaskConfig) -> u64 {
    let prefix = config.prefix.as_ref().map(|prefix| prefix.chars().count() as u64);
    match config.kind.as_str() {
        "hash" => prefix.unwrap_or(0) + UNIQUE_DIGITS,
        "email" | "username" | "slug" => prefix.unwrap_or(5) + UNIQUE_DIGITS,
        "uuid" => 21,
        // first.last. and then the digits.
        "person" => 18 + UNIQUE_DIGITS,
        _ => 0,
    }
}

/// Different inputs can give the same output.
pub(crate) fn lossy(expression: String) -> Made {
    Made { expression, lossy: true }
}

/// Different inputs give different outputs.
pub(crate) fn apart(expression: String) -> Made {
    Made { expression, lossy: false }
}

/// Compiles one entry for one column.
pub(crate) fn mask(target: &Target<'_>, rule: &str, config: &MaskConfig) -> Result<Mask, Wrong> {
    let kind = known(&config.kind)?;
    let made = make(target, config)?;
    // Equal for columns that mask alike, whatever they are called.
    let recipe = made.expression.replace(&target.value, "?");
    Ok(Mask {
        kind: config.kind.clone(),
        nature: kind.nature,
        domain: domain(config),
        expression: made.expression,
        recipe,
        lossy: made.lossy,
        telling: telling(config),
        written: config.sql.is_some(),
        rule: rule.to_owned(),
    })
}

fn domain(config: &MaskConfig) -> String {
    let whole = config.kind == "person" && config.part.is_none();
    let own = if whole { "name" } else { config.kind.as_str() };
    config.domain.clone().unwrap_or_else(|| own.to_owned())
}

/// The expression of one entry.
pub(crate) fn make(target: &Target<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    settings::check(config)?;
    let domain = &domain(config);
    match config.kind.as_str() {
        "null" => plain::null(target),
        "empty" => plain::empty(target),
        "constant" => plain::constant(target, config),
        "keep" => plain::keep(target, config),
        "text" => plain::text(target),
        "partial" => plain::partial(target, config),
        "shape" => plain::shape(target),
        "redact" => redact::redact(target),
        "hash" => tokens::hashed(target, config, domain),
        "username" => tokens::prefixed(target, config, domain, "user"),
        "slug" => tokens::prefixed(target, config, domain, "page-"),
        "email" => tokens::email(target, config, domain),
        "uuid" => tokens::uuid(target, domain),
        "password" => tokens::password(target, config),
        "name" | "first_name" | "last_name" | "company" | "street" | "city" => {
            people::dictionary(target, &config.kind, domain)
        }
        "person" => people::person(target, config, domain),
        "phone" => shapes::phone(target, config, domain),
        "pattern" => shapes::pattern(target, config, domain),
        "card" => digits::card(target, config, domain),
        "iban" => digits::iban(target, domain),
        "permute" => numbers::permute(target, domain),
        "noise" => numbers::noise(target, config, domain),
        "bucket" => numbers::bucket(target, config),
        "clamp" => numbers::clamp(target, config),
        "geo" => numbers::geo(target, config),
        "shift" => dates::shift(target, config, domain),
        "generalise" => dates::generalise(target, config),
        "ip" => network::ip(target, config, domain),
        "mac" => network::mac(target, domain),
        "choice" => choice::choice(target, config, domain),
        "json" => json::json(target, config),
        "sql" => settings::needed(config.sql.as_ref(), "sql", "sql = \"CONCAT('user-', t.id)\"")
            .map(|sql| apart(format!("({sql})"))),
        other => known(other).and(Err((format!("{other} is not made here"), None))),
    }
}

/// The kind of this name, or a sentence.
pub(crate) fn known(kind: &str) -> Result<&'static Kind, Wrong> {
    let names = || KINDS.iter().map(|kind| kind.name);
    nature::find(kind).ok_or_else(|| {
        let near = nearest(kind, names()).map(|name| format!("did you mean `{name}`?"));
        let all = || format!("kinds: {}", names().collect::<Vec<_>>().join(", "));
        (format!("unknown kind of mask {kind:?}"), near.or_else(|| Some(all())))
    })
}

#[cfg(test)]
mod tests {
    use super::nature::KINDS;

    #[test]
    fn every_kind_is_in_the_readme() {
        let rows = include_str!("../README.md").lines().filter_map(|line| line.strip_prefix("| `"));
        let listed: String = rows.filter_map(|row| row.split(" |").next()).collect::<Vec<_>>().join("`|`");
        for name in KINDS.iter().map(|kind| kind.name) {
            assert!(
                format!("`{listed}`").contains(&format!("`{name}`")),
                "{name} is not in the table of kinds"
            );
        }
    }
}
