//! Names and values as SQL text: quoting in one place.

/// A name in back-ticks (MySQL manual, "Schema Object Names").
pub fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A table's name with its database, in back-ticks: `` `database`.`table` ``.
pub fn qualified(database: &str, table: &str) -> String {
    format!("{}.{}", name(database), name(table))
}

/// A text as a string literal that means the same whatever `sql_mode` says about backslashes: quotes are doubled; a text
/// with a backslash or a NUL byte is written in hexadecimal.
pub fn literal(text: &str) -> String {
    if text.contains('\\') || text.contains('\0') {
        return format!("_utf8mb4 x'{}'", hex(text.as_bytes()));
    }
    plain_literal(text)
}

/// A text as a string literal in quotes, where the grammar takes no other (passwords, accounts). If it has a backslash,
/// it is right under `NO_BACKSLASH_ESCAPES` only.
pub(crate) fn plain_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    hex_into(bytes, &mut text);
    text
}

/// Appends bytes to a text as lower-case hexadecimal digits.
pub(super) fn hex_into(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_what_would_end_a_name_or_a_text() {
        assert_eq!(qualified("a`b", "c"), "`a``b`.`c`");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\"), "_utf8mb4 x'615c'");
        assert_eq!(plain_literal("a\\'"), "'a\\'''");
    }
}
