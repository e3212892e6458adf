//! Masks that keep a form: telephone numbers, and numbers of a given format.

use super::digits::Check;
use super::expression::{around, bound, digits, hash, keyed, number, packed, put_in};
use super::target::{Made, MaskTarget, lossy, needed};
use crate::config::{MaskConfig, Wrong};
use crate::mask::fit;
use crate::sql::literal;

/// Characters that people write between the digits of a telephone number.
const BETWEEN: &str = " -()./";

/// The longest telephone number, in characters; longer ones are cut. It has 15 digits at most (E.164).
const PHONE_CHARACTERS_MAX: u64 = 24;

/// The last place that a digit of a country's code can have: the last 3 of `(00353`.
const CODE_PLACE_MAX: u64 = 6;

/// The last place that the 0 of `(0)` can have, which is dialled at home only: `00353 (0)`. A later 0 is masked.
const TRUNK_PLACE_MAX: u64 = 8;

/// How many decimal digits a piece of a hash (15 hexadecimal digits) gives, and how many pieces a hash has.
const PIECE: usize = 14;
const PIECES: usize = 4;

/// Country codes of two digits (ITU-T E.164). The codes 1 and 7 have one digit, all others three.
const TWO_DIGITS: &str = "'20','27','30','31','32','33','34','36','39','40','41','43','44','45','46','47','48','49',\
    '51','52','53','54','55','56','57','58','60','61','62','63','64','65','66','81','82','84','86','90','91','92','93',\
    '94','95','98'";

pub(crate) fn phone(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    if target.column.integer() {
        return phone_number(target, domain);
    }
    match config.format.as_deref() {
        Some("same") => same_format(target, domain),
        Some(format) => formatted(target, format, None, &keyed_by(domain, &packed(target, BETWEEN))),
        None => {
            let format = if fit::capacity(target) < 12 { "555#######" } else { "555-###-####" };
            formatted(target, format, None, &keyed_by(domain, &packed(target, BETWEEN)))
        }
    }
}

/// The hash of round 0, 1, …: each further round adds one more `+` to the domain.
fn keyed_by(domain: &str, text: &str) -> impl Fn(usize) -> String {
    let (domain, text) = (domain.to_owned(), text.to_owned());
    move |round| keyed(&(domain.clone() + &"+".repeat(round)), &text)
}

fn phone_number(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    if !matches!(target.column.data_type.as_str(), "int" | "bigint") {
        let message =
            format!("{} ({}) has no room for a telephone number", target.label(), target.column.column_type);
        return Err((message, Some("choose hash, constant or null for it".to_owned())));
    }
    let wide = target.column.data_type == "bigint";
    let hash = hash(target, domain);
    let digits = number(&hash, 1, if wide { 10_000_000 } else { 1_000_000 });
    let base: u64 = if wide { 5_550_000_000 } else { 555_000_000 };
    Ok(lossy(around(target, &format!("{base} + {digits}"))))
}

/// Other digits in the same format: `+CC`, `00CC`, a leading 0, `(0)` and what people write between digits stay, any
/// other character becomes a digit. The characters that stay replace digits of the hash, so that the hash is computed
/// once.
fn same_format(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    super::plain::text_only(target, "format = \"same\"")?;
    let plain = &target.value;
    let hash = keyed(domain, &packed(target, BETWEEN));
    let places = fit::capacity(target).min(PHONE_CHARACTERS_MAX);
    let source = format!("CONCAT({}, {})", digits(&hash, 1, 14), digits(&hash, 16, 14));
    let own = format!("LEFT({source}, LEAST(CHAR_LENGTH({plain}), {places}))");
    // `0049` means the same as `+49`; a single 0 is dialled before an area code. Each may follow an opening bracket.
    let bare = format!("TRIM(LEADING '(' FROM {plain})");
    let abroad = format!(
        "CASE WHEN SUBSTR({bare}, 3, 1) IN ('1', '7') THEN 3 WHEN SUBSTR({bare}, 3, 2) IN ({TWO_DIGITS}) THEN 4 ELSE 5 END"
    );
    let country = format!(
        "CASE WHEN LEFT({bare}, 2) = '00' THEN {abroad} WHEN LEFT({bare}, 1) = '0' THEN 1 WHEN LEFT({bare}, 1) <> '+' THEN 0 WHEN SUBSTR({bare}, 2, 1) IN ('1', '7') THEN 2 \
         WHEN SUBSTR({bare}, 2, 2) IN ({TWO_DIGITS}) THEN 3 ELSE 4 END"
    );
    let country = format!("CHAR_LENGTH({plain}) - CHAR_LENGTH({bare}) + {country}");
    let masked = (1..=places).fold(own, |text, at| {
        let here = format!("SUBSTR({plain}, {at}, 1)");
        let between = format!("{here} IN (' ', '+', '-', '(', ')', '.', '/')");
        let code = format!("({here} BETWEEN '0' AND '9' AND {country} >= {at})");
        // `+49 (0)30 12`
        let trunk = format!("SUBSTR({plain}, {at} - 1, 3) = '(0)'");
        let more = [(at <= CODE_PLACE_MAX, code), ((2..=TRUNK_PLACE_MAX).contains(&at), trunk)];
        let stays = more
            .into_iter()
            .filter(|(possible, _)| *possible)
            .fold(between, |stays, (_, more)| format!("({stays} OR {more})"));
        format!("INSERT({text}, IF({stays}, {at}, 0), 1, {here})")
    });
    Ok(lossy(around(target, &masked)))
}

