//! Masks that need no hash: NULL, constants, filler, stars, redacted texts, SQL of `refresh.toml`.

use super::expression::around;
use super::target::{Made, MaskTarget, apart, lossy, needed};
use super::words::FILLER;
use crate::catalog::Family;
use crate::config::{MaskConfig, Scalar, Wrong};
use crate::mask::{fit, looks};
use crate::sql::literal;

/// How many characters of filler a free text gets at most: REPEAT gives NULL beyond `max_allowed_packet`.
const FILLER_CHARACTERS_MAX: u64 = 1_000_000;

pub(crate) fn null(target: &MaskTarget<'_>) -> Result<Made, Wrong> {
    fit::nullable(target).map(|()| lossy("NULL".to_owned()))
}

pub(crate) fn empty(target: &MaskTarget<'_>) -> Result<Made, Wrong> {
    fit::text(target, "empty").map(|()| lossy(format!("CASE WHEN {} IS NOT NULL THEN '' END", target.value)))
}

/// Reads the setting `value` of `constant`.
pub(crate) fn value(config: &MaskConfig) -> Result<&Scalar, Wrong> {
    needed(config.value.as_ref(), "constant", "value = \"…\"")
}

pub(crate) fn constant(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    let value = constant_of(target, value(config)?)?;
    Ok(lossy(format!("CASE WHEN {} IS NOT NULL THEN {value} END", target.value)))
}

/// A value of `refresh.toml` as SQL, if the column can hold it.
pub(crate) fn constant_of(target: &MaskTarget<'_>, value: &Scalar) -> Result<String, Wrong> {
    let column = target.column;
    fit::value(target, value)?;
    Ok(match value {
        Scalar::Bool(value) => u8::from(*value).to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Float(value) => value.to_string(),
        Scalar::Text(value) => {
            if column.family() == Family::Json {
                let valid = serde_json::from_str::<serde_json::Value>(value).is_ok();
                valid
                    .then_some(())
                    .ok_or_else(|| (format!("{value:?} is no JSON for {}", target.label()), None))?;
            } else if matches!(column.family(), Family::Text | Family::Binary) {
                fit::room(target, value.chars().count() as u64, "this value")?;
                fit::charset(target, value)?;
            } else if column.family() == Family::Exact && value.parse::<f64>().is_err() {
                return Err((format!("{value:?} is no number for {}", target.label()), None));
            }
            literal(value)
        }
    })
}

/// Fails when `keep` has no reason. The `…` of a proposal is none.
pub(crate) fn reason(config: &MaskConfig) -> Result<(), Wrong> {
    let reason = config.reason.as_deref().unwrap_or_default();
    let dots = |c: char| c == '…' || c == '.' || c.is_whitespace();
    if !reason.is_empty() && reason.trim_matches(dots).is_empty() {
        let hint = Some("fill in why".to_owned());
        return Err((format!("keep needs a reason, for whoever asks later; {reason:?} is none"), hint));
    }
    if reason.is_empty() {
        let hint = "{ kind = \"keep\", reason = \"office addresses, public\" }".to_owned();
        return Err(("keep needs a reason, for whoever asks later".to_owned(), Some(hint)));
    }
    Ok(())
}

pub(crate) fn keep(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    reason(config).map(|()| apart(target.value.clone()))
}

/// Filler as long as the value, in characters.
pub(crate) fn text(target: &MaskTarget<'_>) -> Result<Made, Wrong> {
    fit::text(target, "text")?;
    Ok(lossy(filler(&target.value)))
}

/// Filler as long as `value`; NULL for NULL.
pub(crate) fn filler(value: &str) -> String {
    let length = format!("LEAST(CHAR_LENGTH({value}), {FILLER_CHARACTERS_MAX})");
    let times = format!("{length} DIV {} + 1", FILLER.len());
    format!("LEFT(REPEAT({}, {times}), {length})", literal(FILLER))
}

/// Reads the settings of `partial`: how many first and last characters stay, and the character in place of the others.
pub(crate) fn ends(config: &MaskConfig) -> Result<(u32, u32, &str), Wrong> {
    let (first, last) = (config.first.unwrap_or_default(), config.last.unwrap_or_default());
    if first == 0 && last == 0 {
        needed(None::<&u32>, "partial", "last = 4")?;
    }
    let with = config.with.as_deref().unwrap_or("*");
    if with.chars().count() != 1 {
        return Err((format!("`with` is one character, not {with:?}"), None));
    }
    Ok((first, last, with))
}

