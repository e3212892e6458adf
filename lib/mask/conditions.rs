//! Several masks for one column, as tables of keys and values need them: each mask has a condition (`when`) that says for
//! which rows it is.
//!
//! In: the entries of one rule. Out: one [`Mask`]: `CASE WHEN (meta_key = 'email') THEN … ELSE … END`.

use super::kinds::table;
use super::kinds::target::MaskTarget;
use super::masks::Mask;
use crate::config::{MaskRule, Wrong};

/// Compiles all entries of a rule into one mask.
pub(crate) fn mask(target: &MaskTarget<'_>, name: &str, rule: &MaskRule) -> Result<Mask, Wrong> {
    let (conditional, rest) = rule.cases()?;
    let otherwise = table::mask(target, name, rest)?;
    if conditional.is_empty() {
        return Ok(otherwise);
    }
    let mut cases = Vec::new();
    let mut kinds: Vec<String> = Vec::new();
    let mut lossy = otherwise.lossy;
    let mut telling = otherwise.telling;
    let mut nature = otherwise.nature;
    for (when, entry) in conditional {
        let mask = table::mask(target, name, entry)?;
        cases.push(format!("WHEN ({when}) THEN {}", mask.expression));
        lossy |= mask.lossy;
        telling = telling.max(mask.telling);
        nature = nature.or(mask.nature);
        kinds.push(mask.kind);
    }
    kinds.push(otherwise.kind.clone());
    kinds.dedup();
    let expression = format!("CASE {} ELSE {} END", cases.join(" "), otherwise.expression);
    Ok(Mask {
        kind: kinds.join("+"),
        recipe: expression.replace(&target.value, "?"),
        expression,
        nature,
        lossy,
        telling,
        written: true,
        ..otherwise
    })
}
