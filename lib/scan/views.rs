//! Views of a text: unescaped (JSON, URLs, HTML), and the texts packed in it (base64, hexadecimal digits).
//!
//! In: the bytes of a cell. Out: the bytes with escapes resolved, or the texts that are packed in them. Serialised PHP
//! needs no view: its texts are in quotes, unescaped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Fewest characters of a run that is unpacked: a shorter run holds no value worth the time.
const PACKED_MIN: usize = 8;

/// True if the text has a character that may begin an escape.
pub(crate) fn is_escaped(text: &[u8]) -> bool {
    memchr::memchr3(b'\\', b'%', b'&', text).is_some()
}

/// Resolves one level of `\u00e9 \n \"`, `%40` and `&#64; &amp;`. Returns whether anything changed.
pub(crate) fn unescape(text: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = memchr::memchr3(b'\\', b'%', b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let used = match rest[0] {
            b'\\' => backslash(rest, out),
            b'%' => percent(rest, out),
            _ => entity(rest, out),
        };
        changed |= used.is_some();
        if used.is_none() {
            out.push(rest[0]);
        }
        rest = &rest[used.unwrap_or(1)..];
    }
    out.extend_from_slice(rest);
    changed
}

/// Resolves the escape at the beginning of `text`. Returns its length in bytes; `None` if it is no escape.
fn backslash(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    match *text.get(1)? {
        b'u' => {
            let unit = unit(text.get(2..6)?)?;
            if (0xd800..0xdc00).contains(&unit) && text.get(6..8) == Some(b"\\u") {
                let low = text.get(8..12).and_then(self::unit).unwrap_or_default();
                if (0xdc00..0xe000).contains(&low) {
                    push(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), out);
                    return Some(12);
                }
            }
            push(unit, out);
            Some(6)
        }
        b'x' => {
            out.push(u8::try_from(hexadecimal(text.get(2..4)?)?).ok()?);
            Some(4)
        }
        b'n' | b'r' | b't' | b'b' | b'f' | b'0' => {
            out.push(b' ');
            Some(2)
        }
        other => {
            out.push(other);
            Some(2)
        }
    }
}

fn percent(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    out.push(u8::try_from(hexadecimal(text.get(1..3)?)?).ok()?);
    Some(3)
}

fn entity(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let name = &text[1..end];
    let code = match name {
        [b'#', b'x' | b'X', digits @ ..] => hexadecimal(digits)?,
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
        b"amp" => u32::from(b'&'),
        b"lt" => u32::from(b'<'),
        b"gt" => u32::from(b'>'),
        b"quot" => u32::from(b'"'),
        b"apos" => u32::from(b'\''),
        b"nbsp" => u32::from(b' '),
        _ => return None,
    };
    push(code, out);
    Some(end + 1)
}

fn unit(digits: &[u8]) -> Option<u32> {
    (digits.len() == 4).then(|| hexadecimal(digits)).flatten()
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let wrong = digits.is_empty() || digits.len() > 6 || !digits.iter().all(u8::is_ascii_hexdigit);
    let text = (!wrong).then(|| std::str::from_utf8(digits).ok()).flatten()?;
    u32::from_str_radix(text, 16).ok()
}

fn push(code: u32, out: &mut Vec<u8>) {
    let mut bytes = [0; 4];
    let c = char::from_u32(code).unwrap_or(' ');
    out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
}

/// Calls `found` with each text that is written in base64 or in hexadecimal digits. `found` returns whether to go on.
pub(crate) fn packed(text: &[u8], mut found: impl FnMut(&[u8]) -> bool) -> bool {
    let mut rest = text;
    while let Some(begin) = rest.iter().position(|byte| digit(*byte)) {
        rest = &rest[begin..];
        let length = rest.iter().position(|byte| !digit(*byte)).unwrap_or(rest.len());
        if length >= PACKED_MIN && !unpack(&rest[..length], &mut found) {
            return false;
        }
        rest = &rest[length..];
    }
    true
}

fn digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn unpack(run: &[u8], found: &mut impl FnMut(&[u8]) -> bool) -> bool {
    if run.len().is_multiple_of(2) && run.iter().all(u8::is_ascii_hexdigit) {
        let digits = |pair: &[u8]| hexadecimal(pair).and_then(|byte| u8::try_from(byte).ok());
        let bytes: Option<Vec<u8>> = run.chunks(2).map(digits).collect();
        if let Some(bytes) = bytes.filter(|bytes| is_text(bytes)) {
            return found(&bytes);
        }
    }
    // An ordinary word ends here: its first characters, taken for base64, do not unpack to text.
    let head: Vec<u8> = run.iter().take(PACKED_MIN).map(|byte| standard(*byte)).collect();
    if !STANDARD_NO_PAD.decode(&head).is_ok_and(|bytes| is_text(&bytes)) {
        return true;
    }
    // A single last digit holds no whole byte.
    let whole = if run.len() % 4 == 1 { &run[..run.len() - 1] } else { run };
    let whole: Vec<u8> = whole.iter().map(|byte| standard(*byte)).collect();
    match LENIENT.decode(&whole) {
        Ok(bytes) if is_text(&bytes) => found(&bytes),
        _ => true,
    }
}

/// Decodes base64 without padding, and ignores the bits after the last byte.
const LENIENT: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::general_purpose::NO_PAD.with_decode_allow_trailing_bits(true),
);

fn standard(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// True for UTF-8 text without control characters other than line ends and tabs. Its last character may be cut off.
fn is_text(bytes: &[u8]) -> bool {
    let controls = bytes.iter().any(|byte| *byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t'));
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    !controls && valid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut out = Vec::new();
        unescape(text.as_bytes(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn escapes_of_json_urls_and_html_are_resolved() {
        assert_eq!(plain(r#"Jos\u00e9\nNg \"x\" \ud83d\ude00"#), "José Ng \"x\" 😀");
        assert_eq!(plain("a%40b.example&x=%C3%A9"), "a@b.example&x=é");
        assert_eq!(plain("a&#64;b&#x40;c &amp; d &unknown; e&"), "a@b@c & d &unknown; e&");
    }

    #[test]
    fn what_only_looks_like_an_escape_stays() {
        assert_eq!(plain("100% of it \\"), "100% of it \\");
        assert_eq!(plain("%zz \\u12"), "%zz \\u12");
        assert_eq!(plain("\\ud800 x"), "  x");
    }

    #[test]
    fn packed_texts_are_found_and_words_are_not() {
        let texts = |text: &str| {
            let mut all = Vec::new();
            packed(text.as_bytes(), |found| {
                all.push(String::from_utf8_lossy(found).into_owned());
                true
            });
            all
        };
        assert_eq!(texts("x=am9obkByZWFsLmV4YW1wbGU=;"), ["john@real.example"]);
        assert_eq!(texts("6a6f686e407265616c2e6578616d706c65"), ["john@real.example"]);
        assert!(texts("certainly administrators d41d8cd98f00b204e9800998ecf8427e").is_empty());
    }
}
