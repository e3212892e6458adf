//! The SQL of the originals: from a column to records, on the server.
//!
//! In: expressions over a table. Out: a SELECT of records, [`super::RECORD_BYTES`] bytes each. The canonical form is
//! that of [`super::Fold`]; `tests/it/leaks.rs` holds the two together, character by character, on both servers.

use std::fmt::Write;

use super::fold::SEPARATORS;
use super::{DIGITS_MIN, LENGTH_MAX, LENGTH_MIN, Sort, stop};
use crate::mysql::literal;

/// Longer values are free text: only what is in other columns is looked for (characters).
const VALUE_CHARACTERS_MAX: usize = 400;

/// Values found in more rows than this, and in more than one of a hundred, are nobody's own.
const COMMON_ROWS: u32 = 20;

/// Values to look for: SQL expressions over alias `t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The value as text.
    pub value: String,
    /// Whether it is the name of a person, whose last name is looked for too.
    pub person: bool,
}

/// The value in the server's lower case.
pub fn lower(value: &str) -> String {
    format!("LOWER(CONVERT({value} USING utf8mb4) COLLATE utf8mb4_bin)")
}

/// The same, with the two letters replaced that upper case does not give back: `ς` is `Σ` in it, and `ß` is `SS`.
pub fn folded(value: &str) -> String {
    format!("REPLACE(REPLACE({}, 'ς', 'σ'), 'ß', 'ss')", lower(value))
}

/// Letters and digits of a folded value.
pub fn canonical(folded: &str) -> String {
    let mut class = r"[\x{0}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{60}\x{7b}-\x{7f}".to_owned();
    for (from, to) in SEPARATORS {
        let _ = write!(class, r"\x{{{:x}}}-\x{{{:x}}}", u32::from(*from), u32::from(*to));
    }
    class += "]+";
    format!("REGEXP_REPLACE({folded}, {}, '')", literal(&class))
}

/// Records of the values of one source: `SELECT record FROM …`, each once. Reads the key from `@refreshkit_scan`.
pub fn values(source: &Source, from: &str) -> String {
    let value = &source.value;
    let plain = format!(
        "SELECT TRIM({}) AS low FROM {from} WHERE CHAR_LENGTH({value}) BETWEEN 1 AND {VALUE_CHARACTERS_MAX}",
        folded(value)
    );
    let wanted = if source.person { with_parts(&plain) } else { plain };
    let canonical = format!("CAST({} AS CHAR({LENGTH_MAX})) COLLATE utf8mb4_bin", canonical("low"));
    let (word, strong) = (Sort::Word.letter(), Sort::Strong.letter());
    let sorted = format!(
        "SELECT v, CASE WHEN LENGTH(low) = LENGTH(v) AND NOT v REGEXP '[0-9]' THEN '{word}' ELSE '{strong}' END AS s \
         FROM (SELECT low, {canonical} AS v FROM ({wanted}) AS a) AS b \
         WHERE LENGTH(v) BETWEEN {LENGTH_MIN} AND {LENGTH_MAX} AND CHAR_LENGTH(low) <= {VALUE_CHARACTERS_MAX}"
    );
    let grouped = format!(
        "SELECT v, s, COUNT(*) AS n, SUM(COUNT(*)) OVER () AS total FROM ({sorted}) AS c GROUP BY v, s"
    );
    let stops: Vec<String> = stop::words().map(|word| literal(&word)).collect();
    format!(
        "SELECT {} AS v FROM ({grouped}) AS d WHERE n <= GREATEST({COMMON_ROWS}, total / 100) \
         AND NOT v REGEXP '^[0-9]{{1,{}}}$' AND NOT (s = '{word}' AND v IN ({}))",
        record(),
        DIGITS_MIN - 1,
        stops.join(", ")
    )
}

/// A name, its last name, and first with last name without what is between them. `Ng, Mai` begins with the last name.
fn with_parts(plain: &str) -> String {
    let first = "SUBSTRING_INDEX(low, ' ', 1)";
    let last = "SUBSTRING_INDEX(low, ' ', -1)";
    format!(
        "SELECT low FROM ({plain}) AS p \
         UNION ALL SELECT {last} FROM ({plain}) AS p WHERE low LIKE '% %' AND low NOT LIKE '%,%' \
         UNION ALL SELECT CONCAT({first}, ' ', {last}) FROM ({plain}) AS p WHERE low LIKE '% % %' AND low NOT LIKE '%,%' \
         UNION ALL SELECT SUBSTRING_INDEX(low, ',', 1) FROM ({plain}) AS p WHERE low LIKE '%,%'"
    )
}

/// Eight bytes of the keyed hash, four of the CRC, two of the beginning, one of the length: see [`super::Filter`].
fn record() -> String {
    let begin = "CAST(CONV(HEX(LEFT(CAST(v AS BINARY), 4)), 16, 10) AS UNSIGNED)";
    format!(
        "UNHEX(CONCAT(LEFT(SHA2(CONCAT(@refreshkit_scan, CAST(CONCAT(s, v) AS BINARY)), 256), 16), LPAD(HEX(CRC32(v)), 8, '0'), \
         LPAD(HEX((({begin} * {}) & 4294967295) >> 16), 4, '0'), LPAD(HEX(LENGTH(v)), 2, '0')))",
        super::filter::BEGIN_FACTOR
    )
}
