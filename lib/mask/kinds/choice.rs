//! The kind `choice`: one value out of a list, by weight, or the value that a map has for the original.
//!
//! In: `values` and `weights`, or `map` and `value`. Out: an SQL expression that gives one of them.

use std::collections::BTreeMap;

use super::expression::{around, entity, keyed, normalised, number};
use super::plain::constant_of;
use super::target::{Made, MaskRequest, MaskTarget, lossy};
use crate::config::{MaskConfig, Scalar, Wrong};
use crate::sql::literal;

/// The values that `choice` chooses from.
pub(crate) enum ChoiceSource<'a> {
    /// Each value with its weight: how often it is chosen.
    Weighted(Vec<(&'a Scalar, u64)>),
    /// A map of known values to new ones, and the value that all others become.
    Mapped(&'a BTreeMap<String, Scalar>, &'a Scalar),
}

/// Reads `values` and `weights`, or `map` and `value`, from a rule; an error says what is missing.
pub(crate) fn settings(config: &MaskConfig) -> Result<ChoiceSource<'_>, Wrong> {
    match (config.values.is_empty(), config.map.is_empty()) {
        (false, true) => weights(config),
        (true, false) => {
            if let Some(other) = &config.value {
                return Ok(ChoiceSource::Mapped(&config.map, other));
            }
            let hint = "value = \"…\" is what all other values become".to_owned();
            Err(("choice with a map needs a value for what it does not name".to_owned(), Some(hint)))
        }
        _ => {
            let hint = "values = [\"open\", \"closed\"], or map = { \"vip\" = \"regular\" }".to_owned();
            Err(("choice needs values or a map".to_owned(), Some(hint)))
        }
    }
}

fn weights(config: &MaskConfig) -> Result<ChoiceSource<'_>, Wrong> {
    if !config.weights.is_empty() && config.weights.len() != config.values.len() {
        let message = format!("{} weights for {} values", config.weights.len(), config.values.len());
        return Err((message, None));
    }
    let weight = |n: usize| config.weights.get(n).copied().map_or(1, u64::from);
    let weighted: Vec<(&Scalar, u64)> =
        config.values.iter().enumerate().map(|(n, value)| (value, weight(n))).collect();
    if weighted.iter().all(|(_, weight)| *weight == 0) {
        return Err(("one of the weights must be above 0".to_owned(), None));
    }
    Ok(ChoiceSource::Weighted(weighted))
}

pub(crate) fn choice(wish: &MaskRequest<'_>) -> Result<Made, Wrong> {
    match settings(wish.config)? {
        ChoiceSource::Weighted(values) => weighted(wish, &values),
        ChoiceSource::Mapped(map, other) => mapped(wish.target, map, other),
    }
}

fn weighted(wish: &MaskRequest<'_>, weighted: &[(&Scalar, u64)]) -> Result<Made, Wrong> {
    let MaskRequest { target, config, domain } = wish;
    let mut values = Vec::new();
    let mut limits = Vec::new();
    let mut total = 0;
    for (value, weight) in weighted {
        values.push(constant_of(target, value)?);
        total += weight;
        limits.push(total.to_string());
    }
    let hash = keyed(domain, &entity(target, config.of.as_slice())?);
    let place = format!("INTERVAL({}, {})", number(&hash, 1, total), limits.join(", "));
    Ok(lossy(around(target, &format!("ELT(1 + {place}, {})", values.join(", ")))))
}

fn mapped(target: &MaskTarget<'_>, map: &BTreeMap<String, Scalar>, other: &Scalar) -> Result<Made, Wrong> {
    let mut cases = Vec::new();
    for (from, to) in map {
        cases.push(format!("WHEN LOWER({}) THEN {}", literal(from), constant_of(target, to)?));
    }
    let own = format!("LOWER({})", normalised(target));
    let masked = format!("CASE {own} {} ELSE {} END", cases.join(" "), constant_of(target, other)?);
    Ok(lossy(around(target, &masked)))
}
