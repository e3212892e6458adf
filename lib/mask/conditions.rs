//! Several masks for one column: which one is for which row is a condition, as in tables of keys and values.
//!
//! In: the entries of one rule. Out: one [`Mask`]: `CASE WHEN meta_key = 'email' THEN … ELSE … END`.

use super::Mask;
use crate::config::MaskConfig;
use crate::mask::kinds::table as kinds;
use crate::mask::kinds::table::{Target, Wrong};

/// The mask of a rule. What becomes of rows that no condition holds for must be said: saying nothing would leave them
/// clear.
pub(crate) fn mask(target: &Target<'_>, rule: &str, entries: &[MaskConfig]) -> Result<Mask, Wrong> {
    let Some((rest, conditional)) = entries.split_last() else {
        return Err(("a mask without an entry".to_owned(), None));
    };
    if rest.when.is_some() {
        let hint = "[{ kind = \"email\", when = \"meta_key = 'email'\" }, \"text\"]".to_owned();
        let message = "the last entry has no `when`: it says what becomes of all other rows".to_owned();
        return Err((message, Some(hint)));
    }
    let otherwise = kinds::mask(target, rule, rest)?;
    if conditional.is_empty() {
        return Ok(otherwise);
    }
    let mut cases = Vec::new();
    let mut kinds: Vec<String> = Vec::new();
    let mut lossy = otherwise.lossy;
    let mut telling = otherwise.telling;
    let mut nature = otherwise.nature;
    for entry in conditional {
        let Some(when) = &entry.when else {
            return Err(("every entry but the last needs a `when`".to_owned(), None));
        };
        let mask = kinds::mask(target, rule, entry)?;
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
