//! Masks from our own lists of names: people whose parts agree, companies, streets, cities.

use super::expression::{around, entity, keyed, number, one_of};
use super::target::{Made, MaskTarget, lossy};
use super::tokens::{EMAIL_HOST, UNIQUE_DIGITS};
use super::words::{FIRST, LAST, PLACE, TRADE, WAY};
use crate::config::{MaskConfig, Wrong, nearest};
use crate::mask::fit;

/// Parts of a person.
const PARTS: &[&str] = &["first", "last", "full", "email", "username"];

/// How many first characters of an e-mail address or a user name tell people apart: `first.last.`, and the digits.
pub(crate) const UNIQUE_PREFIX: u64 = 18 + UNIQUE_DIGITS;

/// The highest house number.
const HOUSES: u64 = 180;

/// The kind `first_name`: a made-up first name.
pub(crate) fn first_name(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    dictionary(target, domain, longest(FIRST), first)
}

/// The kind `last_name`: a made-up last name.
pub(crate) fn last_name(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    dictionary(target, domain, longest(LAST), last)
}

/// The kind `name`: a made-up first and last name.
pub(crate) fn name(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    dictionary(target, domain, longest(FIRST) + 1 + longest(LAST), full)
}

/// The kind `company`: a last name and a trade.
pub(crate) fn company(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    dictionary(target, domain, longest(LAST) + 1 + longest(TRADE), |hash| {
        format!("CONCAT({}, ' ', {})", last(hash), one_of(hash, 1, TRADE))
    })
}

/// The kind `street`: a house number and a street.
pub(crate) fn street(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    dictionary(target, domain, 5 + longest(LAST) + longest(WAY), |hash| {
        let number = number(hash, 25, HOUSES);
        format!("CONCAT(1 + {number}, ' ', {}, ' ', {})", last(hash), one_of(hash, 1, WAY))
    })
}

/// The kind `city`: a city on no map.
pub(crate) fn city(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    dictionary(target, domain, longest(LAST) + longest(PLACE), |hash| {
        format!("CONCAT({}, {})", last(hash), one_of(hash, 1, PLACE))
    })
}

/// Words that the hash of the value chooses, `longest` characters at most.
fn dictionary(
    target: &MaskTarget<'_>,
    domain: &str,
    longest: usize,
    words: fn(&str) -> String,
) -> Result<Made, Wrong> {
    let hash = keyed(domain, &entity(target, &[])?);
    fit::text(target, "a name")?;
    fit::room(target, longest as u64, "a name")?;
    Ok(lossy(around(target, &words(&hash))))
}

/// Reads the setting `part` of `person`, by default `full`.
pub(crate) fn part(config: &MaskConfig) -> Result<&str, Wrong> {
    let part = config.part.as_deref().unwrap_or("full");
    if PARTS.contains(&part) {
        return Ok(part);
    }
    let hint = nearest(part, PARTS.iter().copied()).map(|part| format!("did you mean `{part}`?"));
    Err((format!("a person has no part {part:?}: {}", PARTS.join(", ")), hint))
}

/// A part of a person. All parts come from one hash of the entity (the columns of `of`, or the value itself), so that the
/// name and the e-mail address of a row agree, in every table that names the entity.
pub(crate) fn person(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    let of = config.of.as_slice();
    let part = part(config)?;
    let hash = keyed(domain, &entity(target, of)?);
    let names = longest(FIRST) + 1 + longest(LAST);
    // The CONCAT is left open: a part adds what it needs and closes it.
    let dotted = format!("CONCAT({}, '.', {}", first(&hash), last(&hash));
    let digits = usize::try_from(UNIQUE_DIGITS).unwrap_or(16);
    let digits_sql = format!("LEFT(SUBSTR({hash}, 25), {UNIQUE_DIGITS})");
    let (words, longest) = match part {
        "first" => (first(&hash), longest(FIRST)),
        "last" => (last(&hash), longest(LAST)),
        "email" => (
            format!("LOWER({dotted}, '.', {digits_sql}, '@{EMAIL_HOST}'))"),
            names + 2 + digits + EMAIL_HOST.len(),
        ),
        "username" => (format!("LOWER({dotted}, '.', {digits_sql}))"), names + 1 + digits),
        _ => (full(&hash), names),
    };
    fit::text(target, "a name")?;
    fit::room(target, longest as u64, "a name")?;
    let has_digits = matches!(part, "email" | "username");
    // Rows of one entity get the same e-mail address, so results are only unique if `of` is.
    let alike = !has_digits || !(of.is_empty() || target.table.unique(of));
    Ok(Made { expression: around(target, &words), lossy: alike })
}

fn first(hash: &str) -> String {
    one_of(hash, 1, FIRST)
}

fn last(hash: &str) -> String {
    one_of(hash, 13, LAST)
}

fn full(hash: &str) -> String {
    format!("CONCAT({}, ' ', {})", first(hash), last(hash))
}

fn longest(words: &[&str]) -> usize {
    words.iter().map(|word| word.len()).max().unwrap_or_default()
}
