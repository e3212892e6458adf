//! The words of masks: SQL over one column, the same on MySQL 8, 9 and MariaDB 10.10 and later. SHA2 only: MySQL 9
//! has no MD5 and no SHA1.

use crate::catalog::{Column, Family};
use crate::mysql::literal;

/// The column's value without what makes no difference: outer blanks and upper case. Bytes stay as they are, and so do
/// texts whose collation tells upper from lower case: a unique index may hold both `aB` and `Ab`.
pub(super) fn normalised(column: &Column) -> String {
    let plain = column.of("t");
    let exact = column.collation.as_deref().is_some_and(|collation| !collation.contains("_ci"));
    match column.family() {
        Family::Text if exact => format!("CONVERT({plain} USING utf8mb4)"),
        Family::Text | Family::Choice => format!("LOWER(TRIM(CONVERT({plain} USING utf8mb4)))"),
        Family::Binary => plain,
        _ => format!("CAST({plain} AS CHAR CHARACTER SET utf8mb4)"),
    }
}

/// 64 hexadecimal digits that depend on the server's key, the domain and the normalised value. Two rounds, as HMAC
/// does, so that nothing can be appended.
pub(super) fn hash(column: &Column, domain: &str) -> String {
    let inner = format!(
        "SHA2(CONCAT(@refreshkit_key, {}, {}), 256)",
        literal(&format!("{domain}:")),
        normalised(column)
    );
    format!("SHA2(CONCAT(@refreshkit_key, UNHEX({inner})), 256)")
}

/// A whole number below `limit` out of the hash, from 12 digits of it: CONV goes through DOUBLE if it is not cast.
pub(super) fn number(hash: &str, first_digit: usize, limit: u64) -> String {
    format!("MOD(CAST(CONV(SUBSTR({hash}, {first_digit}, 12), 16, 10) AS UNSIGNED), {limit})")
}

/// `masked`, but NULL for NULL and the empty text for a blank one. The column itself is not in the result, so that
/// no character set of its own meets ours.
pub(super) fn around(column: &Column, masked: &str) -> String {
    let plain = column.of("t");
    match column.family() {
        Family::Text => {
            format!("CASE WHEN {plain} IS NULL THEN NULL WHEN TRIM({plain}) = '' THEN '' ELSE {masked} END")
        }
        Family::Binary => {
            format!("CASE WHEN {plain} IS NULL THEN NULL WHEN LENGTH({plain}) = 0 THEN '' ELSE {masked} END")
        }
        _ => format!("CASE WHEN {plain} IS NULL THEN NULL ELSE {masked} END"),
    }
}

/// One of some texts, chosen by the hash.
pub(super) fn one_of(hash: &str, first_digit: usize, texts: &[&str]) -> String {
    let list: Vec<String> = texts.iter().map(|text| literal(text)).collect();
    format!("ELT(1 + {}, {})", number(hash, first_digit, texts.len() as u64), list.join(", "))
}
