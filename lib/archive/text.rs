//! The SQL comment lines that hold the manifest.
//!
//! JSON has no raw newline, so nothing in it can end a comment line. Lines are cut, since clients stumble over long ones.

use std::io::{self, BufRead, Read};

use memchr::memchr;

/// The most JSON bytes on one comment line.
const LINE_BYTES: usize = 64 << 10;

const TITLE: &str = "-- refreshkit manifest\n";

/// What each line after the title begins with.
const BEGIN: &[u8] = b"-- ";

/// Returns the title line and `json` as comment lines.
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
        lines.extend(BEGIN);
        lines.extend(line.as_bytes());
        lines.push(b'\n');
        rest = tail;
    }
    lines
}

/// Reads the JSON out of comment lines that [`comment`] made.
#[derive(Debug)]
pub(crate) struct Uncommented<R> {
    lines: R,
    /// Bytes that must come next and are not JSON: the rest of the title, or of a line's `BEGIN`.
    skip: &'static [u8],
}

impl<R: BufRead> Uncommented<R> {
    pub(crate) fn of(lines: R) -> Self {
        Self { lines, skip: TITLE.as_bytes() }
    }
}

impl<R: BufRead> Read for Uncommented<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let there = self.lines.fill_buf()?;
            let Some(first) = there.first() else { return Ok(0) };
            if let Some((wanted, rest)) = self.skip.split_first() {
                if first != wanted {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a comment"));
                }
                self.lines.consume(1);
                self.skip = if rest.is_empty() && *wanted == b'\n' { BEGIN } else { rest };
                continue;
            }
            if *first == b'\n' {
                self.lines.consume(1);
                self.skip = BEGIN;
                continue;
            }
            let line = &there[..memchr(b'\n', there).unwrap_or(there.len())];
            let count = line.len().min(out.len());
            out[..count].copy_from_slice(&line[..count]);
            self.lines.consume(count);
            return Ok(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_of_wide_characters_comes_back() {
        let json = format!("{{\"x\":\"{}\"}}", "ä→𝄞 -- \\n ".repeat(20_000));
        let lines = comment(&json);
        assert!(lines.split(|b| *b == b'\n').all(|line| line.len() < 70_000));
        let read = |lines: &[u8]| {
            let mut text = String::new();
            // A buffer of 7 bytes: the result must not depend on where a buffer ends.
            Uncommented::of(io::BufReader::with_capacity(7, lines)).read_to_string(&mut text).map(|_| text)
        };
        assert_eq!(read(&lines).unwrap(), json);
        for other in [
            "-- refreshkit manifest\nDROP TABLE x;\n",
            "-- x\n",
            "-- refreshkit manifest\n-- {}\n\nDROP",
            "{}",
        ] {
            assert!(read(other.as_bytes()).is_err(), "{other}");
        }
    }
}
