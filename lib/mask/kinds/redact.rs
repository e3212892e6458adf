//! Free text of which only what can be recognised goes: addresses, numbers, tokens. Names stay.

use super::expression::around;
use super::plain::{filler, text_only};
use super::target::{Made, Target, lossy};
use crate::config::Wrong;
use crate::mask::looks;

/// Longer texts become filler: MySQL stops a regular expression that takes too long with an error (`regexp_time_limit`),
/// which these do from some 100,000 characters on.
const CHARACTERS_MAX: u32 = 20_000;

/// What is recognised, in this order.
const SHAPES: &[&str] = &[
    looks::EMAIL_CLEARED,
    looks::IBAN_CLEARED,
    // Tokens, base64, hexadecimal digits.
    "(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{24}[A-Za-z0-9+/_=-]*+",
    // Cards, telephones, accounts, dates: six digits and what people write between them.
    "[+(]{0,2}[0-9]([ ./()-]{0,2}[0-9]){5,40}",
];

/// Each finding becomes `***`, which is never longer than what was found.
pub(crate) fn redact(target: &Target<'_>) -> Result<Made, Wrong> {
    text_only(target, "redact")?;
    let plain = format!("CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin", target.value);
    let cleared =
        SHAPES.iter().fold(plain, |text, shape| format!("REGEXP_REPLACE({text}, '{shape}', '***')"));
    let value = &target.value;
    // MariaDB answers NULL where its regular expressions give up.
    let masked = format!(
        "CASE WHEN CHAR_LENGTH({value}) > {CHARACTERS_MAX} THEN {0} ELSE COALESCE({cleared}, {0}) END",
        filler(value)
    );
    Ok(lossy(around(target, &masked)))
}
