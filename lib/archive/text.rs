//! SQL text that is not rows: the comment that holds the manifest.
//!
//! JSON has no raw newline, so nothing in it can end a comment line; the lines are cut so that no client stumbles
//! over their length.

/// The most JSON bytes on one comment line.
const LINE_BYTES: usize = 64 << 10;

const TITLE: &str = "-- refreshkit manifest\n";

/// `json` as comment lines.
pub(crate) fn comment(json: &str) -> Vec<u8> {
    debug_assert!(!json.contains(['\n', '\r']), "serde_json escapes control characters");
    let mut lines = Vec::with_capacity(json.len() + json.len() / 1024 + TITLE.len() + 64);
    lines.extend(TITLE.as_bytes());
    let mut rest = json;
    while !rest.is_empty() {
        let mut end = rest.len().min(LINE_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (line, tail) = rest.split_at(end);
        lines.extend(b"-- ");
        lines.extend(line.as_bytes());
        lines.push(b'\n');
        rest = tail;
    }
    lines
}

/// The JSON in comment lines that [`comment`] made.
pub(crate) fn uncomment(text: &[u8]) -> Option<Vec<u8>> {
    let mut json = Vec::with_capacity(text.len());
    for line in text.strip_prefix(TITLE.as_bytes())?.split(|byte| *byte == b'\n') {
        match line.strip_prefix(b"-- ") {
            Some(part) => json.extend(part),
            None if line.is_empty() => {}
            None => return None,
        }
    }
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_of_wide_characters_comes_back() {
        let json = format!("{{\"x\":\"{}\"}}", "ä→𝄞 -- \\n ".repeat(20_000));
        let lines = comment(&json);
        assert!(lines.split(|b| *b == b'\n').all(|line| line.len() < 70_000));
        assert_eq!(uncomment(&lines).unwrap(), json.as_bytes());
        assert_eq!(uncomment(b"-- refreshkit manifest\nDROP TABLE x;\n"), None);
    }
}
