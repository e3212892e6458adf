//! Finds the rule of `[mask]` for each column: the most specific one. Refuses relations whose two ends mask differently,
//! since joins would no longer match.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::kinds::target::MaskTarget;
use super::masks::{Mask, Masks};
use super::{conditions, fit, generated};
use crate::catalog::{Catalog, Fit, Pattern, TablePattern, closer};
use crate::config::{Config, Error, MaskRule, nearest};

struct CompiledRule<'a> {
    key: &'a str,
    config: &'a MaskRule,
    table: TablePattern,
    /// The name of the rule's table, if it is no glob.
    plain: Option<String>,
    column: Pattern,
}

type MaskCloseness = (Fit, Fit, Option<Fit>);

/// Compiles `[mask]` for every column of the catalog.
pub fn compile(catalog: &Catalog, config: &Config) -> Result<Masks, Error> {
    let rules = read(config)?;
    let mut by_table: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut globs = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        match &rule.plain {
            Some(name) => by_table.entry(name).or_default().push(at),
            None => globs.push(at),
        }
    }
    let mut used = vec![false; rules.len()];
    let mut masks = Masks::default();
    let mut computed = Vec::new();
    for (at, table) in catalog.tables.iter().enumerate() {
        // A rule that names one table is tried on this table only, as there may be thousands of them.
        let mut own = by_table.get(table.name.as_str()).cloned().unwrap_or_default();
        own.extend(&globs);
        own.sort_unstable();
        for column in &table.columns {
            let target = MaskTarget::of(table, column);
            let Some(rule) = choose(config, (&rules, &own), &target, &mut used)? else { continue };
            if column.generated {
                computed.push((at, column, rule));
                continue;
            }
            let wrong = |message, hint| config.origin.error_at(&["mask", rule.key], message, hint);
            let mask = conditions::mask(&target, rule.key, rule.config).map_err(|(m, h)| wrong(m, h))?;
            fit::unique(&target, &mask).map_err(|(m, h)| wrong(m, h))?;
            masks.insert(at, &column.name, mask);
        }
        let fits = generated::unique(&masks, at, table);
        fits.map_err(|(rule, (message, hint))| config.origin.error_at(&["mask", &rule], message, hint))?;
    }
    for (at, column, rule) in computed {
        let fine = generated::hidden(&masks, at, &catalog.tables[at], column);
        fine.map_err(|(message, hint)| config.origin.error_at(&["mask", rule.key], message, hint))?;
    }
    match rules.iter().zip(&used).find(|(_, used)| !**used) {
        None => Ok(masks),
        Some((rule, _)) => Err(unused(catalog, config, rule)),
    }
}

fn read(config: &Config) -> Result<Vec<CompiledRule<'_>>, Error> {
    let mut rules = Vec::new();
    for (key, rule) in &config.mask.rules {
        let (table, column) = MaskRule::column(key)
            .map_err(|(message, hint)| config.origin.error_at(&["mask", key], message, hint))?;
        let plain = Some(table.table.clone()).filter(|name| !name.contains(['*', '?']));
        let (table, column) = (TablePattern::of(&table), Pattern::new(&column, true));
        rules.push(CompiledRule { key, config: rule, table, plain, column });
    }
    Ok(rules)
}

