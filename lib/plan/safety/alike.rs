//! Finds one rule for columns that must be masked alike: a copy and its original, or the ends of a relation.
//!
//! In: pairs of a copy and its original; whether a column takes a rule. Out: lines to paste. Columns that relations connect to a
//! pair get the same rule, since both ends of a relation must be masked alike.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Table};
use crate::config::{Config, MaskConfig};
use crate::mask::{Finding, KEEP, fits, propose};
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::rules::edge::{Place, ends, groups};

/// A column that holds copies, and the column with their originals.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) copy: Place,
    pub(crate) original: Place,
    /// True if the original is a full name, put together from a first name and a last name.
    pub(crate) halves: bool,
}

/// Rules to try for an original and its copy, where the original's own rule does not fit the copy.
const BOTH: &[&str] =
    &["\"hash\"", "{ kind = \"hash\", length = 16 }", "\"uuid\"", "\"cipher\"", "\"text\"", "\"null\""];

/// Rules to try where ends of a relation look personal: the first that all ends take is proposed.
const ENDS: &[&str] =
    &["\"hash\"", "{ kind = \"hash\", length = 16 }", "\"uuid\"", "\"cipher\"", "\"permute\"", "\"null\""];

/// A rule for each of some columns that relations connect: the first of `wishes` and `ENDS` that all of them take. If there is
/// none, a column that refers becomes NULL if it can; for the others a person has to give a reason to keep them.
pub(crate) fn of_ends(catalog: &Catalog, places: &[Place], wishes: &[String]) -> Vec<(Place, String)> {
    let column =
        |(table, column): &Place| Some((&catalog.tables[*table], catalog.tables[*table].column(column)?));
    let known: Vec<&Place> =
        places.iter().filter(|place| column(place).is_some_and(|(_, c)| !c.generated)).collect();
    let takes =
        |place: &Place, wish: &str| column(place).is_some_and(|(table, column)| fits(table, column, wish));
    let all = wishes.iter().cloned().chain(ENDS.iter().map(|wish| (*wish).to_owned()));
    let right =
        all.filter(|wish| !wish.contains("…")).find(|wish| known.iter().all(|place| takes(place, wish)));
    let refers = |place: &Place| {
        column(place).is_some_and(|(table, column)| !table.unique(std::slice::from_ref(&column.name)))
    };
    let null = "\"null\"";
    let alone = |place: &Place| if refers(place) && takes(place, null) { null } else { KEEP };
    let rule = |place: &Place| right.clone().unwrap_or_else(|| alone(place).to_owned());
    known.into_iter().map(|place| (place.clone(), rule(place))).collect()
}

/// The findings, with one rule for all ends of a relation. Ends without a finding get one if their rule has to change.
pub(crate) fn tied(config: &Config, blueprint: &Blueprint, mut findings: Vec<Finding>) -> Vec<Finding> {
    for places in groups(ends(&blueprint.edges)) {
        let at = |findings: &[Finding], (table, column): &Place| {
            findings.iter().position(|f| f.table == *table && f.column.eq_ignore_ascii_case(column))
        };
        let said: Vec<Option<String>> = places
            .iter()
            .map(|place| match at(&findings, place) {
                Some(found) => Some(findings[found].proposal.clone()),
                None => rule(config, blueprint, place),
            })
            .collect();
        let alike = said.iter().all(|one| *one == said[0]);
        if alike || places.iter().all(|place| at(&findings, place).is_none()) {
            continue;
        }
        // A rule that is in refresh.toml already is tried first.
        let written = places.iter().filter(|place| at(&findings, place).is_none());
        let written = written.filter_map(|place| rule(config, blueprint, place));
        let wishes: Vec<String> = written.chain(said.iter().flatten().cloned()).collect();
        for (place, right) in of_ends(&blueprint.catalog, &places, &wishes) {
            let evidence = "both ends of a relation mask alike";
            match at(&findings, &place) {
                Some(found) => {
                    findings[found].evidence = format!("{}, and {evidence}", findings[found].evidence);
                    findings[found].proposal = right;
                    findings[found].any_text = false;
                }
                None if rule(config, blueprint, &place).as_ref() == Some(&right) || right == KEEP => {}
                None => findings.push(finding(blueprint, &place, evidence.to_owned(), &right)),
            }
        }
    }
    findings
}

/// Whether a column takes a rule: its table, its name, the right side.
pub(crate) type Takes<'a> = &'a mut dyn FnMut(usize, &str, &str) -> bool;

/// Findings that mask copies and originals alike.
pub(crate) fn lines(
    config: &Config,
    blueprint: &Blueprint,
    pairs: &[Pair],
    takes: Takes<'_>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.halves) {
        found.push(of_halves(blueprint, pair, takes));
    }
    let whole: Vec<&Pair> = pairs.iter().filter(|pair| !pair.halves).collect();
    let of_pairs = whole.iter().map(|pair| [pair.copy.clone(), pair.original.clone()]);
    for places in groups(ends(&blueprint.edges).chain(of_pairs)) {
        let own: Vec<&Pair> = whole.iter().copied().filter(|pair| places.contains(&pair.copy)).collect();
        if !own.is_empty() {
            found.extend(together(config, blueprint, &places, &own, takes));
        }
    }
    found
}

