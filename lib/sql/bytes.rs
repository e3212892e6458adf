//! Definitions that hold bytes which are no UTF-8.
//!
//! In: the answer to `SHOW CREATE …`. Of a table it is UTF-8, except for constants of other character sets, which servers
//! write as they are (`DEFAULT '\xff'` of a BINARY). Of a view, routine, trigger or event the body is in the character
//! set of the client that made it; names and comments of the head are in UTF-8 or in that character set, depending on the
//! server. Out: the same statement in UTF-8; a constant whose bytes matter (`_latin1'\xe9'`) in hexadecimal.

use std::borrow::Cow;

use super::lexer::{Mode, Token, TokenKind, pieces};
use super::quote::{hex, name};
use super::tuples::Literal;

/// Character sets in which a quote or a backslash can be the second byte of a character. Where a statement in one of them
/// ends cannot be told without knowing all of its characters.
const WITH_QUOTES_INSIDE: [&str; 6] = ["sjis", "cp932", "gbk", "gb18030", "big5", "gb2312"];

/// Whether a text of this character set cannot be read byte by byte.
pub(crate) fn hides_quotes(charset: &str) -> bool {
    WITH_QUOTES_INSIDE.contains(&charset)
}

/// The statement as text; nothing if anything but a constant is no UTF-8.
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
            Err(_) if piece.kind == TokenKind::Text => text.push_str(&in_digits(bytes, Mode::default())?),
            Err(_) => return None,
        }
    }
    Some(text)
}

/// A constant as hexadecimal digits, with a blank in front.
fn in_digits(constant: &[u8], mode: Mode) -> Option<String> {
    let (quote, inner) = (*constant.first()?, constant.get(1..constant.len() - 1)?);
    // First it is written as a constant in single quotes whose backslashes are escapes.
    let mut usual = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().peekable();
    while let Some(byte) = rest.next() {
        match *byte {
            b'\\' if !mode.escapes(quote) => usual.extend(br"\\"),
            b'\\' => usual.extend([b'\\', *rest.next()?]),
            b'"' if quote == b'"' => {
                rest.next();
                usual.push(b'"');
            }
            b'\'' if quote == b'"' => usual.extend(b"\'\'"),
            other => usual.push(other),
        }
    }
    let mut buffer = Vec::new();
    Some(format!(" x'{}'", hex(Literal::Text(&usual, true).plain(&mut buffer))))
}

/// The definition of a view, routine, trigger or event, in the bytes that a server keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramText<'a> {
    /// The statement, byte for byte.
    pub(crate) bytes: &'a [u8],
    /// The kind of object that it creates: `FUNCTION`, `PACKAGE BODY`.
    pub(crate) kind: &'a str,
    /// Name of the object that it creates.
    pub(crate) name: &'a str,
    /// The character set of the client that created it.
    pub(crate) charset: &'a str,
    /// The mode that it was created under.
    pub(crate) mode: Mode,
}

impl ProgramText<'_> {
    /// The statement as text. `decode` turns texts of the client's character set into UTF-8. Nothing if it returns too
    /// few.
    pub(crate) fn text<E>(
        self,
        decode: impl FnOnce(&[&[u8]]) -> Result<Vec<String>, E>,
    ) -> Result<Option<String>, E> {
        if self.bytes.is_ascii() {
            return Ok(String::from_utf8(self.bytes.to_vec()).ok());
        }
        let parts = self.parts();
        let foreign: Vec<&[u8]> = parts
            .iter()
            .filter_map(|part| match part {
                ProgramPart::Foreign(bytes) => Some(*bytes),
                ProgramPart::Text(_) => None,
            })
            .collect();
        let mut decoded = if foreign.is_empty() { Vec::new() } else { decode(&foreign)? }.into_iter();
        let text = parts.into_iter().map(|part| match part {
            ProgramPart::Text(text) => Some(text),
            ProgramPart::Foreign(_) => decoded.next().map(Cow::Owned),
        });
        Ok(text.collect())
    }

    fn is_utf8(&self) -> bool {
        self.charset.is_empty() || self.charset.starts_with("utf8") || self.charset == "binary"
    }

    fn parts(&self) -> Vec<ProgramPart<'_>> {
        let all: Vec<Token> = pieces(self.bytes, self.mode).collect();
        let code: Vec<usize> = (0..all.len()).filter(|at| all[*at].is_code()).collect();
        let (called, head) = self.head(&all, &code);
        let mut before: Option<&Token> = None;
        let mut parts = Vec::with_capacity(all.len());
        for (at, piece) in all.iter().enumerate() {
            let bytes = &self.bytes[piece.place.clone()];
            let introduced = before.is_some_and(|word| self.is_introducer(word));
            let commented = before.is_some_and(|word| word.is_word(self.bytes, "COMMENT"));
            let readable = std::str::from_utf8(bytes).ok();
            let digits = || in_digits(bytes, self.mode).filter(|_| piece.kind == TokenKind::Text);
            let part = match readable {
                Some(text) if bytes.is_ascii() => ProgramPart::Text(text.into()),
                _ if Some(at) == called => ProgramPart::Text(name(self.name).into()),
                Some(text) if self.is_utf8() || commented || at < head => ProgramPart::Text(text.into()),
                _ if introduced && let Some(digits) = digits() => ProgramPart::Text(digits.into()),
                _ => ProgramPart::Foreign(bytes),
            };
            parts.push(part);
            if piece.is_code() {
                before = Some(piece);
            }
        }
        parts
    }

    /// Whether a word is an introducer, such as `_latin1` in front of a constant.
    fn is_introducer(&self, word: &Token) -> bool {
        word.kind == TokenKind::Word && self.bytes[word.place.start] == b'_'
    }

    /// Which piece is the object's name, and up to which piece servers write names in UTF-8: in a trigger up to EACH ROW,
    /// in an event up to DO, otherwise nowhere. A name there that is no UTF-8 is in the client's character set all the
    /// same.
    fn head(&self, all: &[Token], code: &[usize]) -> (Option<usize>, usize) {
        let is = |at: usize, word: &str| code.get(at).is_some_and(|at| all[*at].is_word(self.bytes, word));
        let symbol = |at: usize, symbol: u8| code.get(at).is_some_and(|at| all[*at].is(symbol));
        let kind = self.kind.split(' ').next().unwrap_or_default();
        // A definer may have the name of a kind (`function`), so its clause is skipped.
        let clause =
            (1..code.len()).find(|at| is(*at, "DEFINER") && symbol(at + 1, b'=')).filter(|at| *at < 8);
        let from = clause.map_or(1, |at| if symbol(at + 3, b'@') { at + 5 } else { at + 3 });
        let Some(mut at) = (from..code.len()).find(|at| is(*at, kind)) else { return (None, 0) };
        at += 1;
        while ["BODY", "IF", "NOT", "EXISTS"].iter().any(|word| is(at, word)) {
            at += 1;
        }
        while symbol(at + 1, b'.') {
            at += 2;
        }
        let ends = match kind {
            "TRIGGER" => (at..code.len()).find(|at| is(*at, "EACH") && is(at + 1, "ROW")),
            "EVENT" => (at..code.len()).find(|at| is(*at, "DO")),
            _ => None,
        };
        (code.get(at).copied(), ends.map_or(0, |at| code[at]))
    }
}