/// The first and the last characters, stars between. A value that is shorter than twice what stays becomes stars only:
/// more than half of it would be shown.
pub(crate) fn partial(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    text_only(target, "partial")?;
    let (first, last, with) = ends(config)?;
    let both = u64::from(first) + u64::from(last);
    fit::charset(target, with)?;
    let plain = format!("CONVERT({} USING utf8mb4)", target.value);
    let length = format!("LEAST(CHAR_LENGTH({plain}), {FILLER_CHARACTERS_MAX})");
    let stars = |length: &str| format!("REPEAT({}, {length})", literal(with));
    let inner = stars(&format!("{length} - {both}"));
    let masked = format!(
        "CASE WHEN CHAR_LENGTH({plain}) < {} THEN {} ELSE CONCAT(LEFT({plain}, {first}), {inner}, RIGHT({plain}, {last})) END",
        2 * both,
        stars(&length)
    );
    Ok(lossy(around(target, &masked)))
}

/// Shows the form of a value only: letters become `x` or `X`, digits `9`. Every character beyond printable ASCII becomes
/// `x`.
pub(crate) fn shape(target: &MaskTarget<'_>) -> Result<Made, Wrong> {
    text_only(target, "shape")?;
    let plain = format!("CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin", target.value);
    let masked = ["[a-z]", "[A-Z]", "[0-9]"]
        .iter()
        .zip(["x", "X", "9"])
        .fold(format!("REGEXP_REPLACE({plain}, '[^ -~]', 'x')"), |text, (from, to)| {
            format!("REGEXP_REPLACE({text}, '{from}', '{to}')")
        });
    Ok(lossy(around(target, &masked)))
}

/// Refuses a kind that reads characters for a column that is no text.
pub(crate) fn text_only(target: &MaskTarget<'_>, kind: &str) -> Result<(), Wrong> {
    if target.column.family() == Family::Text {
        return Ok(());
    }
    let message = format!("{kind} reads characters, and {} is {}", target.label(), target.column.column_type);
    Err((message, Some("choose text, hash, constant or null for it".to_owned())))
}

/// The SQL of `refresh.toml`. Whoever wrote it vouches for it, also that it keeps values apart.
pub(crate) fn written(config: &MaskConfig) -> Result<Made, Wrong> {
    sql(config).map(|sql| apart(format!("({sql})")))
}

/// Reads the setting `sql` of the kind `sql`.
pub(crate) fn sql(config: &MaskConfig) -> Result<&String, Wrong> {
    needed(config.sql.as_ref(), "sql", "sql = \"CONCAT('user-', t.id)\"")
}

/// Longer texts become filler: MySQL ends a regular expression that takes too long with an error (`regexp_time_limit`),
/// which happens with `RECOGNISED` from some 100,000 characters on.
const REDACTED_CHARACTERS_MAX: u32 = 20_000;

/// What `redact` replaces in a text, in this order. All else stays, names too.
const RECOGNISED: &[&str] = &[
    looks::EMAIL_CLEARED,
    looks::IBAN_CLEARED,
    // Tokens, base64, hexadecimal digits.
    "(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{24}[A-Za-z0-9+/_=-]*+",
    // Cards, telephones, accounts, dates: six digits and what people write between them.
    "[+(]{0,2}[0-9]([ ./()-]{0,2}[0-9]){5,40}",
];

/// Each match becomes `***`, which is never longer than the match.
pub(crate) fn redact(target: &MaskTarget<'_>) -> Result<Made, Wrong> {
    text_only(target, "redact")?;
    let plain = format!("CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin", target.value);
    let cleared =
        RECOGNISED.iter().fold(plain, |text, shape| format!("REGEXP_REPLACE({text}, '{shape}', '***')"));
    let value = &target.value;
    // MariaDB's REGEXP_REPLACE gives NULL when it takes too many steps.
    let masked = format!(
        "CASE WHEN CHAR_LENGTH({value}) > {REDACTED_CHARACTERS_MAX} THEN {0} ELSE COALESCE({cleared}, {0}) END",
        filler(value)
    );
    Ok(lossy(around(target, &masked)))
}
