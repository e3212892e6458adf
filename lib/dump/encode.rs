//! Rows as tuples of SQL literals: the same text from a dump and from a later check of the restored table.
//!
//! In: the server's text protocol. Out: the text between the parentheses of one `VALUES (…)`. Escapes assume
//! backslashes in strings, which the session settings of every dump switch on.

use mysql::Value;

use super::column::Form;

/// What a value becomes inside quotes: 0 for itself, else the letter after a backslash.
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

/// Appends one literal.
pub(crate) fn literal(form: Form, value: &Value, out: &mut Vec<u8>) -> Result<(), NoLiteral> {
    let bytes = match value {
        Value::NULL => {
            out.extend_from_slice(b"NULL");
            return Ok(());
        }
        Value::Bytes(bytes) => bytes.as_slice(),
        // The text protocol sends nothing else.
        other => return Err(NoLiteral(format!("{other:?}"))),
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
    }
}

/// A number: digits, a sign, a point.
fn bare(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), NoLiteral> {
    let number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    if bytes.is_empty() || !bytes.iter().all(number) {
        return Err(NoLiteral(String::from_utf8_lossy(bytes).into_owned()));
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// A floating-point number. A bare `-0` is the integer 0, but a text keeps its sign.
fn real(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), NoLiteral> {
    let zero = bytes.iter().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    if zero && bytes.first() == Some(&b'-') {
        quoted(bytes, out);
        return Ok(());
    }
    bare(bytes, out)
}

/// A quoted text with every byte escaped that ends a string or that a client would change on its way.
fn quoted(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + 2);
    out.push(b'\'');
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| ESCAPES[usize::from(*byte)] != 0) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', ESCAPES[usize::from(rest[at])]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        literal(form, &Value::Bytes(bytes.to_vec()), &mut out).unwrap();
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
    fn what_is_no_number_is_an_error_and_never_null() {
        for word in ["nan", "inf", "-inf", "", "1;DROP"] {
            let mut out = Vec::new();
            assert!(literal(Form::Double, &Value::Bytes(word.into()), &mut out).is_err(), "{word}");
        }
    }
}
