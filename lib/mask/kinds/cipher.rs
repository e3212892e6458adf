//! Format-preserving encryption: other digits for digits, other letters for letters, and no two results alike for ASCII
//! values.
//!
//! In: a text column of few characters. Out: SQL over one value. Letters keep their case, all other characters stay where
//! they are.
//!
//! ```text
//! letters := all letters of the value, as a number;  digits := all digits, as a number
//! each, in two halves l and r of a and b values (Feistel, four rounds, SHA-256):
//!     l += F1(r) mod a;   r += F2(l) mod b;   l += F3(r) mod a;   r += F4(l) mod b
//! the rounds of the digits also depend on the letters; then all go back to their places
//! ```
//!
//! A sum modulo the number of values of a half is again a value of this half, so no result must be tried again (cycle
//! walking), however few the values are. A value with a character beyond ASCII becomes the first digits of a hash:
//! nothing of it stays, and two short ones may become alike. Values of a single digit or letter are all moved by the same
//! number: `hash` is better where there is room.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::expression::{around, keyed, spread, spread_with};
use super::target::{Made, MaskTarget, apart};
use crate::config::Wrong;
use crate::mask::fit;

/// The longest column, in characters: half of them fit into 64 bits as a number, letters too.
pub(crate) const CHARACTERS_MAX: u64 = 26;

/// How many hexadecimal digits of a hash a round adds.
const ROUND_DIGITS: usize = 15;

/// Parts of the hashed text, so that digits, letters and values beyond ASCII get different hashes.
const DIGITS: char = 'd';
const LETTERS: char = 'l';
const OTHER: char = 'o';

/// The kind `cipher`: other digits and letters in the same places.
pub(crate) fn cipher(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    super::plain::text_only(target, "cipher")?;
    let places = fit::capacity(target);
    if places > CHARACTERS_MAX {
        let message = format!(
            "cipher is for {CHARACTERS_MAX} characters at most, and {} is {}",
            target.label(),
            target.column.column_type
        );
        return Err((
            message,
            Some("choose hash or uuid: they have the room to keep values apart".to_owned()),
        ));
    }
    let places = usize::try_from(places).unwrap_or_default();
    let value = format!("CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin", target.value);
    // Letters beyond ASCII cannot be encrypted, and none may stay.
    let other = format!("LEFT({}, CHAR_LENGTH({value}))", keyed(&format!("{domain}/{OTHER}"), &value));
    let ours = placed(&value, places, domain);
    Ok(apart(around(
        target,
        &format!("CASE WHEN LENGTH({value}) = CHAR_LENGTH({value}) THEN {ours} ELSE {other} END"),
    )))
}

/// `body` over a row of values that are computed once: SQL knows no other way to name a value. On MySQL the values can
/// use the innermost row only, so each row also has the values that the next rows need (`same`).
fn named(alias: &str, columns: &[(&str, &str, String)], body: &str) -> String {
    let values: Vec<&str> = columns.iter().map(|(_, _, value)| value.as_str()).collect();
    let mut list = String::new();
    for (at, (name, kind, _)) in columns.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(list, "{comma}{name} {kind} PATH '$[{at}]'");
    }
    format!(
        "(SELECT {body} FROM JSON_TABLE(JSON_ARRAY(JSON_ARRAY({})), '$[*]' COLUMNS ({list})) AS {alias})",
        values.join(", ")
    )
}

const TEXT: &str = "VARCHAR(64)";
const NUMBER: &str = "BIGINT UNSIGNED";

/// A value of the row `alias`, handed on to the next row.
fn same<'a>(alias: &str, name: &'a str) -> (&'a str, &'static str, String) {
    let kind = if ["d", "k", "t"].contains(&name) { TEXT } else { NUMBER };
    (name, kind, format!("{alias}.{name}"))
}

