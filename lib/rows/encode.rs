//! Writes one value as an SQL literal: the same text in a dump and in a later check of the restored table.
//!
//! In: a value as text of the server's text protocol. Out: its literal in `VALUES (…)`. Escapes use backslashes in
//! strings, which the session settings of every dump allow.

use super::column::Form;
use super::json::canonical;

/// For each byte inside quotes, the letter that is written after a backslash; 0 if the byte is written unescaped.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    table[0] = b'0';
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[0x1a] = b'Z';
    table[b'\\' as usize] = b'\\';
    table[b'\'' as usize] = b'\'';
    table
};

/// A value that has no literal, as the server wrote it.
#[derive(Debug)]
pub(crate) struct NoLiteral(pub(crate) String);

/// Appends the literal of a value; `None` is NULL. Fails for a number that has no literal, such as NaN.
#[inline]
pub(crate) fn literal(form: Form, value: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), NoLiteral> {
    let Some(bytes) = value else {
        out.extend_from_slice(b"NULL");
        return Ok(());
    };
    match form {
        Form::Number | Form::Bit | Form::EnumNumber => bare(bytes, out),
        Form::Real | Form::Double => real(bytes, out),
        Form::Binary => {
            out.extend_from_slice(b"_binary ");
            quoted(bytes, out);
            Ok(())
        }
        Form::Enum if bytes.is_empty() => {
            out.push(b'0');
            Ok(())
        }
        Form::Text | Form::Enum => {
            quoted(bytes, out);
            Ok(())
        }
        Form::Json => {
            quoted(&canonical(bytes), out);
            Ok(())
        }
    }
}

/// Appends a number without quotes. Fails for bytes other than digits, signs, a point and an exponent.
#[inline]
fn bare(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), NoLiteral> {
    let number = |byte: &u8| byte.is_ascii_digit() | matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    // Tests all bytes even if the first is wrong, which needs no branch for each byte.
    if bytes.is_empty() || !bytes.iter().fold(true, |all, byte| all & number(byte)) {
        return Err(NoLiteral(String::from_utf8_lossy(bytes).into_owned()));
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// Appends a floating-point number. A negative zero is quoted: a bare `-0` is the integer 0, but a text keeps the sign.
fn real(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), NoLiteral> {
    let zero = bytes.iter().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    if zero && bytes.first() == Some(&b'-') {
        quoted(bytes, out);
        return Ok(());
    }
    bare(bytes, out)
}

/// Number of bytes that are tested together.
const LANE_BYTES: usize = 16;

/// Appends a quoted text. Every byte is escaped that ends a string, or that a client may change.
#[inline]
fn quoted(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + 2);
    out.push(b'\'');
    let mut rest = bytes;
    while let Some(at) = special(rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', ESCAPES[usize::from(rest[at])]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'\'');
}

/// Returns the position of the first byte that needs an escape.
fn special(bytes: &[u8]) -> Option<usize> {
    // No early exit, so that this becomes vector instructions. Bytes that need no escape, such as tabs, are sorted out below.
    let plain = |lane: &&[u8; LANE_BYTES]| {
        let suspect = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'\'') | u8::from(byte == b'\\');
        lane.iter().fold(0, |found, byte| found | suspect(*byte)) == 0
    };
    let (lanes, _) = bytes.as_chunks::<LANE_BYTES>();
    let skipped = lanes.iter().take_while(plain).count() * LANE_BYTES;
    let found = bytes[skipped..].iter().position(|byte| ESCAPES[usize::from(*byte)] != 0);
    found.map(|at| skipped + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Literal, Literals};

    fn written(form: Form, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        literal(form, Some(bytes), &mut out).unwrap();
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn escapes_what_ends_a_string_and_nothing_else() {
        assert_eq!(written(Form::Text, b"a'b\\c\0\n\r\x1a\t\"%_"), "'a\\'b\\\\c\\0\\n\\r\\Z\t\"%_'");
        assert_eq!(written(Form::Binary, b"\x01'"), "_binary '\x01\\''");
        assert_eq!(written(Form::Text, "é𝄞".as_bytes()), "'é𝄞'");
    }

    #[test]
    fn numbers_stand_bare_and_a_negative_zero_keeps_its_sign() {
        assert_eq!(written(Form::Number, b"-12.50"), "-12.50");
        assert_eq!(written(Form::Real, b"1.5e-38"), "1.5e-38");
        assert_eq!(written(Form::Double, b"-0"), "'-0'");
        assert_eq!(written(Form::Enum, b""), "0");
    }

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
            literal(form, Some(bytes), &mut tuple).unwrap();
        }
        let cells: Vec<Literal> = Literals::of(&tuple).collect();
        assert!(cells[0].is_null() && !cells[3].is_null());
        let plain: Vec<Vec<u8>> =
            cells[1..].iter().map(|cell| cell.plain(&mut Vec::new()).to_vec()).collect();
        assert_eq!(plain, values.map(|(_, bytes)| bytes.to_vec()));
    }

    #[test]
    fn what_is_no_number_is_an_error_and_never_null() {
        for word in ["nan", "inf", "-inf", "", "1;DROP"] {
            let mut out = Vec::new();
            assert!(literal(Form::Double, Some(word.as_bytes()), &mut out).is_err(), "{word}");
        }
    }
}
