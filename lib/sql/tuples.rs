//! The one reader of rows as SQL text: tuples of literals, as our own dumps and those of mysqldump have them.
//!
//! In: the bytes of one `INSERT`, of one tuple in it, or of a list such as `enum('a','b')`. Out: one [`Literal`] after
//! the other, borrowed, and its value on request. An `INSERT` that is not of this grammar is an error, never a guess.
//! Backslashes are escapes: nobody writes dumps under `NO_BACKSLASH_ESCAPES`.

use memchr::{memchr, memchr2};

use super::lexer::{Mode, Token, TokenKind, pieces};
use super::quote::hex_into;

/// How a literal of bytes begins.
const BINARY: &[u8] = b"_binary '";

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal<'a> {
    /// The value NULL, written `NULL`.
    Null,
    /// A number, or anything else without quotes.
    Bare(&'a [u8]),
    /// The bytes between the quotes of a text or of `_binary '…'`, with their escapes, and whether there are any.
    /// `_binary` is not kept.
    Text(&'a [u8], bool),
}

impl<'a> Literal<'a> {
    pub(crate) fn is_null(self) -> bool {
        self == Self::Null
    }

    /// The value's bytes; for NULL the word `NULL`. `buffer` is used if escapes must be undone.
    pub(crate) fn plain<'b>(self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Null => b"NULL",
            Self::Bare(text) | Self::Text(text, false) => text,
            Self::Text(text, true) => {
                unescape(text, buffer);
                buffer
            }
        }
    }
}

/// The literals of one tuple, from the text between its parentheses.
#[derive(Debug)]
pub(crate) struct Literals<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Literals<'a> {
    pub(crate) fn of(tuple: &'a [u8]) -> Self {
        Self { rest: Some(tuple) }
    }
}

impl<'a> Iterator for Literals<'a> {
    type Item = Literal<'a>;

    #[inline]
    fn next(&mut self) -> Option<Literal<'a>> {
        let (literal, after) = literal(self.rest?);
        self.rest = after.and_then(|after| after.strip_prefix(b","));
        Some(literal)
    }
}

/// The values of an `enum('a','b')` or `set('a','b')`; empty for other types.
pub(crate) fn members(column_type: &str) -> Vec<String> {
    let list = column_type.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    let Some((list, _)) = list.filter(|(list, _)| !list.is_empty()) else { return Vec::new() };
    let mut buffer = Vec::new();
    let plain = |literal: Literal<'_>| String::from_utf8_lossy(literal.plain(&mut buffer)).into_owned();
    Literals::of(list.as_bytes()).map(plain).collect()
}

/// The error of a statement that is not `… VALUES (literals), …` to its end, or of which the caller refused a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknown;

/// A step through the rows of an `INSERT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TupleStep<'a> {
    /// A value with its position in the row.
    Value(usize, Literal<'a>),
    /// The row is over.
    End,
}

