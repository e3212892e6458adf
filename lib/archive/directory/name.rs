//! The file name of a dump: `NAME-20261123T020000Z.sql.gz`, with the moment that its data is from.
//!
//! In: a name and a moment; or any file name. Out: the file name; or name and moment, if it is a dump's.

use jiff::fmt::strtime;
use jiff::{SignedDuration, Timestamp};

/// What the file name of every dump ends with.
pub(super) const SUFFIX: &str = ".sql.gz";

const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// Hours that one clock may be behind another.
const CLOCK_HOURS: i64 = 1;

/// True when `as_of` is more than `CLOCK_HOURS` in the future: a clock was wrong when the dump was made, or is wrong now.
pub(crate) fn is_later(as_of: Timestamp, now: Timestamp) -> bool {
    as_of.duration_since(now) > SignedDuration::from_hours(CLOCK_HOURS)
}

/// The name of a dump's file: `NAME-20261123T020000Z.sql.gz`.
pub(super) fn file_name(name: &str, as_of: Timestamp) -> String {
    format!("{name}-{}{SUFFIX}", as_of.strftime(STAMP))
}

/// Returns name and moment if the file name has exactly the form that `file_name` makes.
pub(super) fn parse_name(file: &str) -> Option<(String, Timestamp)> {
    let (name, stamp) = file.strip_suffix(SUFFIX)?.rsplit_once('-')?;
    let date_time = strtime::parse(STAMP, stamp).ok()?.to_datetime().ok()?;
    let as_of = date_time.in_tz("UTC").ok()?.timestamp();
    // Another character could break a line of a printed list, or lead out of the directory.
    (is_file_word(name) && file_name(name, as_of) == file).then(|| (name.to_owned(), as_of))
}

/// True for a character that a dump's name may have.
pub(crate) fn is_file_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// True when dumps can have this name: `[dump] name`.
pub(crate) fn is_file_word(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_file_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_form_of_names_is_ours() {
        let as_of: Timestamp = "2028-02-29T02:00:00Z".parse().unwrap();
        assert_eq!(file_name("app", as_of), "app-20280229T020000Z.sql.gz");
        assert_eq!(parse_name("my-app-20280229T020000Z.sql.gz"), Some(("my-app".to_owned(), as_of)));
        for foreign in [
            "app-latest.sql.gz",
            "app-20270229T020000Z.sql.gz",
            "-20280229T020000Z.sql.gz",
            ".app-20280229T020000Z.sql.gz",
            "a\nb-20280229T020000Z.sql.gz",
            "a\u{1b}[2J-20280229T020000Z.sql.gz",
            "a b-20280229T020000Z.sql.gz",
            "app-20280229T020000Z.sql.gz.partial",
            "app-20280229T020000Z.sql",
            "app-2028-02-29.sql.gz",
            "app-20280229T020000Z.sql.gz ",
        ] {
            assert_eq!(parse_name(foreign), None, "{foreign}");
        }
    }
}
