//! Free text of which only what can be recognised goes: addresses, numbers, tokens. Names stay.

use super::expression::around;
use super::plain::{filler, text_only};
use super::table::{Made, Target, Wrong, lossy};

/// Longer texts become filler: MySQL stops a regular expression that takes too long with an error (`regexp_time_limit`),
/// which these do from some 100,000 characters on.
const CHARACTERS_MAX: u32 = 20_000;

/// What is recognised, in this order. No part may begin in the middle of itself and go on for ever: a run is looked at
/// once (`(?<!…)`), and what it has taken it does not give back (`++`).
const SHAPES: &[&str] = &[
    // E-mail addresses, `%40` for `@` too.
    "(?<![^[:space:]@<>()\"'',;:=%])[^[:space:]@<>()\"'',;:=%]++(@|%40)[^[:space:]@<>()\"'',;:&]++",
    // IBANs.
    "(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}( ?[A-Za-z0-9]{4}){2,7}( ?[A-Za-z0-9]{1,3})?",
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
