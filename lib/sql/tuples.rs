//! The rows of an `INSERT`, taken apart: the grammar that our own dumper writes, and mysqldump too.
//!
//! In: the bytes of one statement. Out: one [`Literal`] after the other, borrowed from it; nothing is unescaped.
//! What is not of this grammar is an error, never a guess.

use memchr::{memchr, memchr2};

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal<'a> {
    /// `NULL`.
    Null,
    /// A number, or anything else without quotes.
    Bare(&'a [u8]),
    /// What stands between the quotes, escapes and all.
    Text(&'a [u8]),
}

/// The statement is not `INSERT INTO … (…) VALUES (…), (…)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknown;

/// Calls `seen` for every value with its position in the row, and `end` after each row. Returns how many rows.
pub(crate) fn each(
    statement: &[u8],
    mut seen: impl FnMut(usize, Literal<'_>) -> Result<(), Unknown>,
    mut end: impl FnMut(),
) -> Result<u64, Unknown> {
    let mut rest = &statement[values(statement)?..];
    let mut rows = 0;
    loop {
        rest = rest.trim_ascii_start().strip_prefix(b"(").ok_or(Unknown)?;
        let mut position = 0;
        loop {
            let (literal, after) = literal(rest.trim_ascii_start())?;
            seen(position, literal)?;
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
        end();
        rows += 1;
        match rest {
            [b',', more @ ..] => rest = more,
            [] => return Ok(rows),
            _ => return Err(Unknown),
        }
    }
}

/// Where the rows begin: behind the first `VALUES` outside back-ticks.
pub(crate) fn values(statement: &[u8]) -> Result<usize, Unknown> {
    let mut at = 0;
    loop {
        let found = statement[at..].iter().position(|byte| matches!(byte, b'`' | b'V' | b'v' | b'\''));
        at += found.ok_or(Unknown)?;
        match statement[at] {
            b'`' => at += 2 + memchr(b'`', &statement[at + 1..]).ok_or(Unknown)?,
            b'\'' => return Err(Unknown),
            _ if statement[at..].len() > 6 && statement[at..at + 6].eq_ignore_ascii_case(b"VALUES") => {
                return Ok(at + 6);
            }
            _ => at += 1,
        }
    }
}

/// The value that `rest` begins with, and what comes after it.
fn literal(rest: &[u8]) -> Result<(Literal<'_>, &[u8]), Unknown> {
    let quoted = rest.strip_prefix(b"'").or_else(|| rest.strip_prefix(b"_binary '"));
    if let Some(inner) = quoted {
        let end = end_of_text(inner)?;
        return Ok((Literal::Text(&inner[..end]), &inner[end + 1..]));
    }
    let end = memchr2(b',', b')', rest).ok_or(Unknown)?;
    let (word, after) = rest.split_at(end);
    let number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    match word.trim_ascii_end() {
        b"NULL" => Ok((Literal::Null, after)),
        word if !word.is_empty() && word.iter().all(number) => Ok((Literal::Bare(word), after)),
        _ => Err(Unknown),
    }
}

/// Where the quote is that ends a text.
fn end_of_text(inner: &[u8]) -> Result<usize, Unknown> {
    let mut at = 0;
    loop {
        at += memchr2(b'\'', b'\\', inner.get(at..).ok_or(Unknown)?).ok_or(Unknown)?;
        match (inner[at], inner.get(at + 1)) {
            (b'\\', _) | (_, Some(b'\'')) => at += 2,
            _ => return Ok(at),
        }
    }
}

/// The same statement as text that is valid UTF-8: texts that are not are written as hexadecimal digits.
pub(crate) fn as_utf8(statement: &[u8]) -> Result<String, Unknown> {
    let head = std::str::from_utf8(&statement[..values(statement)?]).map_err(|_| Unknown)?;
    let text = std::cell::RefCell::new(format!("{head} "));
    let mut start = "(";
    each(
        statement,
        |position, literal| {
            let mut text = text.borrow_mut();
            text.push_str(if position == 0 { std::mem::replace(&mut start, ", (") } else { "," });
            match literal {
                Literal::Null => text.push_str("NULL"),
                Literal::Bare(bytes) => text.push_str(std::str::from_utf8(bytes).map_err(|_| Unknown)?),
                Literal::Text(bytes) => match std::str::from_utf8(bytes) {
                    Ok(inner) => text.extend(["'", inner, "'"]),
                    Err(_) => hexadecimal(bytes, &mut text),
                },
            }
            Ok(())
        },
        || text.borrow_mut().push(')'),
    )?;
    Ok(text.into_inner())
}

fn hexadecimal(escaped: &[u8], text: &mut String) {
    text.push_str("x'");
    for byte in unescape(escaped) {
        text.extend(
            [b"0123456789abcdef"[usize::from(byte >> 4)], b"0123456789abcdef"[usize::from(byte & 15)]]
                .map(char::from),
        );
    }
    text.push('\'');
}

/// The bytes that a text stands for.
fn unescape(escaped: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b'0') => 0,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'b') => 8,
                Some(b'Z') => 0x1a,
                Some(other) => *other,
                None => b'\\',
            },
            b'\'' => *rest.next().unwrap_or(byte),
            plain => *plain,
        });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(statement: &[u8]) -> Result<Vec<String>, Unknown> {
        let mut all = Vec::new();
        each(
            statement,
            |position, literal| {
                all.push(format!(
                    "{position} {}",
                    match literal {
                        Literal::Null => "null".to_owned(),
                        Literal::Bare(bytes) => format!("bare {}", String::from_utf8_lossy(bytes)),
                        Literal::Text(bytes) => format!("text {}", String::from_utf8_lossy(bytes)),
                    }
                ));
                Ok(())
            },
            || {},
        )?;
        Ok(all)
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
    fn bytes_that_are_no_text_become_digits() {
        let statement = b"INSERT INTO `t` (`a`) VALUES (_binary '\xff\\0\\'\\\\'),('plain \\n')";
        assert_eq!(as_utf8(statement).unwrap(), "INSERT INTO `t` (`a`) VALUES (x'ff00275c'), ('plain \\n')");
    }
}