/// Calls `seen` for every value of every row, and at the end of each row. Returns the number of rows.
pub(crate) fn each(
    statement: &[u8],
    mut seen: impl FnMut(TupleStep<'_>) -> Result<(), Unknown>,
) -> Result<u64, Unknown> {
    let mut rest = &statement[values(statement)?..];
    let mut rows = 0;
    loop {
        rest = rest.trim_ascii_start().strip_prefix(b"(").ok_or(Unknown)?;
        let mut position = 0;
        loop {
            let (value, after) = literal(rest.trim_ascii_start());
            let after = after.ok_or(Unknown)?;
            seen(TupleStep::Value(position, known(value)?))?;
            position += 1;
            match after.trim_ascii_start() {
                [b',', more @ ..] => rest = more,
                [b')', more @ ..] => {
                    rest = more.trim_ascii_start();
                    break;
                }
                _ => return Err(Unknown),
            }
        }
        seen(TupleStep::End)?;
        rows += 1;
        match rest {
            [b',', more @ ..] => rest = more,
            [] => return Ok(rows),
            _ => return Err(Unknown),
        }
    }
}

/// Where the rows begin: behind the first word `VALUES`. There is no text before it, so double quotes enclose names.
fn values(statement: &[u8]) -> Result<usize, Unknown> {
    let is_end = |token: &Token| token.kind == TokenKind::Text || token.is_word(statement, "VALUES");
    let end = pieces(statement, Mode::of("ANSI_QUOTES")).find(is_end);
    end.filter(|token| token.kind == TokenKind::Word).map(|token| token.place.end).ok_or(Unknown)
}

/// Accepts NULL, a text in quotes or a number. Refuses any other bare word, and a missing value.
#[inline]
fn known(literal: Literal<'_>) -> Result<Literal<'_>, Unknown> {
    let number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    match literal {
        Literal::Bare(word) if word.is_empty() || !word.iter().all(number) => Err(Unknown),
        literal => Ok(literal),
    }
}

/// The value that `rest` begins with, and the bytes behind it: none if the value is a text that is never closed.
#[inline]
fn literal(rest: &[u8]) -> (Literal<'_>, Option<&[u8]>) {
    if let Some(inner) = rest.strip_prefix(b"'").or_else(|| rest.strip_prefix(BINARY)) {
        let (end, escaped) = end_of_text(inner);
        return (Literal::Text(&inner[..end], escaped), inner.get(end + 1..));
    }
    let (word, after) = rest.split_at(memchr2(b',', b')', rest).unwrap_or(rest.len()));
    match word.trim_ascii_end() {
        b"NULL" => (Literal::Null, Some(after)),
        word => (Literal::Bare(word), Some(after)),
    }
}

/// Where the closing quote of a text is (or the end, if there is none), and whether there are escapes before it.
#[inline]
fn end_of_text(inner: &[u8]) -> (usize, bool) {
    let (mut at, mut escaped) = (0, false);
    while let Some(next) = inner.get(at..).and_then(|rest| memchr2(b'\'', b'\\', rest)) {
        at += next;
        if inner[at] == b'\'' && inner.get(at + 1) != Some(&b'\'') {
            return (at, escaped);
        }
        escaped = true;
        at += 2;
    }
    (inner.len(), escaped)
}

/// Writes the bytes between quotes to `out`, with their escapes undone.
pub(crate) fn unescape(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut rest = text;
    while let Some(at) = memchr2(b'\\', b'\'', rest) {
        out.extend_from_slice(&rest[..at]);
        match (rest[at], rest.get(at + 1)) {
            // A doubled quote stands for one.
            (b'\'', _) => out.push(b'\''),
            // `\%` and `\_` are escapes for LIKE only: the backslash stays.
            (_, Some(letter @ (b'%' | b'_'))) => out.extend_from_slice(&[b'\\', *letter]),
            (_, letter) => out.extend(letter.map(|letter| match letter {
                b'0' => 0,
                b'b' => 8,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'Z' => 0x1a,
                other => *other,
            })),
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// The text between single quotes, with its escapes undone.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = Vec::new();
    unescape(text.as_bytes(), &mut plain);
    String::from_utf8_lossy(&plain).into_owned()
}

/// The value of a token in single quotes; nothing for any other token.
pub(crate) fn unquoted(token: &str) -> Option<String> {
    Some(unescaped(token.strip_prefix('\'')?.strip_suffix('\'')?))
}

/// An `INSERT` as UTF-8: a text in it that is none becomes `x'…'` with `introducer` (`_latin1 `, or nothing) in front.
pub(crate) fn as_utf8(statement: &[u8], introducer: &str) -> Result<String, Unknown> {
    let head = std::str::from_utf8(&statement[..values(statement)?]).map_err(|_| Unknown)?;
    let mut text = format!("{head} ");
    let (mut start, mut plain) = ("(", Vec::new());
    each(statement, |step| {
        let TupleStep::Value(position, literal) = step else {
            text.push(')');
            return Ok(());
        };
        text.push_str(if position == 0 { std::mem::replace(&mut start, ", (") } else { "," });
        match literal {
            Literal::Null => text.push_str("NULL"),
            Literal::Bare(bytes) => text.push_str(std::str::from_utf8(bytes).map_err(|_| Unknown)?),
            Literal::Text(bytes, _) => {
                if let Ok(inner) = std::str::from_utf8(bytes) {
                    text.extend(["'", inner, "'"]);
                } else {
                    text.push_str(introducer);
                    write_digits(bytes, &mut plain, &mut text);
                }
            }
        }
        Ok(())
    })?;
    Ok(text)
}

/// A statement of our own dump as text. If it is no UTF-8, each `_binary '…'` in it becomes `x'…'`. Nothing if it is no
/// UTF-8 even then: the dump is damaged.
pub(crate) fn as_marked_utf8(statement: Vec<u8>) -> Option<String> {
    let statement = match String::from_utf8(statement) {
        Ok(text) => return Some(text),
        Err(error) => error.into_bytes(),
    };
    let mut text = Vec::with_capacity(statement.len() * 2);
    let (mut plain, mut digits) = (Vec::new(), String::new());
    let mut rest = statement.as_slice();
    while let Some(at) = memchr(b'\'', rest) {
        let end = at + 1 + end_of_text(&rest[at + 1..]).0;
        let behind = rest.get(end + 1..)?;
        if let Some(before) = rest[..=at].strip_suffix(BINARY) {
            text.extend_from_slice(before);
            digits.clear();
            write_digits(&rest[at + 1..end], &mut plain, &mut digits);
            text.extend_from_slice(digits.as_bytes());
        } else {
            text.extend_from_slice(&rest[..=end]);
        }
        rest = behind;
    }
    text.extend_from_slice(rest);
    String::from_utf8(text).ok()
}

/// One literal as text: `_binary '…'` becomes `x'…'`. Nothing if it is no UTF-8.
pub(crate) fn literal_as_text(literal: Vec<u8>) -> Option<String> {
    let Some(quoted) = literal.strip_prefix(BINARY) else { return String::from_utf8(literal).ok() };
    let mut digits = String::new();
    write_digits(quoted.strip_suffix(b"'")?, &mut Vec::new(), &mut digits);
    Some(digits)
}

/// Appends `x'00ff'` for the bytes between quotes; `plain` is a buffer for them without escapes.
fn write_digits(escaped: &[u8], plain: &mut Vec<u8>, out: &mut String) {
    unescape(escaped, plain);
    out.push_str("x'");
    hex_into(plain, out);
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(statement: &[u8]) -> Result<Vec<String>, Unknown> {
        let mut all = Vec::new();
        each(statement, |step| {
            if let TupleStep::Value(position, literal) = step {
                all.push(format!(
                    "{position} {}",
                    match literal {
                        Literal::Null => "null".to_owned(),
                        Literal::Bare(bytes) => format!("bare {}", String::from_utf8_lossy(bytes)),
                        Literal::Text(bytes, _) => format!("text {}", String::from_utf8_lossy(bytes)),
                    }
                ));
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn plain(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        unescape(text, &mut out);
        out
    }

    #[test]
    fn takes_rows_apart() {
        let statement = br"INSERT INTO `VALUES (` (`a`,`b``'`) VALUES (1,'it\'s, (fine)''\\'),
 (NULL,_binary 'x'),(-1.5e-3,'')";
        assert_eq!(
            parsed(statement).unwrap(),
            ["0 bare 1", r"1 text it\'s, (fine)''\\", "0 null", "1 text x", "0 bare -1.5e-3", "1 text "]
        );
    }

    #[test]
    fn what_it_does_not_know_is_an_error() {
        for statement in [
            &b"INSERT INTO t SELECT 1"[..],
            b"INSERT INTO t VALUES (1",
            b"INSERT INTO t VALUES ('a)",
            b"INSERT INTO t VALUES (NOW())",
            b"INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1",
            b"INSERT INTO t VALUES ()",
            b"INSERT INTO t VALUES",
            b"",
        ] {
            assert_eq!(parsed(statement), Err(Unknown), "{}", String::from_utf8_lossy(statement));
        }
    }

    #[test]
    fn names_before_the_rows_may_stand_in_double_quotes() {
        assert_eq!(parsed(b"INSERT INTO \"t\" (\"a\") VALUES (1)").unwrap(), ["0 bare 1"]);
    }

    #[test]
    fn the_rows_begin_behind_a_word_and_not_inside_one() {
        let statement = b"INSERT /* VALUES ( */ INTO t (my_values, valuesx) -- VALUES (\nVALUES (1,2)";
        assert_eq!(parsed(statement).unwrap(), ["0 bare 1", "1 bare 2"]);
    }

    #[test]
    fn bytes_that_are_no_text_become_digits() {
        let statement = b"INSERT INTO `t` (`a`) VALUES (_binary '\xff\\0\\'\\\\'),('plain \\n')";
        assert_eq!(
            as_utf8(statement, "").unwrap(),
            "INSERT INTO `t` (`a`) VALUES (x'ff00275c'), ('plain \\n')"
        );
        assert_eq!(literal_as_text(b"_binary '\xff\\0'".to_vec()).as_deref(), Some("x'ff00'"));
        assert_eq!(literal_as_text(b"'a'".to_vec()).as_deref(), Some("'a'"));
    }

    #[test]
    fn bytes_become_digits_and_texts_stay() {
        let sql = b"INSERT INTO `it``s` VALUES\n(1,'a\\'b _binary \\'',_binary '\\0\\\\\\'\xff'),\n(2,NULL,_binary '')".to_vec();
        let text = "INSERT INTO `it``s` VALUES\n(1,'a\\'b _binary \\'',x'005c27ff'),\n(2,NULL,x'')";
        assert_eq!(as_marked_utf8(sql).unwrap(), text);
        assert_eq!(as_marked_utf8(b"'\xff'".to_vec()), None);
        assert_eq!(as_marked_utf8(b"_binary '\xff".to_vec()), None);
    }

    #[test]
    fn every_escape_is_undone_as_the_server_does() {
        assert_eq!(plain(br"\0\b\n\r\t\Z\\\'\x"), b"\0\x08\n\r\t\x1a\\'x");
        assert_eq!(plain(b"it''s ''"), b"it's '");
        // The server keeps these for LIKE.
        assert_eq!(plain(br"50\% a\_b"), br"50\% a\_b");
    }

    #[test]
    fn a_tuple_falls_into_literals_whoever_wrote_it() {
        let cells: Vec<Literal> = Literals::of(b"NULL,-12.50,'a''b',_binary '\\0,','','x").collect();
        assert!(cells[0].is_null() && cells[1] == Literal::Bare(b"-12.50"));
        let plain: Vec<Vec<u8>> =
            cells[2..].iter().map(|cell| cell.plain(&mut Vec::new()).to_vec()).collect();
        assert_eq!(plain, [&b"a'b"[..], b"\0,", b"", b"x"]);
    }

    #[test]
    fn the_values_of_a_type_are_read_through_their_quotes() {
        assert_eq!(members("enum('a','x,'',y',')','','\\\\')"), ["a", "x,',y", ")", "", "\\"]);
        assert_eq!(members("set('a')"), ["a"]);
        assert!(members("int").is_empty() && members("decimal()").is_empty());
    }
}
