//! One of some values: by weight, or by what the value was.

use super::expression::{around, entity, keyed, normalised, number};
use super::plain::constant_of;
use super::table::{Made, Target, Wrong, lossy};
use crate::config::MaskConfig;
use crate::sql::literal;

pub(crate) fn choice(target: &Target<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    match (config.values.is_empty(), config.map.is_empty()) {
        (false, true) => weighted(target, config, domain),
        (true, false) => mapped(target, config),
        _ => {
            let hint = "values = [\"open\", \"closed\"], or map = { \"vip\" = \"regular\" }".to_owned();
            Err(("choice needs values or a map".to_owned(), Some(hint)))
        }
    }
}

fn weighted(target: &Target<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    if !config.weights.is_empty() && config.weights.len() != config.values.len() {
        let message = format!("{} weights for {} values", config.weights.len(), config.values.len());
        return Err((message, None));
    }
    let weights: Vec<u64> = match config.weights.as_slice() {
        [] => vec![1; config.values.len()],
        weights => weights.iter().copied().map(u64::from).collect(),
    };
    let total: u64 = weights.iter().sum();
    if total == 0 {
        return Err(("one of the weights must be above 0".to_owned(), None));
    }
    let mut values = Vec::new();
    for value in &config.values {
        values.push(constant_of(target, value)?);
    }
    let hash = keyed(domain, &entity(target, config.of.as_slice())?);
    let limits: Vec<String> = weights
        .iter()
        .scan(0, |sum, weight| {
            *sum += weight;
            Some(sum.to_string())
        })
        .collect();
    let place = format!("INTERVAL({}, {})", number(&hash, 1, total), limits.join(", "));
    Ok(lossy(around(target, &format!("ELT(1 + {place}, {})", values.join(", ")))))
}

fn mapped(target: &Target<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    let Some(other) = &config.value else {
        let hint = "value = \"…\" is what all other values become".to_owned();
        return Err(("choice with a map needs a value for what it does not name".to_owned(), Some(hint)));
    };
    let mut cases = Vec::new();
    for (from, to) in &config.map {
        cases.push(format!("WHEN LOWER({}) THEN {}", literal(from), constant_of(target, to)?));
    }
    let own = format!("LOWER({})", normalised(target));
    let masked = format!("CASE {own} {} ELSE {} END", cases.join(" "), constant_of(target, other)?);
    Ok(lossy(around(target, &masked)))
}
