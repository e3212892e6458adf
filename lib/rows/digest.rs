//! Digests, which show whether two tables hold the same rows in any order.
//!
//! In: tuples as the dumper writes them. Out: their number and the sum modulo 2^128 of their XXH3-128. It is a sum and no
//! exclusive or, since two equal rows of a table without a key must count twice.

use xxhash_rust::xxh3::xxh3_128;

use super::column::{columns_of, pick};
use super::error::Error;
use super::reader::read;
use crate::document::TableDigest;
use crate::mysql::Session;
use crate::sql::{name, qualified};

/// The number of rows so far, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) rows: u64,
    total: u128,
}

impl Sum {
    /// Adds one row's tuple text.
    pub(crate) fn add(&mut self, tuple: &[u8]) {
        self.rows += 1;
        self.total = self.total.wrapping_add(xxh3_128(tuple));
    }

    /// Adds other rows of the same table.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.total = self.total.wrapping_add(other.total);
    }

    /// Returns the digest: 32 hexadecimal digits.
    pub(crate) fn digest(&self) -> String {
        format!("{:032x}", self.total)
    }
}

/// Reads a table and digests it as the dumper does. The digest equals that of the table's manifest entry if and only
/// if the rows are equal. `columns` are those of the entry. Sets the session's `sql_mode` to an empty one.
pub fn digest_table(
    session: &mut Session,
    database: &str,
    table: &str,
    columns: &[String],
) -> Result<TableDigest, Error> {
    session.run("setting sql_mode", "SET sql_mode = ''")?;
    let known = columns_of(session, database, Some(table))?;
    let picked = pick(known.get(table).map_or(&[], Vec::as_slice), database, table, columns)?;
    let list: Vec<String> = picked.iter().map(|c| c.form.read(&format!("t.{}", name(&c.name)))).collect();
    let sql = format!("SELECT {} FROM {} AS t", list.join(", "), qualified(database, table));
    let deed = format!("digesting {database}.{table}");
    let mut sum = Sum::default();
    if !picked.is_empty() {
        read(session, &deed, &sql, &picked, |tuple| {
            sum.add(tuple);
            Ok::<_, Error>(true)
        })?;
    }
    Ok(TableDigest {
        database: database.to_owned(),
        table: table.to_owned(),
        rows: sum.rows,
        digest: sum.digest(),
        ..TableDigest::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_rows_does_not_matter_but_their_number_does() {
        let sum = |rows: &[&str]| {
            let mut sum = Sum::default();
            for row in rows {
                sum.add(row.as_bytes());
            }
            sum
        };
        assert_eq!(sum(&["1,'a'", "2,'b'"]), sum(&["2,'b'", "1,'a'"]));
        assert_ne!(sum(&["1", "1"]).digest(), sum(&[]).digest());
        let mut merged = sum(&["1"]);
        merged.merge(sum(&["2"]));
        assert_eq!(merged, sum(&["2", "1"]));
    }
}
