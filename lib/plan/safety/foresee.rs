//! Finds on samples, before a key is collected, what would make the run fail later: masked values that break a constraint, and
//! copies of masked values that are not masked like them.
//!
//! In: the configuration and its blueprint. Out: lines to paste in place of the rules at fault. The checks are repeated on the
//! rules as they would be after the paste, so that the next run does not refuse the proposal.

use std::collections::BTreeMap;

use super::alike;
use super::copied_columns;
use super::within_rules::Checks;
use crate::config::{Config, Leaks};
use crate::house::House;
use crate::mask::{self, Finding};
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::Blueprint;

/// Rounds of checks: a changed rule may fail another check.
const ROUNDS_MAX: usize = 4;

/// Part of the proposal for a column that no rule fits: a person fills the reason in.
const OPEN: &str = "reason = \"…\"";

/// The findings with proposals that pass the checks, and findings for other rules that must change with them.
pub(crate) fn settled(
    house: &House,
    session: &mut Session,
    (config, blueprint): (&Config, &Blueprint),
    findings: Vec<Finding>,
) -> Result<Vec<Finding>, Error> {
    let findings = alike::tied(config, blueprint, findings);
    let Some((config, pasted)) = with(config, blueprint, &findings) else { return Ok(findings) };
    let changes = changes(house, session, &config, &pasted)?;
    Ok(merged(findings, changes))
}

/// Puts each change in the place of the finding for its column, or behind them.
fn merged(mut findings: Vec<Finding>, changes: Vec<Finding>) -> Vec<Finding> {
    for change in changes {
        let same = |finding: &&mut Finding| {
            finding.table == change.table && finding.column.eq_ignore_ascii_case(&change.column)
        };
        match findings.iter_mut().find(same) {
            Some(finding) => {
                finding.evidence = format!("{}; {}", finding.evidence, change.evidence);
                finding.proposal = change.proposal;
                finding.any_text = false;
            }
            None => findings.push(change),
        }
    }
    findings
}

/// Rules of `config` that fail the checks, each with a rule to write in its place.
pub(crate) fn changes(
    house: &House,
    session: &mut Session,
    config: &Config,
    blueprint: &Blueprint,
) -> Result<Vec<Finding>, Error> {
    let checks = Checks::read(session, blueprint)?;
    // A key for these checks only: the keys of the plan are made later.
    session.run("preparing to try masks", "SET @refreshkit_key = RANDOM_BYTES(32)")?;
    let mut all: BTreeMap<(usize, String), Finding> = BTreeMap::new();
    let (mut config, mut blueprint) = (config.clone(), blueprint.clone());
    for _ in 0..ROUNDS_MAX {
        house.cancel.check()?;
        let mut more = checks.broken(session, &blueprint)?;
        if more.is_empty() && config.mask.leaks == Leaks::Refuse {
            more = copies(house, session, &config, &blueprint, &checks)?;
        }
        more.retain(|finding| {
            all.get(&place(finding)).is_none_or(|known| known.proposal != finding.proposal)
        });
        if more.is_empty() {
            break;
        }
        let next = with(&config, &blueprint, &more);
        all.extend(more.into_iter().map(|finding| (place(&finding), finding)));
        match next {
            Some(next) => (config, blueprint) = next,
            None => break,
        }
    }
    Ok(all.into_values().collect())
}

fn place(finding: &Finding) -> (usize, String) {
    (finding.table, finding.column.to_lowercase())
}

fn copies(
    house: &House,
    session: &mut Session,
    config: &Config,
    blueprint: &Blueprint,
    checks: &Checks,
) -> Result<Vec<Finding>, Error> {
    let pairs = copied_columns::foreseen(house, session, blueprint)?;
    let mut lost = None;
    let mut takes = |at: usize, column: &str, right: &str| {
        let table = &blueprint.catalog.tables[at];
        let Some(column) = table.column(column) else { return false };
        checks.takes(session, (at, table), column, right).unwrap_or_else(|error| {
            lost.get_or_insert(error);
            false
        })
    };
    let lines = alike::lines(config, blueprint, &pairs, &mut takes);
    match lost {
        Some(error) => Err(error.into()),
        None => Ok(lines),
    }
}

/// Configuration and blueprint with these lines pasted; none if the masks do not compile then.
fn with(config: &Config, blueprint: &Blueprint, findings: &[Finding]) -> Option<(Config, Blueprint)> {
    let catalog = &blueprint.catalog;
    let mut config = config.clone();
    for finding in findings.iter().filter(|finding| !finding.proposal.contains(OPEN)) {
        let key = catalog.written_column(&catalog.tables[finding.table], &finding.column);
        config.mask.rules.insert(key, mask::rule(&finding.proposal)?);
    }
    let masks = mask::compile(catalog, &config).ok()?;
    Some((config, Blueprint { masks, ..blueprint.clone() }))
}
