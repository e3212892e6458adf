//! Masks that look like what they stand for: names, telephone numbers, formats, UUIDs.

use super::expression::{around, hash, number, one_of};
use super::fit;
use super::kinds::{Made, Target, Wrong, lossy};
use crate::config::MaskConfig;
use crate::mysql::literal;

pub(super) fn dictionary(target: &Target<'_>, domain: &str, lists: &[&[&str]]) -> Result<Made, Wrong> {
    fit::text(target, "a name")?;
    let longest: usize =
        lists.iter().map(|list| list.iter().map(|word| word.len()).max().unwrap_or_default() + 1).sum();
    fit::room(target, longest as u64 - 1, "a name")?;
    let hash = hash(target.column, domain);
    let words: Vec<String> =
        lists.iter().enumerate().map(|(n, list)| one_of(&hash, 1 + 12 * n, list)).collect();
    Ok(lossy(around(target.column, &format!("CONCAT_WS(' ', {})", words.join(", ")))))
}

pub(super) fn phone(target: &Target<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    if target.column.integer() {
        if !matches!(target.column.data_type.as_str(), "int" | "bigint") {
            let message = format!(
                "{} ({}) has no room for a telephone number",
                target.label(),
                target.column.column_type
            );
            return Err((message, Some("choose hash, constant or null for it".to_owned())));
        }
        let hash = hash(target.column, domain);
        let digits =
            number(&hash, 1, if target.column.data_type == "bigint" { 10_000_000 } else { 1_000_000 });
        let base: u64 = if target.column.data_type == "bigint" { 5_550_000_000 } else { 555_000_000 };
        return Ok(lossy(around(target.column, &format!("{base} + {digits}"))));
    }
    let format = config.format.as_deref().unwrap_or(match fit::capacity(target) {
        0..12 => "555#######",
        _ => "555-###-####",
    });
    pattern(target, format, domain)
}

/// `#` a digit, `?` a letter, anything else itself.
pub(super) fn pattern(target: &Target<'_>, format: &str, domain: &str) -> Result<Made, Wrong> {
    fit::text(target, "a pattern")?;
    fit::room(target, format.chars().count() as u64, "this format")?;
    if !format.contains(['#', '?']) {
        return Err((format!("the format {format:?} has no `#` (digit) and no `?` (letter)"), None));
    }
    let mut parts: Vec<String> = Vec::new();
    let mut rest = format;
    let mut used = 0;
    while let Some(first) = rest.chars().next() {
        let run = rest.chars().take_while(|c| *c == first).count();
        // Five groups of 12 digits are in one hash; the next five come from another.
        let round = domain.to_owned() + &"+".repeat(used / 5);
        let hash = hash(target.column, &round);
        let at = 1 + 12 * (used % 5);
        let taken = match first {
            '#' => {
                let digits = run.min(9);
                let limit = 10_u64.pow(u32::try_from(digits).unwrap_or(9));
                parts.push(format!("LPAD({}, {digits}, '0')", number(&hash, at, limit)));
                used += 1;
                digits
            }
            '?' => {
                let letter = number(&hash, at, 26);
                parts.push(format!("SUBSTR('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 1 + {letter}, 1)"));
                used += 1;
                1
            }
            _ => {
                let plain: String = rest.chars().take_while(|c| *c != '#' && *c != '?').collect();
                parts.push(literal(&plain));
                plain.chars().count()
            }
        };
        rest = rest.char_indices().nth(taken).map_or("", |(at, _)| &rest[at..]);
    }
    Ok(lossy(around(target.column, &format!("CONCAT({})", parts.join(", ")))))
}

/// A version 4 UUID in its text form.
pub(super) fn uuid(target: &Target<'_>, domain: &str) -> Result<Made, Wrong> {
    fit::text(target, "uuid")?;
    fit::room(target, 36, "a UUID")?;
    let hash = hash(target.column, domain);
    let masked = format!(
        "INSERT(INSERT(INSERT(INSERT(INSERT(INSERT(LEFT({hash}, 32), 13, 1, '4'), 17, 1, 'a'), 21, 0, '-'), \
         17, 0, '-'), 13, 0, '-'), 9, 0, '-')"
    );
    Ok(Made { expression: around(target.column, &masked), lossy: false })
}
