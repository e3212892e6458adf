//! Masks of dates: a shift for each entity, and dates cut to their year, quarter or month.

use super::expression::{around, entity, keyed, number};
use super::target::{Made, MaskTarget, lossy, needed};
use crate::catalog::Index;
use crate::config::{MaskConfig, Wrong, nearest};

/// Dates before the first of these years mean "never", those from the second on "for ever": both stay.
const YEARS: (u32, u32) = (1000, 9000);

/// The longest shift, a century: every shifted date is still in the calendar.
const DAYS_MAX: u32 = 36_500;

fn dated(target: &MaskTarget<'_>, kind: &str) -> Result<(), Wrong> {
    if matches!(target.column.data_type.as_str(), "date" | "datetime" | "timestamp") {
        return Ok(());
    }
    let message = format!("{kind} is for dates, and {} is {}", target.label(), target.column.column_type);
    Err((message, Some("choose text, constant or null for it".to_owned())))
}

/// How far `shift` moves dates, and which dates move together.
pub(crate) struct Moves<'a> {
    of: &'a [String],
    days: u32,
    step: u32,
}

/// Reads the settings of `shift` from a rule.
pub(crate) fn moves(config: &MaskConfig) -> Result<Moves<'_>, Wrong> {
    let of = config.of.as_slice();
    if of.is_empty() {
        needed(None::<&u32>, "shift", "of = \"customer_id\"")?;
    }
    let days = *needed(config.days.as_ref(), "shift", "days = 180")?;
    if days > DAYS_MAX {
        return Err((format!("days is {DAYS_MAX} at most, not {days}"), None));
    }
    let step = config.step.unwrap_or(1.0);
    // `step` is a float: counting finds the whole number that is equal to it.
    let step = (1..=days).find(|n| f64::from(*n) >= step && f64::from(*n) <= step);
    let Some(step) = step else {
        return Err((format!("step is a whole number of days, {days} at most"), None));
    };
    Ok(Moves { of, days, step })
}

/// Moves a date forward or back by some days, at least one `step`. All dates of an entity move by as many, so that their
/// order and distances stay.
pub(crate) fn shift(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    dated(target, "shift")?;
    let Moves { of, days, step } = moves(config)?;
    let hash = keyed(domain, &entity(target, of)?);
    let count = format!("CAST({} AS SIGNED)", number(&hash, 1, u64::from(days / step)));
    let sign = format!("(1 - 2 * CAST({} AS SIGNED))", number(&hash, 13, 2));
    let moved = format!("{} + INTERVAL ((1 + {count}) * {sign} * {step}) DAY", target.value);
    let masked = whole_or(target, &moved);
    // Within one entity different dates stay different: an index with the columns of `of` stays unique.
    let beside = |index: &Index| {
        of.iter().all(|of| {
            index.parts.iter().any(|p| p.column.as_ref().is_some_and(|c| c.eq_ignore_ascii_case(of)))
        })
    };
    let mut own = target.table.indexes.iter().filter(|index| index.unique && target.in_index(index));
    let lossy = !own.all(beside);
    Ok(Made { expression: around(target, &masked), lossy })
}

/// The part of a date that `generalise` leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DatePart {
    Year,
    Quarter,
    Month,
}

/// Reads the setting of `generalise` from a rule.
pub(crate) fn part(config: &MaskConfig) -> Result<DatePart, Wrong> {
    match needed(config.to.as_ref(), "generalise", "to = \"year\"")?.as_str() {
        "year" => Ok(DatePart::Year),
        "quarter" => Ok(DatePart::Quarter),
        "month" => Ok(DatePart::Month),
        other => {
            let hint = nearest(other, ["year", "quarter", "month"].into_iter());
            let hint = hint.map(|word| format!("did you mean `{word}`?"));
            Err((format!("to is year, quarter or month, not {other:?}"), hint))
        }
    }
}

/// The kind `generalise`: the first day of the year, quarter or month.
pub(crate) fn generalise(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    dated(target, "generalise")?;
    let plain = &target.value;
    let text = match part(config)? {
        DatePart::Year => format!("DATE_FORMAT({plain}, '%Y-01-01')"),
        DatePart::Month => format!("DATE_FORMAT({plain}, '%Y-%m-01')"),
        DatePart::Quarter => format!(
            "CONCAT(DATE_FORMAT({plain}, '%Y-'), ELT(QUARTER({plain}), '01', '04', '07', '10'), '-01')"
        ),
    };
    let masked = match target.column.data_type.as_str() {
        "date" => format!("CAST({text} AS DATE)"),
        // At noon, since 1970-01-01 00:00:00 is no TIMESTAMP, and summer time never begins or ends at noon.
        "timestamp" => format!("CAST(CONCAT({text}, ' 12:00:00') AS DATETIME)"),
        _ => format!("CAST({text} AS DATETIME)"),
    };
    Ok(lossy(around(target, &whole_or(target, &masked))))
}

/// `masked` for most dates. The zero date, "never" and "for ever" stay. A date without month or day (`2020-00-00`)
/// becomes the first day of its year.
fn whole_or(target: &MaskTarget<'_>, masked: &str) -> String {
    let plain = &target.value;
    let year = format!("CAST(CONCAT(LPAD(YEAR({plain}), 4, '0'), '-01-01 12:00:00') AS DATETIME)");
    let year = match target.column.data_type.as_str() {
        "date" => format!("CAST({year} AS DATE)"),
        // TIMESTAMP ends in January 2038.
        "timestamp" => return in_epoch(plain, masked),
        _ => year,
    };
    let (first, last) = YEARS;
    format!(
        "CASE WHEN YEAR({plain}) < {first} OR YEAR({plain}) >= {last} THEN {plain} \
         WHEN MONTH({plain}) = 0 OR DAYOFMONTH({plain}) = 0 THEN {year} ELSE {masked} END"
    )
}

/// `masked` moved into the range of TIMESTAMP; the zero date stays.
fn in_epoch(plain: &str, masked: &str) -> String {
    format!(
        "CASE WHEN YEAR({plain}) = 0 THEN {plain} \
         ELSE LEAST(GREATEST({masked}, TIMESTAMP'1970-01-02 00:00:00'), TIMESTAMP'2038-01-18 00:00:00') END"
    )
}
