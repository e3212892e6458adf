//! Names out of our own lists: people whose parts agree, companies, streets, cities.

use super::expression::{around, entity, keyed, number, one_of};
use super::table::{Made, Target, Wrong};
use super::tokens::{EMAIL_HOST, UNIQUE_DIGITS};
use super::words::{FIRST, LAST, PLACE, TRADE, WAY};
use crate::config::{MaskConfig, nearest};
use crate::mask::fit;

/// Parts of a person.
const PARTS: &[&str] = &["first", "last", "full", "email", "username"];

/// House numbers go up to this.
const HOUSES: u64 = 180;

/// A name of one kind, chosen by the value itself.
pub(crate) fn dictionary(target: &Target<'_>, kind: &str, domain: &str) -> Result<Made, Wrong> {
    let own = entity(target, &[])?;
    let hash = keyed(domain, &own);
    let (words, longest): (String, usize) = match kind {
        "first_name" => (first(&hash), length(FIRST)),
        "last_name" => (last(&hash), length(LAST)),
        "company" => (
            format!("CONCAT({}, ' ', {})", last(&hash), one_of(&hash, 1, TRADE)),
            length(LAST) + 1 + length(TRADE),
        ),
        "street" => (
            format!(
                "CONCAT(1 + {}, ' ', {}, ' ', {})",
                number(&hash, 25, HOUSES),
                last(&hash),
                one_of(&hash, 1, WAY)
            ),
            5 + length(LAST) + length(WAY),
        ),
        "city" => {
            (format!("CONCAT({}, {})", last(&hash), one_of(&hash, 1, PLACE)), length(LAST) + length(PLACE))
        }
        _ => (full(&hash), length(FIRST) + 1 + length(LAST)),
    };
    fit::text(target, "a name")?;
    fit::room(target, longest as u64, "a name")?;
    Ok(Made { expression: around(target, &words), lossy: true })
}

/// A part of a person. All parts come from one hash of the entity, so that name and address of a row agree, in every
/// table that names the entity.
pub(crate) fn person(target: &Target<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    let of = config.of.as_slice();
    let part = config.part.as_deref().unwrap_or("full");
    let hash = keyed(domain, &entity(target, of)?);
    let names = length(FIRST) + 1 + length(LAST);
    let dotted = format!("CONCAT({}, '.', {}", first(&hash), last(&hash));
    let digits = usize::try_from(UNIQUE_DIGITS).unwrap_or(16);
    let token = format!("LEFT(SUBSTR({hash}, 25), {UNIQUE_DIGITS})");
    let (words, longest) = match part {
        "first" => (first(&hash), length(FIRST)),
        "last" => (last(&hash), length(LAST)),
        "full" => (full(&hash), names),
        "email" => (
            format!("LOWER({dotted}, '.', {token}, '@{EMAIL_HOST}'))"),
            names + 2 + digits + EMAIL_HOST.len(),
        ),
        "username" => (format!("LOWER({dotted}, '.', {token}))"), names + 1 + digits),
        other => {
            let hint = nearest(other, PARTS.iter().copied()).map(|part| format!("did you mean `{part}`?"));
            return Err((format!("a person has no part {other:?}: {}", PARTS.join(", ")), hint));
        }
    };
    fit::text(target, "a name")?;
    fit::room(target, longest as u64, "a name")?;
    let token = matches!(part, "email" | "username");
    // With `of`, rows of one entity get one address.
    let lossy = !token || !(of.is_empty() || target.table.unique(of));
    Ok(Made { expression: around(target, &words), lossy })
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

fn length(words: &[&str]) -> usize {
    words.iter().map(|word| word.len()).max().unwrap_or_default()
}