/// A piece of a definition.
enum ProgramPart<'a> {
    Text(Cow<'a, str>),
    /// Bytes in the client's character set, which must be decoded.
    Foreign(&'a [u8]),
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
    /// What is read from the server's bytes; é is E9 in the client's latin1.
    fn read(kind: &str, mode: &str, bytes: &[u8]) -> String {
        let program = ProgramText { bytes, kind, name: "fé", charset: "latin1", mode: Mode::of(mode) };
        let decode = |texts: &[&[u8]]| {
            let one = |text: &&[u8]| text.iter().map(|byte| char::from(*byte)).collect();
            Ok::<_, ()>(texts.iter().map(one).collect::<Vec<String>>())
        };
        program.text(decode).unwrap().unwrap()
    }

    #[test]
    fn a_body_is_in_its_clients_character_set_and_its_head_as_the_server_likes() {
        let wanted = "CREATE DEFINER=`function`@`é` FUNCTION `fé`(`pé` int) COMMENT 'cé' RETURN CONCAT('Ã©', _latin1 x'6ce9')";
        for name in ["f\u{e9}".as_bytes(), b"f\xe9", "f\u{c3}\u{a9}".as_bytes()] {
            let sql = [
                b"CREATE DEFINER=`function`@`\xe9` FUNCTION `".as_slice(),
                name,
                b"`(`p\xe9` int) COMMENT 'c\xc3\xa9' RETURN CONCAT('\xc3\xa9', _latin1'l\xe9')",
            ];
            assert_eq!(read("FUNCTION", "", &sql.concat()), wanted);
        }
        for (kind, sql, wanted) in [
            (
                "TRIGGER",
                b"CREATE TRIGGER d.`f\xc3\xa9` BEFORE INSERT ON `t\xc3\xa9` FOR EACH ROW SET NEW.`a\xe9` = '\xc3\xa9'".as_slice(),
                "CREATE TRIGGER d.`fé` BEFORE INSERT ON `té` FOR EACH ROW SET NEW.`aé` = 'Ã©'",
            ),
            (
                "TRIGGER",
                b"create trigger f\xe9 BEFORE INSERT ON t\xe9 FOR EACH ROW SET NEW.a\xe9 = '\xe9' -- \xe9",
                "create trigger `fé` BEFORE INSERT ON té FOR EACH ROW SET NEW.aé = 'é' -- é",
            ),
            (
                "EVENT",
                b"CREATE EVENT `f\xc3\xa9` ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'c\xc3\xa9' DO SELECT '\xc3\xa9', N'\xe9'",
                "CREATE EVENT `fé` ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'cé' DO SELECT 'Ã©', N'é'",
            ),
            ("VIEW", b"CREATE VIEW `f\xe9` AS select 'b\xe9' AS `y\xe9`", "CREATE VIEW `fé` AS select 'bé' AS `yé`"),
        ] {
            assert_eq!(read(kind, "", sql), wanted);
        }
    }

    #[test]
    fn bytes_that_count_are_those_between_the_quotes_in_every_mode() {
        let sql = b"CREATE VIEW v AS SELECT _latin1'\xe9\\n''\\\\', _cp1250\"\xe9\"\"'\\\"\"";
        assert_eq!(read("VIEW", "", sql), "CREATE VIEW v AS SELECT _latin1 x'e90a275c', _cp1250 x'e9222722'");
        let sql = b"CREATE VIEW v AS SELECT _latin1'\xe9\\n''\\', _cp1250\"\xe9\"\"'\\\"";
        let wanted = "CREATE VIEW v AS SELECT _latin1 x'e95c6e275c', _cp1250 x'e922275c'";
        assert_eq!(read("VIEW", "NO_BACKSLASH_ESCAPES", sql), wanted);
    }
}
