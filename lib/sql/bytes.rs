//! Definitions that hold bytes which are no UTF-8.
//!
//! In: what `SHOW CREATE …` answers: UTF-8, but for the constants of other character sets, which servers write as they are
//! (`DEFAULT '\xff'` of a BINARY, `_latin1'\xe9'` in a view). Out: the same statement in UTF-8: such a constant in hexadecimal.

use super::lexer::{Kind, Mode, pieces};
use super::quote::hex;
use super::tuples::Literal;

/// The statement as text; nothing if something else than a constant is no UTF-8.
pub(crate) fn readable(sql: Vec<u8>) -> Option<String> {
    let sql = match String::from_utf8(sql) {
        Ok(sql) => return Some(sql),
        Err(other) => other.into_bytes(),
    };
    let mut text = String::with_capacity(sql.len() + 64);
    for piece in pieces(&sql, Mode::default()) {
        let bytes = &sql[piece.place];
        match std::str::from_utf8(bytes) {
            Ok(readable) => text.push_str(readable),
            Err(_) if piece.kind == Kind::Text => {
                let inner = bytes.get(1..bytes.len() - 1)?;
                let mut buffer = Vec::new();
                let plain = Literal::Text(inner, true).plain(&mut buffer);
                text.extend([" x'", &hex(plain), "'"]);
            }
            Err(_) => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_that_are_no_utf8_become_hexadecimal_and_the_rest_stays() {
        let read = |sql: &[u8]| readable(sql.to_vec());
        assert_eq!(read("a 'é'".as_bytes()).as_deref(), Some("a 'é'"));
        let sql = b"`b` binary(3) DEFAULT '\xff\\0\\''''COMMENT '\xc3\xa9', _latin1'\xe9' AS `x`";
        let wanted = "`b` binary(3) DEFAULT  x'ff002727'COMMENT 'é', _latin1 x'e9' AS `x`";
        assert_eq!(read(sql).as_deref(), Some(wanted));
        assert_eq!(read(b"`\xe9`"), None);
    }
}
