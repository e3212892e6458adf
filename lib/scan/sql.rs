//! The SQL that makes records of originals on the server.
//!
//! In: expressions over a table. Out: a SELECT of records, and the function that reads them. The canonical form is that of
//! [`super::Fold`]; `tests/it/leaks.rs` compares the two, character by character, on both servers.

use std::fmt::Write;

use super::filter::{RECORD_BYTES, Record};
use super::fold::SEPARATORS;
use super::{DIGITS_MIN, LENGTH_MAX, LENGTH_MIN, SORTS, ValueSort};
use crate::sql::literal;

/// Most characters of a value that is searched for. A longer value is free text, and no original itself.
pub const VALUE_CHARACTERS_MAX: u64 = 400;

/// A source of originals: SQL expressions over the alias `t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchedValues {
    /// The value as text in UTF-8.
    pub value: String,
    /// True if the value may be free text, which is no original.
    pub long: bool,
    /// True if the value is the name of a person, whose last name is searched for too.
    pub person: bool,
}

/// Returns SQL for a value in the server's lower case.
pub fn lower(value: &str) -> String {
    format!("LOWER(CONVERT({value} USING utf8mb4) COLLATE utf8mb4_bin)")
}

/// Returns SQL for a value in lower case, with `σ` and `ss` in place of `ς` and `ß`: upper case, `Σ` and `SS`, does not give
/// these two letters back.
pub fn folded(value: &str) -> String {
    format!("REPLACE(REPLACE({}, 'ς', 'σ'), 'ß', 'ss')", lower(value))
}

/// Returns SQL for the letters and digits of a folded value.
pub fn canonical(folded: &str) -> String {
    let mut class = r"[\x{0}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{60}\x{7b}-\x{7f}".to_owned();
    for (from, to) in SEPARATORS {
        let _ = write!(class, r"\x{{{:x}}}-\x{{{:x}}}", u32::from(*from), u32::from(*to));
    }
    class += "]+";
    format!("REGEXP_REPLACE({folded}, {}, '')", literal(&class))
}

/// A SELECT that makes the records of several sources in one pass over the rows.
#[derive(Debug)]
pub struct Records {
    /// The statement. It returns two values for each record: the keyed hash in hexadecimal digits, and a number with the rest.
    /// It reads the key from `@refreshkit_scan`.
    pub sql: String,
    /// For each record of a row, the position of its source.
    pub sources: Vec<usize>,
}

impl Records {
    /// Makes the SELECT for these sources, `FROM` these rows.
    pub fn of(sources: &[&SearchedValues], from: &str) -> Self {
        let own = |v: &str, length: &str| {
            let (word, strong) = (ValueSort::Word.letter(), ValueSort::Strong.letter());
            vec![format!("IF({length} = LENGTH({v}), '{word}', '{strong}')")]
        };
        Self::with(sources, from, own)
    }

    /// Makes the SELECT with a record for every sort of value that each text may be.
    pub fn of_any_sort(sources: &[&SearchedValues], from: &str) -> Self {
        let any = |_: &str, _: &str| SORTS.iter().map(|sort| format!("'{}'", sort.letter())).collect();
        Self::with(sources, from, any)
    }

    fn with(sources: &[&SearchedValues], from: &str, sorts: impl Fn(&str, &str) -> Vec<String>) -> Self {
        let (mut columns, mut records, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for (number, source) in sources.iter().enumerate() {
            for part in source.parts() {
                let n = columns.len();
                let canonical = format!("CAST({} AS BINARY)", canonical(&folded(&part)));
                let canonical = if source.long {
                    format!("IF(CHAR_LENGTH({}) <= {VALUE_CHARACTERS_MAX}, {canonical}, NULL)", source.value)
                } else {
                    canonical
                };
                columns.push(format!("{canonical} AS v{n}, LENGTH({part}) AS l{n}"));
                let (v, length) = (format!("x.v{n}"), format!("x.l{n}"));
                for sort in sorts(&v, &length) {
                    records.push(record(&v, &sort));
                    numbers.push(number);
                }
            }
        }
        // The LIMIT cuts nothing off. It keeps the server from computing the canonical form again in every place that reads it.
        let sql = format!(
            "SELECT {} FROM (SELECT {} FROM {from} LIMIT {}) AS x",
            records.join(", "),
            columns.join(", "),
            u64::MAX
        );
        Self { sql, sources: numbers }
    }

    /// Makes a record of its two values. `None` for NULL, and for a length that is not searched for.
    pub fn read(hash: Option<&[u8]>, rest: Option<&[u8]>) -> Option<Record> {
        let number =
            |digits: &[u8], radix| u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
        let hash = number(hash?.get(..16)?, 16)?;
        let rest = number(rest?, 10)?;
        let length = usize::try_from(rest & 0xff).ok()?;
        let mut record = [0; RECORD_BYTES];
        record[..8].copy_from_slice(&hash.to_be_bytes());
        record[8..].copy_from_slice(&rest.to_be_bytes()[1..]);
        (LENGTH_MIN..=LENGTH_MAX).contains(&length).then_some(record)
    }
}

impl SearchedValues {
    /// Returns how many values are searched for in place of one.
    pub fn width(&self) -> usize {
        self.parts().len()
    }

    /// Returns SQL for the value. For a name also for the last name, and for first and last name without those between.
    /// `Ng, Mai` begins with the last name.
    fn parts(&self) -> Vec<String> {
        if !self.person {
            return vec![self.value.clone()];
        }
        let text = format!("TRIM({} COLLATE utf8mb4_bin)", self.value);
        let first = format!("SUBSTRING_INDEX({text}, ' ', 1)");
        let last = format!("SUBSTRING_INDEX({text}, ' ', -1)");
        let family = format!(
            "CASE WHEN {text} LIKE '%,%' THEN SUBSTRING_INDEX({text}, ',', 1) WHEN {text} LIKE '% %' THEN {last} END"
        );
        let short = format!(
            "CASE WHEN {text} LIKE '% % %' AND {text} NOT LIKE '%,%' THEN CONCAT({first}, ' ', {last}) END"
        );
        vec![text, family, short]
    }
}

/// Returns SQL for the keyed hash, and for one number of the CRC, the upper half of the CRC of the first four bytes, and the
/// length: see [`super::Filter`]. It is 0 for a number of too few digits, which `read` then leaves out.
fn record(v: &str, sort: &str) -> String {
    let few = format!("LENGTH({v}) < {DIGITS_MIN} AND CONVERT({v} USING utf8mb4) REGEXP '^[0-9]*$'");
    format!(
        "SHA2(CONCAT(@refreshkit_scan, {sort}, {v}), 256), \
         IF({few}, 0, CRC32({v}) << 24 | CRC32(LEFT({v}, 4)) >> 16 << 8 | LEAST(LENGTH({v}), 255))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_from_digits_and_what_is_too_short_or_too_long_is_none() {
        let hash = b"0102030405060708ffffffff";
        let read = |rest: u64| Records::read(Some(hash), Some(rest.to_string().as_bytes()));
        let record = read(0x00aa_bbcc_ddee_ff05).unwrap();
        assert_eq!(record, [1, 2, 3, 4, 5, 6, 7, 8, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 5]);
        assert!(read(128).is_some());
        assert_eq!([read(0), read(4), read(129), read(255)], [None; 4]);
        assert_eq!((Records::read(None, None), Records::read(Some(b"01"), Some(b"5"))), (None, None));
    }
}
