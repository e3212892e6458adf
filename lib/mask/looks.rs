//! What an e-mail address, an IBAN and a telephone number look like. More patterns for finding them are in
//! `detect/by_value.rs`.
//!
//! In: nothing, or a text. Out: regular expressions that MySQL and MariaDB both take, to find values and to clear texts
//! on the server; and what looks personal in a text that never goes to a server, such as a definition.

/// An e-mail address anywhere in a text.
pub(crate) const EMAIL: &str = "[A-Za-z0-9._%+-]+@[A-Za-z0-9][A-Za-z0-9.-]*[.][A-Za-z]{2,}";

/// What is replaced as an e-mail address when a text is cleared: rather too much than too little, and `%40` is read as
/// `@`. To be fast on long texts, a match begins only where a run of characters begins (`(?<!…)`), and gives nothing back
/// (`++`).
pub(crate) const EMAIL_CLEARED: &str =
    "(?<![^[:space:]@<>()\"'',;:=%])[^[:space:]@<>()\"'',;:=%]++(@|%40)[^[:space:]@<>()\"'',;:&]++";

/// A value that is an IBAN, in upper case and without blanks.
pub(crate) const IBAN: &str = "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$";

/// An IBAN within a text, perhaps with blanks between its groups.
pub(crate) const IBAN_WITHIN: &str = "(^|[^A-Za-z0-9])[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}( ?[0-9]{4}){2,6}";

/// What is replaced as an IBAN when a text is cleared; letters may be in lower case.
pub(crate) const IBAN_CLEARED: &str =
    "(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}( ?[A-Za-z0-9]{4}){2,7}( ?[A-Za-z0-9]{1,3})?";

/// How many digits a telephone number has with the code of its country.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// How many characters an IBAN has.
const IBAN_LENGTH: std::ops::RangeInclusive<usize> = 15..=34;

/// Names what looks like personal data in a text, such as `an e-mail address`. The value itself is not repeated.
pub fn personal_in(text: &str) -> Option<&'static str> {
    let is_end = |c: char| c.is_whitespace() || "'\"`,;:()<>=[]{}|\\".contains(c);
    let mut words = text.split(is_end).filter(|word| !word.is_empty());
    if words.clone().any(is_email) {
        return Some("an e-mail address");
    }
    if words.any(is_iban) {
        return Some("an IBAN");
    }
    text.split('+').skip(1).any(is_phone).then_some("a telephone number")
}

/// True for `a@b.cc`. False for a variable (`@a`), and for an account, as a word ends at a quote.
fn is_email(word: &str) -> bool {
    let Some((local, host)) = word.split_once('@') else { return false };
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    let last = host.trim_end_matches('.').rsplit_once('.').map_or("", |(_, last)| last);
    !local.is_empty()
        && host.chars().all(is_host)
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && last.len() >= 2
        && last.chars().all(|c| c.is_ascii_alphabetic())
}

/// True when the form and the check digits of a word are those of an IBAN.
fn is_iban(word: &str) -> bool {
    let bytes = word.as_bytes();
    if !IBAN_LENGTH.contains(&bytes.len())
        || !bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        || !bytes[..2].iter().all(u8::is_ascii_uppercase)
        || !bytes[2..4].iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    let moved = bytes[4..].iter().chain(&bytes[..4]);
    moved.fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    }) == 1
}

/// Whether the text behind a `+` begins with a telephone number.
fn is_phone(rest: &str) -> bool {
    let number = rest.chars().take_while(|c| c.is_ascii_digit() || " ()./-".contains(*c));
    let digits = number.filter(char::is_ascii_digit).count();
    rest.starts_with(|c: char| c.is_ascii_digit()) && PHONE_DIGITS.contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_numbers_and_accounts_are_seen_and_ordinary_sql_is_not() {
        for (text, what) in [
            ("`mail` varchar(9) DEFAULT 'jo.doe@firm.example'", Some("an e-mail address")),
            ("COMMENT 'ask boss@firm.example.'", Some("an e-mail address")),
            ("SET @who = 'DE89370400440532013000'", Some("an IBAN")),
            ("COMMENT 'call +49 (170) 123-4567'", Some("a telephone number")),
            ("CREATE DEFINER=`app`@`db.firm.example` PROCEDURE p() SET @a = @b.c", None),
            ("SELECT a+1, b + 1000000000, 'XX00AAAABBBBCCCC', '2026-11-23 10:00:00+01:00'", None),
        ] {
            assert_eq!(personal_in(text), what, "{text}");
        }
    }
}
