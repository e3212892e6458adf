//! One statement of a file, as its tokens.
//!
//! In: its bytes, in whatever encoding, and the mode that it is read under. Out: its code. Of an INSERT only what stands before the rows
//! is looked at: they may be millions, and nothing is decided by them.

use std::borrow::Cow;
use std::ops::Range;

use super::file::EDGE_BYTES;
use crate::sql::{Mode, Token, pieces};

/// A statement.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) sql: &'a [u8],
    /// The same, or its beginning, byte for byte: bytes that are no UTF-8 are letters here.
    pub(super) text: Cow<'a, str>,
    /// The code of `text`.
    pub(super) code: Vec<Token>,
    pub(super) mode: Mode,
}

/// A text of which every byte stands at its place. In the encodings that a client may speak, what is beyond ASCII is part of a word, a
/// text or a comment.
pub(super) fn shown(sql: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(sql) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(sql.len());
    for chunk in sql.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('X', chunk.invalid().len()));
    }
    Cow::Owned(text)
}

impl<'a> Reading<'a> {
    pub(super) fn of(sql: &'a [u8], mode: Mode) -> Self {
        let head = &sql[..sql.len().min(EDGE_BYTES)];
        let text = shown(head);
        let all = |text: &str| pieces(text, mode).filter(Token::is_code).collect();
        let mut code: Vec<Token> = all(&text);
        let writes = code
            .first()
            .is_some_and(|token| ["INSERT", "REPLACE"].iter().any(|word| token.is_word(&*text, word)));
        let rows =
            code.iter().position(|token| ["VALUES", "VALUE"].iter().any(|word| token.is_word(&*text, word)));
        if let Some(rows) = rows.filter(|_| writes) {
            code.truncate(rows);
            return Self { sql, text, code, mode };
        }
        if head.len() == sql.len() {
            return Self { sql, text, code, mode };
        }
        let text = shown(sql);
        Self { sql, code: all(&text), text, mode }
    }

    /// Whether the token at `at` is a word.
    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        self.code.get(at).is_some_and(|token| token.is_word(&*self.text, word))
    }

    /// Whether it is one of several words.
    pub(super) fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    pub(super) fn is_symbol(&self, at: usize, symbol: u8) -> bool {
        self.code.get(at).is_some_and(|token| token.is(symbol))
    }

    /// The name at `at`, quotes taken off.
    pub(super) fn name(&self, at: usize) -> Option<Cow<'_, str>> {
        self.code.get(at).and_then(|token| token.name(&self.text))
    }

    /// The table, or whatever else, whose name begins at `at`, without its database; and what comes behind it.
    pub(super) fn object(&self, at: usize) -> Option<(Cow<'_, str>, usize)> {
        if self.is_symbol(at + 1, b'.') {
            Some((self.name(at + 2)?, at + 3))
        } else {
            Some((self.name(at)?, at + 1))
        }
    }

    /// `at`, or behind `IF EXISTS` and `IF NOT EXISTS`.
    pub(super) fn behind_if(&self, at: usize) -> usize {
        match () {
            () if self.is(at, "IF") && self.is(at + 1, "EXISTS") => at + 2,
            () if self.is(at, "IF") && self.is(at + 1, "NOT") && self.is(at + 2, "EXISTS") => at + 3,
            () => at,
        }
    }

    /// What a CREATE creates, and where it says so: behind OR REPLACE, a DEFINER and the like.
    pub(super) fn created(&self) -> Option<(usize, String)> {
        const KINDS: [&str; 15] = [
            "TABLE",
            "VIEW",
            "TRIGGER",
            "PROCEDURE",
            "FUNCTION",
            "EVENT",
            "PACKAGE",
            "SEQUENCE",
            "INDEX",
            "DATABASE",
            "SCHEMA",
            "USER",
            "ROLE",
            "SERVER",
            "TABLESPACE",
        ];
        if !self.is(0, "CREATE") {
            return None;
        }
        // A bare definer may be called like one of these.
        let is_name =
            |at: usize| self.is_symbol(at.wrapping_sub(1), b'=') || self.is_symbol(at.wrapping_sub(1), b'@');
        let found = (1..self.code.len().min(40)).find(|at| !is_name(*at) && self.is_any(*at, &KINDS))?;
        Some((found, self.code[found].text(&self.text).to_uppercase()))
    }

    /// How the statement begins, for people.
    pub(super) fn beginning(&self) -> String {
        const CHARACTERS_MAX: usize = 60;
        let line = self.text.trim().lines().next().unwrap_or_default();
        let mut beginning: String = line.chars().take(CHARACTERS_MAX).collect();
        if beginning.len() < line.len() {
            beginning.push('…');
        }
        beginning
    }

    /// The statement with pieces of it replaced.
    pub(super) fn spliced(&self, mut edits: Vec<(Range<usize>, Cow<'_, [u8]>)>) -> Cow<'a, [u8]> {
        if edits.is_empty() {
            return Cow::Borrowed(self.sql);
        }
        edits.sort_by_key(|(place, _)| (place.start, place.end));
        let (mut out, mut at) = (Vec::with_capacity(self.sql.len()), 0);
        for (place, with) in edits.iter().filter(|(place, _)| place.end <= self.sql.len()) {
            // Of two that overlap, the first one is enough.
            if place.start >= at {
                out.extend_from_slice(&self.sql[at..place.start]);
                out.extend_from_slice(with);
                at = place.end;
            }
        }
        out.extend_from_slice(&self.sql[at..]);
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_keeps_its_place_and_rows_are_not_read() {
        let sql = b"INSERT INTO `caf\xe9`.t (a) VALUES ('\xff VALUES (1)";
        let reading = Reading::of(sql, Mode::default());
        assert_eq!(reading.text.len(), sql.len());
        assert_eq!(reading.code.last().unwrap().text(&reading.text), ")");
        assert_eq!(reading.object(2).unwrap().0, "t");
        let long = [b"SELECT '".as_slice(), &vec![b'x'; 2 * EDGE_BYTES], b"' FROM t"].concat();
        assert!(Reading::of(&long, Mode::default()).is(3, "t"));
    }

    #[test]
    fn what_is_created_stands_behind_all_that_may_precede_it() {
        for (sql, what) in [
            ("CREATE DEFINER=user@role PROCEDURE p() SELECT 1", "PROCEDURE"),
            (
                "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW v AS SELECT 1",
                "VIEW",
            ),
            ("/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t */", "TRIGGER"),
            ("CREATE UNIQUE INDEX i ON t (a)", "INDEX"),
        ] {
            assert_eq!(Reading::of(sql.as_bytes(), Mode::default()).created().unwrap().1, what, "{sql}");
        }
    }
}
