//! Names and values as SQL text: quoting in one place.

use std::fmt::Write;

/// A name in back-ticks (MySQL manual, "Schema Object Names").
pub fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// `` `database`.`table` ``.
pub fn qualified(database: &str, table: &str) -> String {
    format!("{}.{}", name(database), name(table))
}

/// A text as a string literal that means the same whatever `sql_mode` says about backslashes: doubled quotes only,
/// and hexadecimal for a text with a backslash in it.
pub fn literal(text: &str) -> String {
    if text.contains('\\') || text.contains('\0') {
        let digits: String = text.bytes().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        return format!("_utf8mb4 x'{digits}'");
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_what_would_end_a_name_or_a_text() {
        assert_eq!(qualified("a`b", "c"), "`a``b`.`c`");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\"), "_utf8mb4 x'615c'");
    }
}