/// Reads the settings of `pattern` from a rule.
pub(crate) fn pattern_settings(config: &MaskConfig) -> Result<(&str, Option<Check>), Wrong> {
    let format = needed(config.format.as_ref(), "pattern", "format = \"###-##-####\"")?;
    let check = config.check.as_deref().map(str::parse::<Check>).transpose()?;
    placed(format)?;
    if let Some(check) = check {
        payload(format, check)?;
    }
    Ok((format, check))
}

/// Fills a format: `#` becomes a digit, `?` a letter, any other character stays. With `check` the last digits are check
/// digits.
pub(crate) fn pattern(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    let (format, check) = pattern_settings(config)?;
    let own = super::expression::normalised(target);
    formatted(target, format, check, &keyed_by(domain, &own))
}

fn formatted(
    target: &MaskTarget<'_>,
    format: &str,
    check: Option<Check>,
    hash: &dyn Fn(usize) -> String,
) -> Result<Made, Wrong> {
    fit::text(target, "a pattern")?;
    fit::room(target, format.chars().count() as u64, "this format")?;
    fit::charset(target, format)?;
    placed(format)?;
    let masked = match check {
        None => filled(format, hash),
        Some(check) => checked(format, check, hash)?,
    };
    Ok(lossy(around(target, &masked)))
}

/// Refuses a format without a place to fill, which would be a constant.
fn placed(format: &str) -> Result<(), Wrong> {
    if format.contains(['#', '?']) {
        return Ok(());
    }
    Err((format!("the format {format:?} has no `#` (digit) and no `?` (letter)"), None))
}

/// Fills a format: the digits of the hash, with letters and fixed characters put between them.
fn filled(format: &str, hash: &dyn Fn(usize) -> String) -> String {
    let places = format.chars().filter(|c| *c == '#').count();
    let mut text = source(places, hash);
    let mut letters = 0;
    let mut length = places;
    let mut rest = format;
    let mut at = 1;
    while let Some(first) = rest.chars().next() {
        let plain: String = rest.chars().take_while(|c| !matches!(c, '#' | '?')).collect();
        let (put, taken) = match first {
            '#' => (None, 1),
            '?' => {
                letters += 1;
                (Some(letter(letters - 1, hash)), 1)
            }
            _ => (Some(literal(&plain)), plain.chars().count()),
        };
        if let Some(put) = put {
            text = put_in(&text, at, length, &put);
            length += taken;
        }
        at += taken;
        rest = rest.char_indices().nth(taken).map_or("", |(at, _)| &rest[at..]);
    }
    text
}

fn source(places: usize, hash: &dyn Fn(usize) -> String) -> String {
    let pieces: Vec<String> = (0..places.div_ceil(PIECE))
        .map(|n| {
            let length = u32::try_from((places - n * PIECE).min(PIECE)).unwrap_or_default();
            digits(&hash(n / PIECES), 1 + 15 * (n % PIECES), length)
        })
        .collect();
    match pieces.as_slice() {
        [] => "''".to_owned(),
        [one] => one.clone(),
        many => format!("CONCAT({})", many.join(", ")),
    }
}

/// Letter number `n`: five letters a round, from round 16 on. The rounds before are for digits.
fn letter(n: usize, hash: &dyn Fn(usize) -> String) -> String {
    let letter = number(&hash(16 + n / 5), 1 + 12 * (n % 5), 26);
    format!("SUBSTR('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 1 + {letter}, 1)")
}

/// The digits of a format that its check digits are computed from.
fn payload(format: &str, check: Check) -> Result<String, Wrong> {
    let all: Vec<char> = format.chars().filter(|c| *c == '#' || c.is_ascii_digit()).collect();
    let payload: String = all[..all.len().saturating_sub(check.length())].iter().collect();
    let at_end = all.ends_with(&vec!['#'; check.length()]);
    if format.contains('?') || !at_end || !payload.contains('#') {
        let message =
            format!("the format {format:?} does not end with digits that can check those before them");
        return Err((message, Some("format = \"########\": `check` takes its last digits".to_owned())));
    }
    Ok(payload)
}

/// Fills a format whose last `#`s are check digits of all digits before them.
fn checked(format: &str, check: Check, hash: &dyn Fn(usize) -> String) -> Result<String, Wrong> {
    let payload = payload(format, check)?;
    let length = payload.len() + check.length();
    let mut body = format!("CONCAT(j.s, {})", check.expression("j.s", payload.len()));
    let between = (1..).zip(format.chars()).filter(|(_, c)| *c != '#' && !c.is_ascii_digit());
    for (n, (at, c)) in between.enumerate() {
        body = put_in(&body, at, length + n, &literal(&c.to_string()));
    }
    Ok(bound(&filled(&payload, hash), &body))
}