fn choose<'a, 'b>(
    config: &Config,
    (rules, own): (&'b [CompiledRule<'a>], &[usize]),
    target: &MaskTarget<'_>,
    used: &mut [bool],
) -> Result<Option<&'b CompiledRule<'a>>, Error> {
    let mut found: Vec<(MaskCloseness, &CompiledRule<'_>)> = Vec::new();
    for &at in own {
        let rule = &rules[at];
        if let (Some((table, database)), Some(column)) =
            (rule.table.fit(target.table), rule.column.fit(&target.column.name))
        {
            used[at] = true;
            found.push(((table, column, database), rule));
        }
    }
    let says_more = |one: &MaskCloseness, other: &MaskCloseness| {
        // The database in a rule counts only between rules that are otherwise equally specific.
        let parts = closer(&[one.0, one.1], &[other.0, other.1]);
        parts.map(|order| order.then(one.2.cmp(&other.2)))
    };
    for (close, rule) in &found {
        let rivals = || found.iter().filter(|(_, other)| !std::ptr::eq(*rule, *other));
        if rivals().all(|(other, _)| says_more(close, other) == Some(Ordering::Greater)) {
            return Ok(Some(rule));
        }
        let alike = |other: &CompiledRule<'_>| {
            format!("{:?}", other.config.entries()) == format!("{:?}", rule.config.entries())
        };
        let undecided = rivals().find(|(other, rival)| {
            !matches!(says_more(close, other), Some(Ordering::Greater | Ordering::Less)) && !alike(rival)
        });
        let beaten = rivals().any(|(other, _)| says_more(close, other) == Some(Ordering::Less));
        if let (Some((_, rival)), false) = (undecided, beaten) {
            let message = format!(
                "{:?} and {:?} both match {}, and neither is more specific",
                rule.key,
                rival.key,
                target.label()
            );
            let hint = format!("add \"{}.{}\" = \"…\"", target.table.name, target.column.name);
            return Err(config.origin.error_at(&["mask", rule.key], message, Some(hint)));
        }
    }
    Ok(found.first().map(|(_, rule)| *rule))
}

/// The error of a rule that matches no column: a typing error, and here that is a leak.
fn unused(catalog: &Catalog, config: &Config, rule: &CompiledRule<'_>) -> Error {
    let written = rule.key.rsplit('.').next().unwrap_or(rule.key);
    let names =
        catalog.tables.iter().flat_map(|table| table.columns.iter().map(|column| column.name.as_str()));
    let hint = nearest(written, names).filter(|name| *name != written);
    let hint = hint.map(|name| format!("did you mean `{name}`?")).or_else(|| {
        let table = rule.key.split('.').next().unwrap_or(rule.key);
        let names = catalog.tables.iter().map(|table| table.name.as_str());
        nearest(table, names).map(|name| format!("did you mean table `{name}`?"))
    });
    config.origin.error_at(&["mask", rule.key], format!("{:?} matches no column", rule.key), hint)
}

/// The two ends of a relation, by position in the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// The table that refers.
    pub child: usize,
    /// The columns that refer, in the relation's order.
    pub child_columns: &'a [String],
    /// The table that is referred to.
    pub parent: usize,
    /// The columns of the parent, in the same order.
    pub parent_columns: &'a [String],
    /// The key of the relation in `[relations]`, if it has one.
    pub key: Option<&'a str>,
}

/// Refuses relations whose ends mask differently. A child column that is masked to NULL is fine: it refers to nothing.
pub fn agree<'a>(masks: &Masks, config: &Config, edges: impl Iterator<Item = Ends<'a>>) -> Result<(), Error> {
    for edge in edges {
        for (from, to) in edge.child_columns.iter().zip(edge.parent_columns) {
            let (child, parent) = (masks.of(edge.child, from), masks.of(edge.parent, to));
            let recipe = |mask: Option<&Mask>| mask.map(|mask| mask.recipe.clone());
            if recipe(child) == recipe(parent) || child.is_some_and(|mask| mask.kind == "null") {
                continue;
            }
            let said = |mask: Option<&Mask>, column: &str| match mask {
                Some(mask) => format!("{column} is masked as {} by {:?}", mask.kind, mask.rule),
                None => format!("{column} is not masked"),
            };
            let message = format!(
                "the two ends of a relation mask differently: {}, {}",
                said(child, from),
                said(parent, to)
            );
            let hint = "give both the same kind, domain and length".to_owned();
            let rule = child.or(parent).map_or("", |mask| mask.rule.as_str());
            return Err(config.origin.error_at(&["mask", rule], message, Some(hint)));
        }
    }
    Ok(())
}