/// The value with other digits and letters.
fn placed(value: &str, places: usize, domain: &str) -> String {
    let only = |class: &str| format!("REGEXP_REPLACE({value}, '[^{class}]', '')");
    let body = format!(
        "CASE WHEN CHAR_LENGTH(x.k) = 0 THEN {value} WHEN x.d = x.k THEN {} ELSE {} END",
        plain_digits(value, places, domain),
        lettered(value, places, domain)
    );
    named("x", &[("d", TEXT, only("0-9")), ("k", TEXT, only("0-9A-Za-z"))], &body)
}

/// Encrypts a value without letters, as most numbers are: digits, and what stands between them.
fn plain_digits(value: &str, places: usize, domain: &str) -> String {
    let new = written_digits("e", &last_rounds(domain, DIGITS, "e", "''"));
    let stays = |c: &str| format!("NOT {}", is_digit(c));
    let body = format!(
        "CASE WHEN CHAR_LENGTH(e.d) = CHAR_LENGTH({value}) THEN {new} ELSE {} END",
        spread(value, places, &new, &stays)
    );
    let second =
        [first_rounds(domain, DIGITS, "f", "''"), vec![same("f", "a"), same("f", "b"), same("f", "d")]];
    let first = [numbers_of_digits("x"), vec![same("x", "d")]];
    named("f", &first.concat(), &named("e", &second.concat(), &body))
}

/// Encrypts a value with letters. The rounds of its digits depend on its letters. Both stay in their places, and the
/// letters keep their case.
fn lettered(value: &str, places: usize, domain: &str) -> String {
    let letters = [numbers_of_letters(places, "y"), ["d", "k", "t"].map(|name| same("y", name)).to_vec()];
    let letters_second = [
        first_rounds(domain, LETTERS, "f", "''"),
        ["a", "b", "d", "k", "t"].map(|name| same("f", name)).to_vec(),
    ];
    let (ll, lr) = last_rounds(domain, LETTERS, "e", "''");
    let digits = [
        vec![("ll", NUMBER, ll), ("lr", NUMBER, lr)],
        numbers_of_digits("e"),
        ["d", "k", "t"].map(|name| same("e", name)).to_vec(),
    ];
    let digits_second = [
        first_rounds(domain, DIGITS, "g", "g.t"),
        ["a", "b", "ll", "lr", "d", "k", "t"].map(|name| same("g", name)).to_vec(),
    ];
    let new_letters = written_letters(places, "h");
    let new_digits = written_digits("h", &last_rounds(domain, DIGITS, "h", "h.t"));
    // The letters, with a `0` wherever the value has a digit.
    let open = spread_with("h.k", places, &new_letters, &is_digit, |_| "'0'".to_owned());
    let both = [("t", TEXT, open), ("d", TEXT, new_digits), same("h", "k")];
    let body = between(value, places, &cased(places, &merged(places)));
    [
        ("o", both.to_vec()),
        ("h", digits_second.concat()),
        ("g", digits.concat()),
        ("e", letters_second.concat()),
        ("f", letters.concat()),
        (
            "y",
            vec![
                ("t", TEXT, "LOWER(REGEXP_REPLACE(x.k, '[0-9]', ''))".to_owned()),
                same("x", "d"),
                same("x", "k"),
            ],
        ),
    ]
    .iter()
    .fold(body, |body, (alias, columns)| named(alias, columns, &body))
}

/// The letters of `o.t`, with the digits of `o.d` in the places of its zeros.
fn merged(places: usize) -> String {
    let all = (1..=places).fold("CONCAT(o.d, '.')".to_owned(), |text, at| {
        let here = format!("SUBSTR(o.t, {at}, 1)");
        format!("INSERT({text}, IF({} OR CHAR_LENGTH({here}) = 0, 0, {at}), 0, {here})", is_digit(&here))
    });
    format!("CASE WHEN o.d = '' THEN o.t ELSE LEFT({all}, CHAR_LENGTH(o.t)) END")
}

