//! Writes JSON of MySQL as the server writes it after a restore.
//!
//! In: the text that the server writes. Out: the text that a server writes once it has read that text. Without this, digests
//! would differ after a restore: a DECIMAL in a document is written with all its digits, `10.50`, but read as a DOUBLE, `10.5`.

use std::borrow::Cow;

use memchr::memchr2;

use crate::mysql::double;

/// Returns the document with each number written as the server writes a DOUBLE; integers of 64 bits stay.
pub(super) fn canonical(json: &[u8]) -> Cow<'_, [u8]> {
    let mut text: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while at < json.len() {
        match json[at] {
            b'"' => at = behind_text(json, at),
            b'-' | b'0'..=b'9' => {
                let end =
                    at + json[at..].iter().position(|byte| !is_of_number(*byte)).unwrap_or(json.len() - at);
                if let Some(number) = rewritten(&json[at..end]) {
                    let text = text.get_or_insert_with(|| Vec::with_capacity(json.len()));
                    text.extend_from_slice(&json[copied..at]);
                    text.extend_from_slice(&number);
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    match text {
        None => Cow::Borrowed(json),
        Some(mut text) => {
            text.extend_from_slice(&json[copied..]);
            Cow::Owned(text)
        }
    }
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Returns the position after the quoted text that begins at `at`.
fn behind_text(json: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(found) = memchr2(b'"', b'\\', &json[at..]) {
        at += found;
        if json[at] == b'"' {
            return at + 1;
        }
        at = (at + 2).min(json.len());
    }
    json.len()
}

/// Returns a number as it is written after a restore; `None` if it stays the same.
fn rewritten(number: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(number).ok()?;
    let is_whole = !number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_whole && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let mut written = Vec::with_capacity(number.len());
    double(value, 0, &mut written);
    if !written.iter().any(|byte| matches!(byte, b'.' | b'e')) {
        written.extend_from_slice(b".0");
    }
    (written != number).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> String {
        String::from_utf8(canonical(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn numbers_are_written_as_a_restored_document_has_them() {
        assert_eq!(
            read(
                r#"{"a": 10.50, "b 1.50\" 2.50": [-0.10, 12345678901234567890123, 1.0, 18446744073709551615, -7]}"#
            ),
            r#"{"a": 10.5, "b 1.50\" 2.50": [-0.1, 1.2345678901234568e22, 1.0, 18446744073709551615, -7]}"#
        );
        for same in ["10.5", "[]", "\"1.50\"", "null", "-0.0", "1e20", "1e-21", "0.1", "\"open 1.50", "2.0"] {
            assert_eq!(read(same), same);
        }
    }
}
