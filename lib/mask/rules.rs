//! Which rule of `[mask]` speaks for which column: the most specific one.

use std::cmp::Ordering;

use super::{Masks, conditions, fit, generated};
use crate::catalog::{Catalog, Fit, Pattern, TablePattern, closer};
use crate::config::{ColumnsName, Config, Error, MaskConfig, nearest};
use crate::mask::kinds::table as kinds;
use crate::mask::kinds::table::Target;

/// What happens to columns that look like personal data and have no mask: `[mask] policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The run is refused.
    Refuse,
    /// As `refuse`, and every text column needs a mask or a reason.
    Strict,
    /// The run goes on with a warning.
    Warn,
}

/// What happens when an original value is found in the dump: `[mask] leaks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaks {
    /// Nothing is published.
    Refuse,
    /// The dump is published with a warning.
    Warn,
    /// Nobody looks.
    Off,
}

/// Reads `[mask] leaks`.
pub fn leaks(config: &Config) -> Result<Leaks, Error> {
    match setting(config, "leaks") {
        "refuse" => Ok(Leaks::Refuse),
        "warn" => Ok(Leaks::Warn),
        "off" => Ok(Leaks::Off),
        other => {
            let message = format!("leaks is refuse, warn or off, not {other:?}");
            Err(config.origin.error_at(&["mask", "leaks"], message, None))
        }
    }
}

/// Reads `[mask] canaries`: whether made-up rows go through the masks.
pub fn canaries(config: &Config) -> Result<bool, Error> {
    match setting(config, "canaries") {
        "refuse" => Ok(true),
        "off" => Ok(false),
        other => {
            let message = format!("canaries is refuse or off, not {other:?}");
            Err(config.origin.error_at(&["mask", "canaries"], message, None))
        }
    }
}

/// What a setting says, `refuse` if nothing.
fn setting<'a>(config: &'a Config, name: &str) -> &'a str {
    let said = config.mask.get(name).and_then(|setting| setting.as_slice().first());
    said.map_or("refuse", |said| said.kind.as_str())
}

/// Every setting of `[mask]`.
const SETTINGS: &[&str] = &["canaries", "key", "leaks", "policy"];

/// Keys of `[mask]` without a dot are settings, not columns.
fn is_setting(key: &str) -> bool {
    !key.contains(['.', '('])
}

/// Reads `[mask] policy`.
pub fn policy(config: &Config) -> Result<Policy, Error> {
    if let Some(key) = config.mask.keys().find(|key| is_setting(key) && !SETTINGS.contains(&key.as_str())) {
        let hint = nearest(key, SETTINGS.iter().copied()).map(|name| format!("did you mean `{name}`?"));
        let message =
            format!("{key:?} is neither a setting nor a column: write \"table.{key}\" or \"*.{key}\"");
        return Err(config.origin.error_at(&["mask", key], message, hint));
    }
    match setting(config, "policy") {
        "refuse" => Ok(Policy::Refuse),
        "strict" => Ok(Policy::Strict),
        "warn" => Ok(Policy::Warn),
        other => {
            let message = format!("policy is refuse, strict or warn, not {other:?}");
            Err(config.origin.error_at(&["mask", "policy"], message, None))
        }
    }
}

struct Rule<'a> {
    key: &'a str,
    config: &'a [MaskConfig],
    table: TablePattern,
    column: Pattern,
}

type Closeness = (Fit, Fit, Option<Fit>);

/// Compiles `[mask]` for every column of the catalog.
pub fn compile(catalog: &Catalog, config: &Config) -> Result<Masks, Error> {
    policy(config)?;
    leaks(config)?;
    canaries(config)?;
    let rules = read(config)?;
    let mut used = vec![false; rules.len()];
    let mut masks = Masks::default();
    let mut computed = Vec::new();
    for (at, table) in catalog.tables.iter().enumerate() {
        for column in &table.columns {
            let target = Target::of(table, column);
            let Some(rule) = choose(config, &rules, &target, &mut used)? else { continue };
            if column.generated {
                computed.push((at, column, rule));
                continue;
            }
            let wrong = |message, hint| config.origin.error_at(&["mask", rule.key], message, hint);
            let mask = conditions::mask(&target, rule.key, rule.config).map_err(|(m, h)| wrong(m, h))?;
            fit::unique(&target, &mask).map_err(|(m, h)| wrong(m, h))?;
            masks.by_column.insert((at, column.name.to_lowercase()), mask);
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

fn read(config: &Config) -> Result<Vec<Rule<'_>>, Error> {
    let mut rules = Vec::new();
    for (key, mask) in config.mask.iter().filter(|(key, _)| !is_setting(key)) {
        let wrong = |message, hint| config.origin.error_at(&["mask", key], message, hint);
        let name: ColumnsName = key.parse().map_err(|e| wrong(format!("{e}"), None))?;
        let [column] = name.columns.as_slice() else {
            return Err(wrong("a mask is for one column".to_owned(), None));
        };
        let mask = mask.as_slice();
        for entry in mask.iter().flat_map(|entry| std::iter::once(entry).chain(entry.paths.values())) {
            kinds::known(&entry.kind).map_err(|(message, hint)| wrong(message, hint))?;
        }
        let (table, column) = (TablePattern::of(&name.table), Pattern::new(column, true));
        rules.push(Rule { key, config: mask, table, column });
    }
    Ok(rules)
}

fn choose<'a, 'b>(
    config: &Config,
    rules: &'b [Rule<'a>],
    target: &Target<'_>,
    used: &mut [bool],
) -> Result<Option<&'b Rule<'a>>, Error> {
    let mut found: Vec<(Closeness, &Rule<'_>)> = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        if let (Some((table, database)), Some(column)) =
            (rule.table.fit(target.table), rule.column.fit(&target.column.name))
        {
            used[at] = true;
            found.push(((table, column, database), rule));
        }
    }
    let says_more = |one: &Closeness, other: &Closeness| {
        // A named database decides only between rules that are otherwise alike.
        let parts = closer(&[one.0, one.1], &[other.0, other.1]);
        parts.map(|order| order.then(one.2.cmp(&other.2)))
    };
    for (close, rule) in &found {
        let rivals = || found.iter().filter(|(_, other)| !std::ptr::eq(*rule, *other));
        if rivals().all(|(other, _)| says_more(close, other) == Some(Ordering::Greater)) {
            return Ok(Some(rule));
        }
        let alike = |other: &Rule<'_>| format!("{:?}", other.config) == format!("{:?}", rule.config);
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

/// A rule that matches nothing is a typing error, and a typing error here is a leak.
fn unused(catalog: &Catalog, config: &Config, rule: &Rule<'_>) -> Error {
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