/// `merged`, with letters in upper case where those of `o.k` are.
fn cased(places: usize, merged: &str) -> String {
    let one = |at: usize| {
        let upper = format!("ASCII(SUBSTR(m.k, {at}, 1)) BETWEEN 65 AND 90");
        format!("IF({upper}, UPPER(SUBSTR(m.t, {at}, 1)), SUBSTR(m.t, {at}, 1))")
    };
    let each: Vec<String> = (1..=places).map(one).collect();
    let mixed = named(
        "m",
        &[("t", TEXT, merged.to_owned()), same("o", "k")],
        &format!("CONCAT({})", each.join(", ")),
    );
    let bytes = |text: &str| format!("CAST({text} AS BINARY)");
    format!(
        "CASE WHEN {own} = {upper} THEN UPPER({merged}) WHEN {own} = {lower} THEN {merged} ELSE {mixed} END",
        own = bytes("o.k"),
        lower = bytes("LOWER(o.k)"),
        upper = bytes("UPPER(o.k)"),
    )
}

/// `text`, with the characters of the value that are neither digits nor letters put in.
fn between(value: &str, places: usize, text: &str) -> String {
    let stays = |c: &str| format!("NOT {} AND NOT {}", is_digit(c), is_letter(c));
    let all = spread(value, places, text, &stays);
    format!("CASE WHEN CHAR_LENGTH(o.k) = CHAR_LENGTH({value}) THEN {text} ELSE {all} END")
}

fn is_digit(c: &str) -> String {
    format!("(ASCII({c}) BETWEEN 48 AND 57)")
}

fn is_letter(c: &str) -> String {
    format!("(ASCII({c}) BETWEEN 65 AND 90 OR ASCII({c}) BETWEEN 97 AND 122)")
}

/// The number that a round of the cipher adds, as SQL.
fn round(domain: &str, class: char, n: u32, half: &str, tweak: &str) -> String {
    let hash = keyed(&format!("{domain}/{class}{n}"), &format!("CONCAT({half}, ':', {tweak})"));
    format!("CAST(CONV(LEFT({hash}, {ROUND_DIGITS}), 16, 10) AS UNSIGNED)")
}

/// Rounds 1 and 2 on the halves `l`, `r` below `a`, `b` of a row.
fn first_rounds(
    domain: &str,
    class: char,
    row: &str,
    tweak: &str,
) -> Vec<(&'static str, &'static str, String)> {
    let (left, right) = two_rounds(domain, class, (1, row), tweak);
    vec![("l", NUMBER, left), ("r", NUMBER, right)]
}

/// Rounds 3 and 4 on the same halves.
fn last_rounds(domain: &str, class: char, row: &str, tweak: &str) -> (String, String) {
    two_rounds(domain, class, (3, row), tweak)
}

fn two_rounds(domain: &str, class: char, (n, row): (u32, &str), tweak: &str) -> (String, String) {
    let left = format!("MOD({row}.l + {}, {row}.a)", round(domain, class, n, &format!("{row}.r"), tweak));
    let right = format!("MOD({row}.r + {}, {row}.b)", round(domain, class, n + 1, &left, tweak));
    (left, right)
}

/// How many characters each half of a text has, as SQL.
fn halves(text: &str) -> (String, String) {
    let first = format!("CHAR_LENGTH({text}) DIV 2");
    let rest = format!("(CHAR_LENGTH({text}) - {first})");
    (first, rest)
}

/// The digits `d` of a row as two numbers: `l` below `a`, `r` below `b`.
fn numbers_of_digits(row: &str) -> Vec<(&'static str, &'static str, String)> {
    let text = format!("{row}.d");
    let (first, rest) = halves(&text);
    let power = |digits: &str| format!("CAST(RPAD('1', 1 + {digits}, '0') AS UNSIGNED)");
    let number = |text: &str| format!("CAST(CONCAT('0', {text}) AS UNSIGNED)");
    vec![
        ("l", NUMBER, number(&format!("LEFT({text}, {first})"))),
        ("r", NUMBER, number(&format!("RIGHT({text}, {rest})"))),
        ("a", NUMBER, power(&first)),
        ("b", NUMBER, power(&rest)),
    ]
}

