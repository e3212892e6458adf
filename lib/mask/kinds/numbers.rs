//! Masks of numbers: permutation, noise, steps and limits, rounded coordinates.

use super::expression::{around, entity, keyed};
use super::target::{Made, MaskTarget, apart, lossy, needed};
use crate::catalog::{Column, Family};
use crate::config::{MaskConfig, Wrong};

/// How many steps the noise has in each direction.
const NOISE_STEPS: u64 = 1_000_000;

/// How many hexadecimal digits of a hash a round of the permutation uses: 48 bits.
const ROUND_DIGITS: u32 = 12;

fn wrong(target: &MaskTarget<'_>, what: &str) -> Wrong {
    let message = format!("{what}, and {} is {}", target.label(), target.column.column_type);
    (message, Some("choose hash, constant or null for it".to_owned()))
}

fn numeric(target: &MaskTarget<'_>, kind: &str) -> Result<(), Wrong> {
    let number = matches!(target.column.family(), Family::Exact | Family::Approximate);
    if number && target.column.data_type != "year" {
        return Ok(());
    }
    Err(wrong(target, &format!("{kind} is for numbers")))
}

/// How many bits the largest number of a whole-number column has.
fn bits(column: &Column) -> u32 {
    let all = match column.data_type.as_str() {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "int" => 32,
        _ => 64,
    };
    if column.column_type.contains("unsigned") { all } else { all - 1 }
}

/// Replaces each whole number by one of the column's range, no two by the same: three rounds of a Feistel network with
/// halves of `low` and `high` bits. Negative numbers stay negative.
///
/// ```text
/// left ^= F1(right); right ^= F2(left); left ^= F3(right)
/// ```
pub(crate) fn permute(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    if !target.column.integer() {
        return Err(wrong(target, "permute is for whole numbers"));
    }
    let bits = bits(target.column);
    let shuffled = |value: &str| {
        let (low, high) = (bits / 2, bits - bits / 2);
        let round = |n: u32, text: &str, bits: u32| {
            let hash = keyed(&format!("{domain}{n}"), &format!("CAST({text} AS CHAR)"));
            format!(
                "(CAST(CONV(LEFT({hash}, {ROUND_DIGITS}), 16, 10) AS UNSIGNED) & {})",
                (1_u64 << bits) - 1
            )
        };
        let number = format!("CAST({value} AS UNSIGNED)");
        let left = format!("({number} >> {low})");
        let right = format!("({number} & {})", (1_u64 << low) - 1);
        let left = format!("({left} ^ {})", round(1, &right, high));
        let right = format!("({right} ^ {})", round(2, &left, low));
        let left = format!("({left} ^ {})", round(3, &right, high));
        format!("(({left} << {low}) | {right})")
    };
    let plain = &target.value;
    if target.column.column_type.contains("unsigned") {
        return Ok(apart(around(target, &shuffled(plain))));
    }
    let below = format!("-1 - CAST({} AS SIGNED)", shuffled(&format!("(-1 - {plain})")));
    let masked = format!("CASE WHEN {plain} < 0 THEN {below} ELSE CAST({} AS SIGNED) END", shuffled(plain));
    Ok(apart(around(target, &masked)))
}

/// Reads the setting `percent` of `noise`: above 0, at most 100.
pub(crate) fn percent(config: &MaskConfig) -> Result<f64, Wrong> {
    let percent = *needed(config.percent.as_ref(), "noise", "percent = 10")?;
    if percent > 0.0 && percent <= 100.0 {
        return Ok(percent);
    }
    Err((format!("percent is above 0 and at most 100, not {percent}"), None))
}

/// The value plus or minus up to `percent` of it. Values of one entity change by the same share.
pub(crate) fn noise(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    numeric(target, "noise")?;
    let percent = percent(config)?;
    let hash = keyed(domain, &entity(target, config.of.as_slice())?);
    let steps = super::expression::number(&hash, 1, 2 * NOISE_STEPS + 1);
    // One step: `percent` / 100 / `NOISE_STEPS`. It is a factor because a quotient in SQL has four decimals only.
    let unit = format!("{:.12}", percent / 1e8);
    let masked = format!("{} * (1 + (CAST({steps} AS SIGNED) - {NOISE_STEPS}) * {unit})", target.value);
    Ok(lossy(around(target, &in_range(target.column, &rounded(target.column, &masked)))))
}

