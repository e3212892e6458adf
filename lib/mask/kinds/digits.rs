//! Numbers with check digits: cards, IBANs, and those that `check` of `pattern` names.

use std::str::FromStr;

use super::expression::{around, bound, digits, keyed, packed, spread};
use super::target::{Made, MaskTarget, lossy};
use crate::catalog::Family;
use crate::config::{MaskConfig, Wrong, nearest};
use crate::mask::{fit, looks};

/// How the last digits of a number follow from those before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Cards, IMEI and many national numbers (ISO/IEC 7812-1).
    Luhn,
    /// EAN, GTIN, UPC, ISBN-13: weights 3 and 1.
    Ean,
    /// Two digits that make the whole number 1 modulo 97 (ISO/IEC 7064 MOD 97-10).
    Mod97,
}

impl FromStr for Check {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        match text {
            "luhn" => Ok(Self::Luhn),
            "ean" => Ok(Self::Ean),
            "mod97" => Ok(Self::Mod97),
            other => {
                let hint = nearest(other, ["luhn", "ean", "mod97"].into_iter());
                let hint = hint.map(|word| format!("did you mean `{word}`?"));
                Err((format!("check is luhn, ean or mod97, not {other:?}"), hint))
            }
        }
    }
}

impl Check {
    /// How many check digits a number has.
    pub(crate) fn length(self) -> usize {
        if self == Self::Mod97 { 2 } else { 1 }
    }

    /// SQL for the check digits of `text`, which has `length` digits.
    pub(crate) fn expression(self, text: &str, length: usize) -> String {
        let sum = |odd: &dyn Fn(&str) -> String| {
            let digit = |at: usize| {
                let digit = format!("SUBSTR({text}, {at}, 1)");
                // The last digit and every second one before it are weighted.
                if (length - at).is_multiple_of(2) { odd(&digit) } else { digit }
            };
            (1..=length).map(digit).collect::<Vec<_>>().join(" + ")
        };
        match self {
            Self::Luhn => {
                let twice = |digit: &str| format!("SUBSTR('0246813579', 1 + {digit}, 1)");
                format!("MOD(9 * CAST({} AS UNSIGNED), 10)", sum(&twice))
            }
            Self::Ean => {
                let thrice = |digit: &str| format!("3 * {digit}");
                format!("MOD(9 * CAST({} AS UNSIGNED), 10)", sum(&thrice))
            }
            Self::Mod97 => {
                format!("LPAD(98 - MOD(CAST(CONCAT({text}, '00') AS DECIMAL(65, 0)), 97), 2, '0')")
            }
        }
    }
}

/// The first digits of a card number unless `prefix` is set: a range that test systems know.
const CARD_PREFIX: &str = "400000";

/// How many digits a card number has: at least, usually, at most.
const CARD_LEAST: usize = 12;
const CARD_USUAL: usize = 16;
const CARD_MOST: usize = 19;

/// Characters that people write between the digits of cards and accounts.
const BETWEEN: &str = " -";

/// The longest values, in characters, that keep the blanks and dashes between their digits.
const CARD_WRITTEN_MAX: u64 = 31;
const IBAN_WRITTEN_MAX: u64 = 48;

/// The settings of `card`.
pub(crate) struct Card<'a> {
    /// How many digits every result has; without it, as many as the value.
    length: Option<usize>,
    prefix: &'a str,
    /// How many first digits of the value stay.
    first: Option<usize>,
}

/// Reads the settings of `card` from a rule.
pub(crate) fn card_settings(config: &MaskConfig) -> Result<Card<'_>, Wrong> {
    let length = config.length.map(|length| usize::try_from(length).unwrap_or_default());
    let prefix = config.prefix.as_deref().unwrap_or(CARD_PREFIX);
    if length.is_some_and(|length| !(CARD_LEAST..=CARD_MOST).contains(&length))
        || !prefix.bytes().all(|b| b.is_ascii_digit())
        || prefix.len() > 8
    {
        return Err(("a card number has 12 to 19 digits, its prefix 8 at most".to_owned(), None));
    }
    if config.first.is_some_and(|first| !(1..=8).contains(&first)) {
        return Err(("the first 8 digits of a card may stay, no more".to_owned(), None));
    }
    Ok(Card { length, prefix, first: config.first.and_then(|first| usize::try_from(first).ok()) })
}

