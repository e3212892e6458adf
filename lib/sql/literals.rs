//! A tuple taken apart again: the literals between the commas.
//!
//! In: the text between the parentheses of one `VALUES (…)`, as `encode` writes it. Out: one cell after another.

use memchr::{memchr, memchr2};

/// The literals of a tuple.
#[derive(Debug)]
pub(crate) struct Literals<'a> {
    rest: Option<&'a [u8]>,
}

/// One literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// A number, or NULL.
    Bare(&'a [u8]),
    /// What stands between quotes, and whether there are backslashes in it.
    Quoted(&'a [u8], bool),
}

impl<'a> Literals<'a> {
    pub(crate) fn of(tuple: &'a [u8]) -> Self {
        Self { rest: Some(tuple) }
    }
}

impl<'a> Iterator for Literals<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let text = self.rest?;
        let quoted = text.strip_prefix(b"_binary ").unwrap_or(text).strip_prefix(b"'");
        let (cell, after) = if let Some(inner) = quoted {
            let (length, escaped) = quoted_length(inner);
            (Cell::Quoted(&inner[..length], escaped), inner.get(length + 1..).unwrap_or_default())
        } else {
            let length = memchr(b',', text).unwrap_or(text.len());
            (Cell::Bare(&text[..length]), &text[length..])
        };
        self.rest = after.strip_prefix(b",");
        Some(cell)
    }
}

/// Where the closing quote is (or the end, if there is none), and whether a backslash comes before it.
pub(crate) fn quoted_length(inner: &[u8]) -> (usize, bool) {
    let (mut at, mut escaped) = (0, false);
    while let Some(next) = inner.get(at..).and_then(|rest| memchr2(b'\'', b'\\', rest)) {
        at += next;
        if inner[at] == b'\'' {
            return (at, escaped);
        }
        escaped = true;
        at += 2;
    }
    (inner.len(), escaped)
}

impl<'a> Cell<'a> {
    pub(crate) fn is_null(self) -> bool {
        self == Self::Bare(b"NULL")
    }

    /// The value's bytes; `buffer` holds them if they had to be unescaped.
    pub(crate) fn plain<'b>(self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Bare(text) | Self::Quoted(text, false) => text,
            Self::Quoted(text, true) => {
                unescape(text, buffer);
                buffer
            }
        }
    }
}

/// Without the escapes.
pub(crate) fn unescape(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend(rest.get(at + 1).map(|letter| match letter {
            b'0' => 0,
            b'n' => b'\n',
            b'r' => b'\r',
            b'Z' => 0x1a,
            other => *other,
        }));
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use crate::rows::Form;

    use super::*;

    #[test]
    fn a_tuple_falls_into_the_values_that_made_it() {
        let values: [(Form, &[u8]); 7] = [
            (Form::Number, b"-12.50"),
            (Form::Text, b"a'b\\c\0\n\r\x1a\t\"%_,'"),
            (Form::Text, b""),
            (Form::Binary, b"\x00\x01',\\"),
            (Form::Double, b"-0"),
            (Form::Text, "é, '𝄞".as_bytes()),
            (Form::Text, b"last"),
        ];
        let mut tuple = b"NULL".to_vec();
        for (form, bytes) in values {
            tuple.push(b',');
            crate::rows::literal(form, Some(bytes), &mut tuple).unwrap();
        }
        let cells: Vec<Cell> = Literals::of(&tuple).collect();
        assert!(cells[0].is_null() && !cells[3].is_null());
        let plain: Vec<Vec<u8>> =
            cells[1..].iter().map(|cell| cell.plain(&mut Vec::new()).to_vec()).collect();
        assert_eq!(plain, values.map(|(_, bytes)| bytes.to_vec()));
    }
}