/// Reads the setting `step` of `bucket`: above 0.
pub(crate) fn step(config: &MaskConfig) -> Result<f64, Wrong> {
    let step = *needed(config.step.as_ref(), "bucket", "step = 1000")?;
    if step > 0.0 { Ok(step) } else { Err((format!("step is above 0, not {step}"), None)) }
}

/// Rounds towards zero to a multiple of `step`, within `min` and `max`.
pub(crate) fn bucket(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    numeric(target, "bucket")?;
    let step = step(config)?;
    let masked = limited(config, &format!("({0} - MOD({0}, {step}))", target.value));
    Ok(lossy(around(target, &rounded(target.column, &masked))))
}

/// Fails when `clamp` has neither `min` nor `max`.
pub(crate) fn limits(config: &MaskConfig) -> Result<(), Wrong> {
    if config.min.is_none() {
        needed(config.max.as_ref(), "clamp", "max = 100000")?;
    }
    Ok(())
}

/// Limits the value to `min` and `max`, so that rare values do not stand out.
pub(crate) fn clamp(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    numeric(target, "clamp")?;
    limits(config)?;
    Ok(lossy(around(target, &rounded(target.column, &limited(config, &target.value)))))
}

fn limited(config: &MaskConfig, value: &str) -> String {
    let value = config.min.map_or(value.to_owned(), |min| format!("GREATEST({value}, {min})"));
    config.max.map_or(value.clone(), |max| format!("LEAST({value}, {max})"))
}

/// Rounds an exact number to the decimals of its column.
fn rounded(column: &Column, value: &str) -> String {
    match column.family() {
        Family::Exact => format!("ROUND({value}, {})", scale(column)),
        _ => value.to_owned(),
    }
}

/// How many decimals a column has: the `2` of `decimal(12,2)`, 0 for whole numbers.
fn scale(column: &Column) -> u32 {
    let inside = column.column_type.split([',', ')']).nth(1).filter(|_| column.data_type == "decimal");
    inside.and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
}

/// Limits a whole or decimal number to what the column can hold.
fn in_range(column: &Column, value: &str) -> String {
    let unsigned = column.column_type.contains("unsigned");
    let most = if column.integer() {
        (u128::from(u64::MAX) >> (64 - bits(column))).to_string()
    } else if column.data_type == "decimal" {
        let scale = scale(column) as usize;
        let whole = usize::try_from(column.precision.unwrap_or(10)).unwrap_or(10).saturating_sub(scale);
        let point = if scale > 0 { format!(".{}", "9".repeat(scale)) } else { String::new() };
        format!("{}{point}", if whole > 0 { "9".repeat(whole) } else { "0".to_owned() })
    } else {
        return value.to_owned();
    };
    let least = if unsigned { "0".to_owned() } else { format!("-{most}") };
    format!("LEAST(GREATEST({value}, {least}), {most})")
}

/// Degrees rounded to `digits` decimals, 1 by default (some 11 km).
pub(crate) fn geo(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    let digits = config.digits.unwrap_or(1);
    let plain = &target.value;
    if target.column.data_type == "point" {
        let at = |axis: &str| format!("ROUND({axis}({plain}), {digits})");
        let text = format!("CONCAT('POINT(', {}, ' ', {}, ')')", at("ST_X"), at("ST_Y"));
        return Ok(lossy(around(target, &format!("ST_GeomFromText({text}, ST_SRID({plain}))"))));
    }
    numeric(target, "geo")?;
    if target.column.integer() {
        return Err(wrong(target, "geo is for degrees with decimals"));
    }
    Ok(lossy(around(target, &format!("ROUND({plain}, {digits})"))))
}