/// Two numbers as digits, as many in all as `d` of a row has.
fn written_digits(row: &str, (left, right): &(String, String)) -> String {
    let (first, rest) = halves(&format!("{row}.d"));
    format!("CONCAT(LPAD({left}, {first}, '0'), LPAD({right}, {rest}, '0'))")
}

/// The letters `t` of a row, in lower case, as two numbers: `l` below `a`, `r` below `b`.
fn numbers_of_letters(places: usize, row: &str) -> Vec<(&'static str, &'static str, String)> {
    let text = format!("{row}.t");
    let (first, rest) = halves(&text);
    let powers: Vec<String> = powers(places).map(|power| format!("'{power}'")).collect();
    let below = |letters: &str| format!("CAST(ELT(1 + {letters}, {}) AS UNSIGNED)", powers.join(", "));
    let number = |text: &str| {
        let term = |(n, power): (usize, u64)| {
            format!("GREATEST(ASCII(SUBSTR(REVERSE({text}), {}, 1)) - 97, 0) * {power}", n + 1)
        };
        let terms: Vec<String> =
            self::powers(places).enumerate().take(places.div_ceil(2)).map(term).collect();
        format!("CAST({} AS UNSIGNED)", terms.join(" + "))
    };
    vec![
        ("l", NUMBER, number(&format!("LEFT({text}, {first})"))),
        ("r", NUMBER, number(&format!("RIGHT({text}, {rest})"))),
        ("a", NUMBER, below(&first)),
        ("b", NUMBER, below(&rest)),
    ]
}

/// The numbers `ll`, `lr` of a row as letters, as many in all as its `t` has.
fn written_letters(places: usize, row: &str) -> String {
    let (first, rest) = halves(&format!("{row}.t"));
    let text = |number: &str, letters: &str| {
        let letter = |power: u64| {
            format!("SUBSTR('abcdefghijklmnopqrstuvwxyz', 1 + MOD({row}.{number} DIV {power}, 26), 1)")
        };
        let mut all: Vec<String> = powers(places).take(places.div_ceil(2)).map(letter).collect();
        all.reverse();
        format!("RIGHT(CONCAT({}), {letters})", all.join(", "))
    };
    format!("CONCAT({}, {})", text("ll", &first), text("lr", &rest))
}

/// The powers of 26, from 1 to that of half the places.
fn powers(places: usize) -> impl Iterator<Item = u64> {
    let half = u32::try_from(places.div_ceil(2)).unwrap_or_default();
    (0..=half).map(|n| 26_u64.pow(n))
}

