//! The SQL of the originals: from a column to records, on the server.
//!
//! In: expressions over a table. Out: a SELECT of records, [`RECORD_BYTES`] bytes each. The canonical form is
//! that of [`super::Fold`]; `tests/it/leaks.rs` holds the two together, character by character, on both servers.

use std::fmt::Write;

use super::fold::SEPARATORS;
use super::{DIGITS_MIN, LENGTH_MAX, LENGTH_MIN, RECORD_BYTES, Sort};
use crate::mysql::literal;

/// Longer values are free text: only what is in other columns is looked for (characters).
const VALUE_CHARACTERS_MAX: usize = 400;

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

/// Records of several sources in one pass over the rows.
#[derive(Debug)]
pub struct Records {
    /// The statement: one value a row, of as many records side by side as there are parts. Reads the key from
    /// `@refreshkit_scan`.
    pub sql: String,
    /// The source of each part, by its number.
    pub parts: Vec<usize>,
}

impl Records {
    /// Of these sources, `FROM` these rows.
    pub fn of(sources: &[&Source], from: &str) -> Self {
        let (mut columns, mut records, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, source) in sources.iter().enumerate() {
            for part in source.parts() {
                let n = parts.len();
                let canonical = canonical(&folded(&part));
                columns.push(format!(
                    "IF(CHAR_LENGTH({}) <= {VALUE_CHARACTERS_MAX}, CAST({canonical} AS BINARY), NULL) AS v{n}, \
                     LENGTH({part}) AS l{n}",
                    source.value
                ));
                records.push(record(&format!("x.v{n}"), &format!("x.l{n}")));
                parts.push(number);
            }
        }
        // The limit, which is none, keeps the server from writing the canonical form into every place that reads it.
        let sql = format!(
            "SELECT CONCAT({}) FROM (SELECT {} FROM {from} LIMIT {}) AS x",
            records.join(", "),
            columns.join(", "),
            u64::MAX
        );
        Self { sql, parts }
    }
}

impl Source {
    /// How many values are made of one.
    pub fn width(&self) -> usize {
        self.parts().len()
    }

    /// The value; of a name also its last name, and first with last name without what is between them. `Ng, Mai`
    /// begins with the last name.
    fn parts(&self) -> Vec<String> {
        let text = format!("TRIM(CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin)", self.value);
        if !self.person {
            return vec![text];
        }
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

/// Eight bytes of the keyed hash, four of the CRC, two of the beginning's, one of the length: see [`super::Filter`].
/// From the canonical form, and the length of what it was made of: the same for a single word.
fn record(v: &str, length: &str) -> String {
    let (word, strong) = (Sort::Word.letter(), Sort::Strong.letter());
    let text = format!("CONVERT({v} USING utf8mb4)");
    let wanted = format!(
        "LENGTH({v}) BETWEEN {LENGTH_MIN} AND {LENGTH_MAX} AND NOT (LENGTH({v}) < {DIGITS_MIN} AND {text} REGEXP '^[0-9]+$')"
    );
    let sort = format!("IF({length} = LENGTH({v}) AND NOT {text} REGEXP '[0-9]', '{word}', '{strong}')");
    format!(
        "IF({wanted}, UNHEX(CONCAT(LEFT(SHA2(CONCAT(@refreshkit_scan, {sort}, {v}), 256), 16), \
         LPAD(HEX(CRC32({v}) << 24 | CRC32(LEFT({v}, 4)) >> 16 << 8 | LENGTH({v})), 14, '0'))), x'{}')",
        "00".repeat(RECORD_BYTES)
    )
}
