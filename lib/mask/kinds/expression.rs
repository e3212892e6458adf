//! Building blocks of masks: SQL over one value, the same on MySQL 8, 9 and MariaDB 10.10 and later. The only hash is
//! SHA2: MySQL 9 has no MD5 and no SHA1. There are no back-references: `$1` is MySQL's, `\1` MariaDB's.

use super::target::MaskTarget;
use crate::catalog::Family;
use crate::config::{Wrong, nearest};
use crate::sql::literal;

/// The value without outer blanks and in lower case, so that these make no difference. Bytes stay as they are, and so do
/// texts whose collation tells upper from lower case: a unique index may hold both `aB` and `Ab`.
pub(crate) fn normalised(target: &MaskTarget<'_>) -> String {
    let plain = &target.value;
    let exact = target.column.collation.as_deref().is_some_and(|collation| !collation.contains("_ci"));
    match target.column.family() {
        Family::Text if exact => format!("CONVERT({plain} USING utf8mb4)"),
        Family::Text | Family::Choice => format!("LOWER(TRIM(CONVERT({plain} USING utf8mb4)))"),
        Family::Binary => plain.clone(),
        _ => format!("CAST({plain} AS CHAR CHARACTER SET utf8mb4)"),
    }
}

/// The normalised value without the characters of `left_out`, which people write between the digits of a number.
pub(crate) fn packed(target: &MaskTarget<'_>, left_out: &str) -> String {
    left_out.chars().fold(normalised(target), |text, c| format!("REPLACE({text}, '{c}', '')"))
}

/// 64 hexadecimal digits that depend on the key, the domain and a text. The key stands at both ends, so that nothing can
/// be appended. This takes one round of SHA-256, HMAC takes two: a mask is computed for every row.
pub(crate) fn keyed(domain: &str, text: &str) -> String {
    format!("SHA2(CONCAT(@refreshkit_key, {}, {text}, @refreshkit_key), 256)", literal(&format!("{domain}:")))
}

/// The hash of the normalised value.
pub(crate) fn hash(target: &MaskTarget<'_>, domain: &str) -> String {
    keyed(domain, &normalised(target))
}

/// What a result is chosen by: the columns that `of` names. Without `of`, or where one of them is NULL, it is the value
/// itself.
pub(crate) fn entity(target: &MaskTarget<'_>, of: &[String]) -> Result<String, Wrong> {
    let mut parts = Vec::new();
    let mut always = true;
    for name in of {
        let Some(column) = target.table.column(name) else {
            let names = target.table.columns.iter().map(|column| column.name.as_str());
            let hint = nearest(name, names).map(|name| format!("did you mean `{name}`?"));
            return Err((format!("{} has no column `{name}` (of)", target.table.name), hint));
        };
        parts.push(normalised(&MaskTarget::of(target.table, column)));
        always &= !column.nullable;
    }
    let whole = match parts.as_slice() {
        [] => return Ok(normalised(target)),
        [one] => one.clone(),
        many => format!("CONCAT({})", many.join(", ':', ")),
    };
    Ok(if always { whole } else { format!("COALESCE({whole}, {})", normalised(target)) })
}

/// A whole number below `limit` from 12 digits of the hash. CONV must be cast: without CAST its text would be read as a
/// DOUBLE.
pub(crate) fn number(hash: &str, first_digit: usize, limit: u64) -> String {
    format!("MOD(CAST(CONV(SUBSTR({hash}, {first_digit}, 12), 16, 10) AS UNSIGNED), {limit})")
}

/// Decimal digits from 15 of the 64 digits of the hash: 14 at most.
pub(crate) fn digits(hash: &str, first_digit: usize, digits: u32) -> String {
    let limit = 10_u64.pow(digits);
    let wide = format!("CAST(CONV(SUBSTR({hash}, {first_digit}, 15), 16, 10) AS UNSIGNED)");
    format!("LPAD(MOD({wide}, {limit}), {digits}, '0')")
}

/// `masked`, but NULL for NULL and the empty text for a blank one. The CASE never gives the value itself, so that the
/// value's character set does not mix with ours.
pub(crate) fn around(target: &MaskTarget<'_>, masked: &str) -> String {
    let plain = &target.value;
    let collation = target.column.collation.as_deref().unwrap_or("0900");
    match target.column.family() {
        // To collations that pad, blanks and the empty text are equal.
        Family::Text if !collation.contains("0900") && !collation.contains("nopad") => {
            format!("CASE WHEN {plain} IS NULL THEN NULL WHEN {plain} = '' THEN '' ELSE {masked} END")
        }
        Family::Text => {
            format!("CASE WHEN {plain} IS NULL THEN NULL WHEN TRIM({plain}) = '' THEN '' ELSE {masked} END")
        }
        Family::Binary => {
            format!("CASE WHEN {plain} IS NULL THEN NULL WHEN LENGTH({plain}) = 0 THEN '' ELSE {masked} END")
        }
        _ => format!("CASE WHEN {plain} IS NULL THEN NULL ELSE {masked} END"),
    }
}

/// One of `texts`, chosen by the hash.
pub(crate) fn one_of(hash: &str, first_digit: usize, texts: &[&str]) -> String {
    let list: Vec<String> = texts.iter().map(|text| literal(text)).collect();
    format!("ELT(1 + {}, {})", number(hash, first_digit, texts.len() as u64), list.join(", "))
}

/// `body` over `j.s`, which is `text` evaluated once: SQL knows no other way to name the value of an expression.
pub(crate) fn bound(text: &str, body: &str) -> String {
    format!(
        "(SELECT {body} FROM JSON_TABLE(JSON_ARRAY({text}), '$[*]' COLUMNS (s VARCHAR(255) PATH '$')) AS j)"
    )
}

/// `text`, which has `length` characters, with `what` put in before character `at`. Behind the last character INSERT does
/// nothing.
pub(crate) fn put_in(text: &str, at: usize, length: usize, what: &str) -> String {
    if at > length { format!("CONCAT({text}, {what})") } else { format!("INSERT({text}, {at}, 0, {what})") }
}

/// `text` with the characters of `value` that `stays` selects put in at their places. `value` has at most `places`
/// characters.
pub(crate) fn spread(value: &str, places: usize, text: &str, stays: &dyn Fn(&str) -> String) -> String {
    spread_with(value, places, text, stays, str::to_owned)
}

/// The same as [`spread`], but `put` makes what is put in for each character that stays.
pub(crate) fn spread_with(
    value: &str,
    places: usize,
    text: &str,
    stays: &dyn Fn(&str) -> String,
    put: impl Fn(&str) -> String,
) -> String {
    // INSERT can put something in before the point at the end, and so behind the last character.
    let all = (1..=places).fold(format!("CONCAT({text}, '.')"), |text, at| {
        let here = format!("SUBSTR({value}, {at}, 1)");
        format!(
            "INSERT({text}, IF(CHAR_LENGTH({here}) > 0 AND {}, {at}, 0), 0, {})",
            stays(&here),
            put(&here)
        )
    });
    format!("LEFT({all}, CHAR_LENGTH({value}))")
}