/// Computes without a server what the kind makes of a value; `night` is the key.
pub fn cipher_of(night: &str, domain: &str, value: &str) -> String {
    if !value.is_ascii() {
        let hash =
            format!("{:x}", Sha256::digest(format!("{night}{domain}/{OTHER}:{value}{night}").as_bytes()));
        return hash.chars().take(value.chars().count()).collect();
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let letters: String =
        value.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
    let feistel = |class: char, own: &str, base: u64, tweak: &str| {
        let (first, rest) = own.split_at(own.len() / 2);
        let digit = |c: char| u64::from(u32::from(c) - if class == DIGITS { 48 } else { 97 });
        let number = |text: &str| text.chars().fold(0, |all, c| all * base + digit(c));
        let below = |text: &str| base.pow(u32::try_from(text.len()).unwrap_or_default());
        let add = |n: u32, half: u64| {
            let text = format!("{night}{domain}/{class}{n}:{half}:{tweak}{night}");
            let hash = format!("{:x}", Sha256::digest(text.as_bytes()));
            u64::from_str_radix(&hash[..ROUND_DIGITS], 16).unwrap_or_default()
        };
        let (mut l, mut r) = (number(first), number(rest));
        l = (l + add(1, r)) % below(first);
        r = (r + add(2, l)) % below(rest);
        l = (l + add(3, r)) % below(first);
        r = (r + add(4, l)) % below(rest);
        let written = |mut number: u64, length: usize| {
            let mut text = vec![0; length];
            for place in text.iter_mut().rev() {
                let zero = if class == DIGITS { b'0' } else { b'a' };
                *place = zero + u8::try_from(number % base).unwrap_or_default();
                number /= base;
            }
            String::from_utf8(text).unwrap_or_default()
        };
        written(l, first.len()) + &written(r, rest.len())
    };
    let new_letters = feistel(LETTERS, &letters, 26, "");
    let new_digits = feistel(DIGITS, &digits, 10, &letters);
    let (mut letters, mut digits) = (new_letters.chars(), new_digits.chars());
    let one = |c: char| match c {
        '0'..='9' => digits.next().unwrap_or(c),
        'a'..='z' => letters.next().unwrap_or(c),
        'A'..='Z' => letters.next().unwrap_or(c).to_ascii_uppercase(),
        other => other,
    };
    value.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Every value of a form, in which `#` is a digit and `?` a letter.
    fn domain(form: &str) -> Vec<String> {
        form.chars().fold(vec![String::new()], |all, c| {
            let each: Vec<char> = match c {
                '#' => ('0'..='9').collect(),
                '?' => ('a'..='z').collect(),
                other => vec![other],
            };
            all.iter().flat_map(|text| each.iter().map(move |c| format!("{text}{c}"))).collect()
        })
    }

    #[test]
    fn every_small_domain_is_permuted_within_itself() {
        for form in ["#", "##", "###", "##-##", "?", "??", "?#", "#?#", "?-##", "?##?", "#####", "x"] {
            let all = domain(form);
            let all: BTreeSet<&String> = all.iter().collect();
            let made: BTreeSet<String> = all.iter().map(|value| cipher_of("k", "cipher", value)).collect();
            assert!(made.iter().eq(domain(form).iter().collect::<BTreeSet<_>>()) || form == "x", "{form}");
            assert_eq!(made.len(), all.len(), "{form}");
        }
    }

    #[test]
    fn digits_come_as_often_as_each_other_wherever_they_stand_and_nearly_none_stays() {
        let mut counts: BTreeMap<(usize, char), u32> = BTreeMap::new();
        let (mut same, mut neighbours) = (0, BTreeMap::<i64, u32>::new());
        let mut before = 0;
        for n in 0..20_000_u32 {
            let value = format!("{:07}", 1_000_000 + n);
            let made = cipher_of("k", "cipher", &value);
            same += u32::from(made == value);
            for (at, c) in made.chars().enumerate() {
                *counts.entry((at, c)).or_default() += 1;
            }
            let number: i64 = made.parse().unwrap();
            *neighbours.entry(number - before).or_default() += 1;
            before = number;
        }
        assert!(same <= 3, "{same}");
        assert!(neighbours.values().all(|times| *times < 12), "what was near is near by the same step");
        for ((at, c), count) in counts {
            assert!((1_700..2_300).contains(&count), "{c} at {at}: {count}");
        }
    }

    #[test]
    fn case_and_what_stands_between_stay_and_another_night_is_another_mapping() {
        let made = cipher_of("k", "cipher", "Ab-12 _/C3");
        let form: String = made
            .chars()
            .map(|c| match c {
                '0'..='9' => '#',
                'a'..='z' => 'a',
                'A'..='Z' => 'A',
                other => other,
            })
            .collect();
        assert_eq!(form, "Aa-## _/A#");
        assert_ne!(made, cipher_of("l", "cipher", "Ab-12 _/C3"));
        assert_eq!(made.to_lowercase(), cipher_of("k", "cipher", "ab-12 _/c3"));
    }

    #[test]
    fn of_letters_beyond_ascii_nothing_stays() {
        for value in ["Иванов7", "Müller", "山"] {
            let made = cipher_of("k", "cipher", value);
            assert!(made.is_ascii() && made.len() == value.chars().count(), "{made}");
        }
    }
}
