//! Free text of which only what can be recognised goes: addresses, numbers, tokens. Names stay.

use super::expression::around;
use super::kinds::{Made, Target, Wrong, lossy};
use super::plain::{filler, text_only};

/// Longer texts become filler: a regular expression would take its time, and MySQL stops it with an error.
const CHARACTERS_MAX: u32 = 50_000;

/// What is recognised, in this order. No part may begin anywhere and go on for ever: `{1,64}`, not `+`.
const SHAPES: &[&str] = &[
    // E-mail addresses, `%40` for `@` too.
    "[^[:space:]@<>()\"'',;:=]{1,64}(@|%40)[^[:space:]@<>()\"'',;:&]{1,255}",
    // IBANs.
    "[A-Za-z]{2}[0-9]{2}( ?[A-Za-z0-9]{4}){2,7}( ?[A-Za-z0-9]{1,3})?",
    // Tokens, base64, hexadecimal digits.
    "[A-Za-z0-9+/_=-]{24,}",
    // Cards, telephones, accounts, dates: six digits and what people write between them.
    "[+(]{0,2}[0-9]([ ./()-]{0,2}[0-9]){5,}",
];

/// Each finding becomes `***`, which is never longer than what was found.
pub(super) fn redact(target: &Target<'_>) -> Result<Made, Wrong> {
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
