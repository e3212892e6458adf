//! The canonical form of a text: letters and digits in lower case, nothing else. SQL makes the same form (`sql.rs`).
//!
//! In: text. Out: for each character its folded form, or that it separates words. Lower case is the server's own: servers
//! of different age know different letters, so the table is read from the server (`SELECT LOWER(…)`).

use std::collections::HashMap;

/// Characters that separate words, besides those of ASCII that are neither letter nor digit.
pub(crate) const SEPARATORS: &[(char, char)] = &[
    ('\u{80}', '\u{a9}'),
    ('\u{ab}', '\u{b4}'),
    ('\u{b6}', '\u{b9}'),
    ('\u{bb}', '\u{bf}'),
    ('\u{d7}', '\u{d7}'),
    ('\u{f7}', '\u{f7}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{3000}', '\u{303f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ff01}', '\u{ff0f}'),
];

/// The last code point whose lower case is read. No names are written in cased letters beyond it.
const CASED_MAX: u32 = 0x1_FFFF;

/// The folded form of each ASCII byte; 0 for a separator.
const ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let mut byte: u8 = 0;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

/// The lower case of letters beyond ASCII, as one server has it.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    lower: HashMap<char, char>,
}

impl Fold {
    /// Returns the letters whose lower case is read from the server, one on each line.
    pub fn question() -> String {
        let letters = (0x80..=CASED_MAX).filter_map(char::from_u32).filter(|c| {
            let mut lower = c.to_lowercase();
            c.is_uppercase() || lower.next() != Some(*c)
        });
        letters.flat_map(|c| [c, '\n']).collect()
    }

    /// Makes the table from the server's answer: the lower case of [`Self::question`].
    pub fn learn(answer: &str) -> Self {
        let question = Self::question();
        let pairs = question.lines().zip(answer.lines()).filter_map(|(letter, lower)| {
            let mut lower = lower.chars();
            let one = lower.next().filter(|_| lower.next().is_none());
            letter.chars().next().zip(one).filter(|(letter, lower)| letter != lower)
        });
        Self { lower: pairs.collect() }
    }

    /// Makes the table from Unicode, for tests without a server.
    #[cfg(test)]
    pub(crate) fn of_unicode() -> Self {
        Self::learn(&Self::question().to_lowercase())
    }

    /// Reads the first character of `text`. Returns its length in bytes and its folded form; `None` for a separator.
    #[inline]
    pub(crate) fn next(&self, text: &[u8]) -> (usize, Option<char>) {
        let first = text[0];
        if first < 0x80 {
            let folded = ASCII[usize::from(first)];
            return (1, (folded != 0).then(|| char::from(folded)));
        }
        let Some(c) = first_character(text) else { return (1, None) };
        let separates = SEPARATORS.iter().any(|(from, to)| (*from..=*to).contains(&c));
        let folded = (!separates).then(|| self.lower.get(&c).copied().unwrap_or(c));
        (c.len_utf8(), folded)
    }

    /// Returns the canonical form of a whole text.
    pub fn canonical(&self, text: &str) -> String {
        let mut rest = text.as_bytes();
        let mut folded = String::with_capacity(text.len());
        while !rest.is_empty() {
            let (length, c) = self.next(rest);
            if let Some(c) = c {
                write(c, |text| folded.push_str(text));
            }
            rest = &rest[length..];
        }
        folded
    }
}

/// Writes a folded character. Only `ß` becomes two characters, and only `ς` another one.
#[inline]
pub(crate) fn write(c: char, mut out: impl FnMut(&str)) {
    match c {
        'ß' => out("ss"),
        'ς' => out("σ"),
        c => out(c.encode_utf8(&mut [0; 4])),
    }
}

/// Returns the first character; `None` where the bytes are no UTF-8.
fn first_character(text: &[u8]) -> Option<char> {
    let length = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(text.get(..length)?).ok()?.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_and_digits_in_lower_case_are_left() {
        let fold = Fold::of_unicode();
        assert_eq!(fold.canonical("John.O'Neil+x@Mail.example"), "johnoneilxmailexample");
        assert_eq!(fold.canonical("+1 (555) 010-7788"), "15550107788");
        assert_eq!(fold.canonical("“JOSÉ\u{a0}Øyvind”, Ångström"), "joséøyvindångström");
        assert_eq!(fold.canonical("Ирина 山田太郎"), "ирина山田太郎");
        assert_eq!(fold.canonical("Groß ΝΙΚΟΣ"), fold.canonical("GROSS Νίκος").replace('ί', "ι"));
    }

    #[test]
    fn bytes_that_are_no_text_separate() {
        let fold = Fold::of_unicode();
        assert_eq!(fold.next(b"\xff\xfe"), (1, None));
        assert_eq!(fold.next(b"\xc3"), (1, None));
        assert_eq!(fold.next("É".as_bytes()), (2, Some('é')));
    }
}