/// A card number with a right check digit. Without `length` it has the length, blanks and dashes of the value. The first
/// digits of the value (the issuer's) stay if `first` is set. A value that is no card number becomes one of the usual
/// length.
pub(crate) fn card(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    let Card { length, prefix, first } = card_settings(config)?;
    let whole_number = target.column.data_type == "bigint";
    if !whole_number {
        fit::text(target, "card")?;
        fit::room(target, length.unwrap_or(CARD_LEAST) as u64, "a card number")?;
    }
    let own = stripped(&text_of(target), BETWEEN);
    let is_card = format!("{own} REGEXP '^[0-9]{{{CARD_LEAST},{CARD_MOST}}}$'");
    let before = match first {
        Some(first) => {
            // The prefix is filled up with zeros, or cut, to as many digits as stay of a card number.
            let spare = format!("{prefix:0<first$.first$}");
            format!("CASE WHEN {is_card} THEN LEFT({own}, {first}) ELSE '{spare}' END")
        }
        None => format!("'{prefix}'"),
    };
    let usual = if whole_number { CARD_USUAL as u64 } else { fit::capacity(target).min(CARD_USUAL as u64) };
    // A number of 19 digits that begins with a 9 may be more than the column holds.
    let most = match first {
        _ if !whole_number => CARD_MOST.to_string(),
        Some(_) => format!("IF(LEFT({own}, 1) = '9', {}, {CARD_MOST})", CARD_MOST - 1),
        None => (CARD_MOST - usize::from(prefix.starts_with('9'))).to_string(),
    };
    let wanted = match length {
        Some(length) => length.to_string(),
        None => format!("CASE WHEN {is_card} THEN LEAST(CHAR_LENGTH({own}), {most}) ELSE {usual} END"),
    };
    let hash = keyed(domain, &packed(target, BETWEEN));
    let all = format!("CONCAT({before}, {}, {})", digits(&hash, 1, 9), digits(&hash, 16, 9));
    // Zeros in front of a number do not change its check digit.
    let payload = format!("LPAD(LEFT({all}, {wanted} - 1), {}, '0')", CARD_MOST - 1);
    let body = format!("CONCAT(RIGHT(j.s, {wanted} - 1), {})", Check::Luhn.expression("j.s", CARD_MOST - 1));
    let masked = bound(&payload, &body);
    if whole_number {
        return Ok(lossy(around(target, &format!("CAST({masked} AS UNSIGNED)"))));
    }
    let masked = match length {
        Some(_) => masked,
        None => regrouped(target, (&own, &is_card), CARD_WRITTEN_MAX, &masked),
    };
    Ok(lossy(around(target, &masked)))
}

/// `masked` with the blanks and dashes of the value, if that is `valid` and has at most `longest` characters. `own` is
/// the value without them.
fn regrouped(target: &MaskTarget<'_>, (own, valid): (&str, &str), longest: u64, masked: &str) -> String {
    let text = text_of(target);
    let places = usize::try_from(fit::capacity(target).min(longest)).unwrap_or_default();
    let stays = |c: &str| format!("{c} IN (' ', '-')");
    format!(
        "CASE WHEN CHAR_LENGTH({text}) BETWEEN CHAR_LENGTH({own}) + 1 AND {places} AND {valid} THEN {} ELSE {masked} END",
        spread(&text, places, masked, &stays)
    )
}

/// SQL for `text` without the characters of `left_out`.
fn stripped(text: &str, left_out: &str) -> String {
    left_out.chars().fold(text.to_owned(), |text, c| format!("REPLACE({text}, '{c}', '')"))
}

fn text_of(target: &MaskTarget<'_>) -> String {
    match target.column.family() {
        Family::Text | Family::Binary => format!("CONVERT({} USING utf8mb4)", target.value),
        _ => format!("CAST({} AS CHAR CHARACTER SET utf8mb4)", target.value),
    }
}

/// How many characters a German IBAN has, which replaces a value that is no IBAN.
const IBAN_LENGTH: u64 = 22;

/// An IBAN with right check digits. Country and length of the value stay; so do its blanks and dashes, and whether its
/// account begins with four letters. A value that is no IBAN becomes a German one.
pub(crate) fn iban(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    fit::text(target, "iban")?;
    fit::room(target, IBAN_LENGTH, "an IBAN")?;
    let plain = format!("UPPER({})", stripped(&text_of(target), BETWEEN));
    let hash = keyed(domain, &packed(target, BETWEEN));
    let valid = format!("{plain} REGEXP '{}'", looks::IBAN);
    let lettered = format!("{plain} REGEXP '^[A-Z]{{2}}[0-9]{{2}}[A-Z]{{4}}'");
    let country = format!("CASE WHEN {valid} THEN LEFT({plain}, 2) ELSE 'DE' END");
    let length = format!("CASE WHEN {valid} THEN CHAR_LENGTH({plain}) ELSE {IBAN_LENGTH} END - 4");
    let all =
        format!("CONCAT({}, {}, {})", digits(&hash, 1, 14), digits(&hash, 16, 14), digits(&hash, 31, 2));
    let account = format!(
        "CASE WHEN {valid} AND {lettered} THEN CONCAT('TEST', LEFT({all}, {length} - 4)) ELSE LEFT({all}, {length}) END"
    );
    // Check digits are computed from the account and the country, with letters as 10 to 35: T is 29, E is 14, S is 28.
    let value = |from: u32| format!("(ASCII(SUBSTR(j.s, {from}, 1)) - 55)");
    let numeric =
        format!("CONCAT(REPLACE(SUBSTR(j.s, 3), 'TEST', '29142829'), {}, {}, '00')", value(1), value(2));
    let check = format!("LPAD(98 - MOD(CAST({numeric} AS DECIMAL(65, 0)), 97), 2, '0')");
    let body = format!("INSERT(j.s, 3, 0, {check})");
    let masked = bound(&format!("CONCAT({country}, {account})"), &body);
    Ok(lossy(around(target, &regrouped(target, (&plain, &valid), IBAN_WRITTEN_MAX, &masked))))
}