/// Findings for the columns of one group.
fn together(
    config: &Config,
    blueprint: &Blueprint,
    places: &[Place],
    pairs: &[&Pair],
    takes: Takes<'_>,
) -> Vec<Finding> {
    let mut tried = BTreeSet::new();
    let originals = pairs.iter().map(|pair| rule(config, blueprint, &pair.original));
    let others = places.iter().map(|place| rule(config, blueprint, place));
    let wishes = originals.chain(others).flatten().chain(BOTH.iter().map(|rule| (*rule).to_owned()));
    let chosen = wishes
        .filter(|wish| tried.insert(wish.clone()))
        .find(|wish| places.iter().all(|(table, column)| takes(*table, column, wish)));
    let copy_of = |place: &Place| pairs.iter().find(|pair| pair.copy == *place);
    let Some(chosen) = chosen else {
        let copies = places.iter().filter_map(|place| Some((place, copy_of(place)?)));
        return copies
            .map(|(place, pair)| {
                let evidence =
                    format!("as {}, whose rule it does not take", label(blueprint, &pair.original));
                finding(blueprint, place, evidence, KEEP)
            })
            .collect();
    };
    let mut changed = Vec::new();
    for place in places {
        if rule(config, blueprint, place).as_ref() == Some(&chosen) {
            continue;
        }
        let evidence = match copy_of(place) {
            Some(pair) => format!("as {}", label(blueprint, &pair.original)),
            None => match pairs.iter().find(|pair| pair.original == *place) {
                Some(pair) => {
                    format!("in place of its rule, which {} does not take", label(blueprint, &pair.copy))
                }
                None => "both ends of a relation mask alike".to_owned(),
            },
        };
        changed.push(finding(blueprint, place, evidence, &chosen));
    }
    changed
}

/// The finding for a column of full names whose original is in two columns.
fn of_halves(blueprint: &Blueprint, pair: &Pair, takes: Takes<'_>) -> Finding {
    let (table, column) = (&blueprint.catalog.tables[pair.copy.0], &pair.copy.1);
    let evidence = format!("as {}", label(blueprint, &pair.original));
    let name = "\"name\"";
    let right = if takes(pair.copy.0, column, name) { name.to_owned() } else { other(table, column) };
    finding(blueprint, &pair.copy, evidence, &right)
}

fn other(table: &Table, column: &str) -> String {
    table.column(column).map_or_else(|| KEEP.to_owned(), |column| propose(table, column, &[]))
}

fn finding(blueprint: &Blueprint, (table, column): &Place, evidence: String, right: &str) -> Finding {
    let spelled = blueprint.catalog.tables[*table].column(column);
    let column = spelled.map_or_else(|| column.clone(), |column| column.name.clone());
    Finding { table: *table, column, evidence, proposal: right.to_owned(), any_text: false }
}

fn label(blueprint: &Blueprint, (table, column): &Place) -> String {
    let table = &blueprint.catalog.tables[*table];
    let column = table.column(column).map_or(column.as_str(), |column| &column.name);
    format!("{}.{column}", table.label())
}

/// The right side of a column's rule; none if it has no rule, or one that cannot be written for another column.
fn rule(config: &Config, blueprint: &Blueprint, (table, column): &Place) -> Option<String> {
    let mask = blueprint.masks.of(*table, column)?;
    match config.mask.rules.get(&mask.rule)?.entries() {
        [one] => written(one),
        _ => None,
    }
}

/// A rule as TOML; none if it has a setting that is not written here.
fn written(rule: &MaskConfig) -> Option<String> {
    let texts = [
        ("domain", &rule.domain),
        ("format", &rule.format),
        ("check", &rule.check),
        ("prefix", &rule.prefix),
        ("host", &rule.host),
    ];
    let mut settings: Vec<String> =
        texts.iter().filter_map(|(name, value)| Some(format!("{name} = {:?}", value.as_ref()?))).collect();
    settings.extend(rule.length.map(|length| format!("length = {length}")));
    settings.extend(rule.network.map(|network| format!("network = {network}")));
    let said = settings.len() - usize::from(rule.domain.is_some());
    if rule.given().count() != said {
        return None;
    }
    Some(match settings.as_slice() {
        [] => format!("{:?}", rule.kind),
        _ => format!("{{ kind = {:?}, {} }}", rule.kind, settings.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_written_as_it_was_or_not_at_all() {
        for (text, same) in [
            ("\"email\"", true),
            ("{ kind = \"email\", prefix = \"p\" }", true),
            ("{ kind = \"hash\", domain = \"d\", length = 16 }", true),
            ("{ kind = \"ip\", network = true }", true),
            ("{ kind = \"person\", part = \"email\", of = \"id\" }", false),
            ("{ kind = \"constant\", value = 0 }", false),
        ] {
            let rule = crate::mask::rule(text).unwrap();
            assert_eq!(written(&rule.entries()[0]), same.then(|| text.to_owned()), "{text}");
        }
    }
}
