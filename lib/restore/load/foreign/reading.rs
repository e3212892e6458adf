//! One statement of a file, as its tokens.
//!
//! In: the bytes of a statement, in any encoding, and the SQL mode that it is read under. Out: its code. Of an INSERT, only the
//! part before the rows is read: there may be millions of rows, and no decision needs them.

use std::borrow::Cow;
use std::ops::Range;

use super::file::EDGE_BYTES;
use crate::sql::{Mode, Token, TokenKind, pieces};

/// Limit of words and symbols in a statement without rows, since all are in memory at once. A table with as many columns and
/// partitions as a server takes has a fifth of this.
pub(super) const TOKENS_MAX: usize = 500_000;

/// Words that may stand between INSERT and its table.
pub(super) const BEFORE_TABLE: [&str; 5] = ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"];

/// Number of tokens within which the name of an INSERT's table comes.
const TABLE_WITHIN: usize = 8;

/// One statement of the file, and its tokens.
#[derive(Debug)]
pub(super) struct ForeignStatement<'a> {
    pub(super) sql: &'a [u8],
    /// The statement or its beginning, byte for byte: each byte that is not UTF-8 is the letter X here.
    pub(super) text: Cow<'a, str>,
    /// The tokens of `text` that are code; places count for `sql` too.
    pub(super) code: Vec<Token>,
    pub(super) mode: Mode,
    /// Byte at which the rows of an INSERT begin, with the word VALUES.
    rows: Option<usize>,
    /// True if the statement has more than [`TOKENS_MAX`] words and symbols; `code` then has the first ones.
    pub(super) too_long: bool,
}

/// Makes a text in which every byte keeps its place: bytes that are not UTF-8 become X. In the encodings that a client may use,
/// such bytes only occur within words, texts and comments.
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

impl<'a> ForeignStatement<'a> {
    pub(super) fn of(sql: &'a [u8], mode: Mode) -> Self {
        let mut left = pieces(sql, mode).filter(Token::is_code).peekable();
        let (mut code, mut end) = (Vec::<Token>::new(), sql.len());
        let (mut rows, mut too_long) = (None, false);
        let (mut depth, mut rows_may_come) = (0_u32, true);
        let is_any = |token: &Token, words: &[&str]| words.iter().any(|word| token.is_word(sql, word));
        while let Some(token) = left.next() {
            match () {
                () if code.is_empty() => rows_may_come = is_any(&token, &["INSERT", "REPLACE"]),
                () if token.is(b'(') => depth += 1,
                () if token.is(b')') => depth = depth.saturating_sub(1),
                () if rows_may_come && depth == 0 && is_any(&token, &["VALUES", "VALUE"]) => {
                    let begins = left.peek().is_some_and(|next| next.is(b'(') || next.is_word(sql, "ROW"));
                    if begins && is_table_and_columns(sql, &code) {
                        (rows, end) = (Some(token.place.start), token.place.start);
                        break;
                    }
                    // The table itself may be called VALUE. Behind the table, this is an INSERT without rows.
                    rows_may_come = code.len() < TABLE_WITHIN;
                }
                () => {}
            }
            code.push(token);
            // The client ends USE with its line: the rest is read as a statement of its own.
            if code.len() == 3 && code[0].is_word(sql, "USE") {
                end = code[2].place.end;
                break;
            }
            too_long = code.len() > TOKENS_MAX;
            if too_long {
                end = 0;
                code.truncate(TABLE_WITHIN);
                break;
            }
        }
        let head = code.last().map_or(0, |token| token.place.end).max(sql.len().min(EDGE_BYTES));
        let text = shown(&sql[..end.max(head)]);
        Self { sql, text, code, mode, rows, too_long }
    }

    /// The bytes from VALUES on, of an INSERT with rows; of any other statement, none.
    pub(super) fn rows(&self) -> &'a [u8] {
        &self.sql[self.rows.unwrap_or(self.sql.len())..]
    }

    /// The name at `at` in the bytes of the file, without quotes.
    pub(super) fn raw_name(&self, at: usize) -> Vec<u8> {
        let Some(token) = self.code.get(at) else { return Vec::new() };
        match &self.sql[token.place.clone()] {
            [quote, inner @ .., _] if token.kind == TokenKind::Name => {
                let (mut name, mut rest) = (Vec::new(), inner.iter());
                while let Some(byte) = rest.next() {
                    name.push(*byte);
                    if byte == quote {
                        rest.next();
                    }
                }
                name
            }
            bare => bare.to_vec(),
        }
    }

    /// True if the token at `at` is this word.
    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        self.code.get(at).is_some_and(|token| token.is_word(&*self.text, word))
    }

    /// True if the token at `at` is one of several words.
    pub(super) fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    pub(super) fn is_symbol(&self, at: usize, symbol: u8) -> bool {
        self.code.get(at).is_some_and(|token| token.is(symbol))
    }

    /// The name at `at`, without quotes.
    pub(super) fn name(&self, at: usize) -> Option<Cow<'_, str>> {
        self.code.get(at).and_then(|token| token.name(&self.text))
    }

    /// The name, without its database, of the table or other object at `at`; and the position behind it.
    pub(super) fn object(&self, at: usize) -> Option<(Cow<'_, str>, usize)> {
        if self.is_symbol(at + 1, b'.') {
            Some((self.name(at + 2)?, at + 3))
        } else {
            Some((self.name(at)?, at + 1))
        }
    }

    /// The position behind `IF EXISTS` or `IF NOT EXISTS` at `at`; `at` without these words.
    pub(super) fn behind_if(&self, at: usize) -> usize {
        match () {
            () if self.is(at, "IF") && self.is(at + 1, "EXISTS") => at + 2,
            () if self.is(at, "IF") && self.is(at + 1, "NOT") && self.is(at + 2, "EXISTS") => at + 3,
            () => at,
        }
    }

    /// The kind of object that a CREATE makes, with its position: OR REPLACE, a DEFINER and the like may come before.
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
        // A definer without quotes may have the name of a kind: `DEFINER=user@role`.
        let is_name =
            |at: usize| self.is_symbol(at.wrapping_sub(1), b'=') || self.is_symbol(at.wrapping_sub(1), b'@');
        let found = (1..self.code.len().min(40)).find(|at| !is_name(*at) && self.is_any(*at, &KINDS))?;
        Some((found, self.code[found].text(&self.text).to_uppercase()))
    }

    /// The first line of the statement, up to 60 characters, for messages.
    pub(super) fn beginning(&self) -> String {
        const CHARACTERS_MAX: usize = 60;
        let line = self.text.trim().lines().next().unwrap_or_default();
        let mut beginning: String = line.chars().take(CHARACTERS_MAX).collect();
        if beginning.len() < line.len() {
            beginning.push('…');
        }
        beginning
    }

    /// The statement with these places replaced.
    pub(super) fn spliced(&self, mut edits: Vec<(Range<usize>, Cow<'_, [u8]>)>) -> Cow<'a, [u8]> {
        if edits.is_empty() {
            return Cow::Borrowed(self.sql);
        }
        edits.sort_by_key(|(place, _)| (place.start, place.end));
        let (mut out, mut at) = (Vec::with_capacity(self.sql.len()), 0);
        for (place, with) in edits.iter().filter(|(place, _)| place.end <= self.sql.len()) {
            // Of two places that overlap, only the first is replaced.
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

/// True if the code is `INSERT … INTO t PARTITION (p) (a, b)` and nothing else, so that rows follow.
fn is_table_and_columns(sql: &[u8], code: &[Token]) -> bool {
    let is = |at: usize, word: &str| code.get(at).is_some_and(|token| token.is_word(sql, word));
    let is_symbol = |at: usize, symbol: u8| code.get(at).is_some_and(|token| token.is(symbol));
    let mut at = 1;
    while BEFORE_TABLE.iter().any(|word| is(at, word)) {
        at += 1;
    }
    if !code.get(at).is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::Name)) {
        return false;
    }
    at += if is_symbol(at + 1, b'.') { 3 } else { 1 };
    if is(at, "PARTITION") {
        at = behind_parentheses(code, at + 1);
    }
    behind_parentheses(code, at) == code.len()
}

/// The position behind the parentheses that open at `at`, or `at` if none open there.
fn behind_parentheses(code: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (position, token) in code.iter().enumerate().skip(at) {
        match () {
            () if token.is(b'(') => depth += 1,
            () if token.is(b')') => depth = depth.saturating_sub(1),
            () => {}
        }
        if depth == 0 {
            return if position == at { at } else { position + 1 };
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_keeps_its_place_and_rows_are_not_read() {
        let sql = b"INSERT INTO `caf\xe9`.t (a) VALUES ('\xff VALUES (1)";
        let reading = ForeignStatement::of(sql, Mode::default());
        assert_eq!(reading.text.len(), sql.len());
        assert_eq!(reading.code.last().unwrap().text(&reading.text), ")");
        assert_eq!(reading.object(2).unwrap().0, "t");
        let long = [b"SELECT '".as_slice(), &vec![b'x'; 2 * EDGE_BYTES], b"' FROM t"].concat();
        assert!(ForeignStatement::of(&long, Mode::default()).is(3, "t"));
    }

    #[test]
    fn only_rows_end_the_reading_of_an_insert() {
        let rows = |sql: &str| {
            let reading = ForeignStatement::of(sql.as_bytes(), Mode::default());
            String::from_utf8(reading.rows().to_vec()).unwrap()
        };
        for sql in [
            "INSERT INTO t (id, value) SELECT id, value FROM app.u",
            "INSERT INTO value (a) SELECT a FROM app.u",
            "INSERT INTO t SELECT value (1) FROM app.u",
            "INSERT INTO t SELECT a FROM u ON DUPLICATE KEY UPDATE a = VALUES (a), b = (SELECT 1 FROM app.u)",
            "INSERT INTO t (a) WITH x AS (SELECT 1) SELECT 1 FROM app.u",
            "SELECT a VALUE (1)",
        ] {
            assert_eq!(rows(sql), "", "{sql}");
        }
        for head in [
            "INSERT INTO t (id, value) ",
            "INSERT IGNORE `a b`.t PARTITION (p, q) (x) ",
            "REPLACE LOW_PRIORITY app.value ",
            "/*!50001 INSERT */ INTO value() ",
        ] {
            for values in ["VALUES (1)", "value(1),(2)", "VALUES ROW(1)"] {
                assert_eq!(rows(&format!("{head}{values}")), values, "{head}{values}");
            }
        }
        let columns = vec!["`a column with a long name`"; 1000].join(", ");
        assert_eq!(rows(&format!("INSERT INTO t ({columns}) VALUES (1, 2)")), "VALUES (1, 2)");
    }

    #[test]
    fn a_statement_without_rows_has_a_limit_and_a_use_is_read_alone() {
        let long = format!("SELECT 1{}", ",1".repeat(TOKENS_MAX));
        let reading = ForeignStatement::of(long.as_bytes(), Mode::default());
        assert!(reading.too_long && reading.code.len() < 10 && reading.text.len() == EDGE_BYTES);
        let rows = format!("INSERT INTO t VALUES (1){}", ",(1)".repeat(TOKENS_MAX));
        assert!(!ForeignStatement::of(rows.as_bytes(), Mode::default()).too_long);
        let uses = "USE a\n".repeat(10_000);
        assert_eq!(ForeignStatement::of(uses.as_bytes(), Mode::default()).code.len(), 3);
    }

    #[test]
    fn a_name_is_taken_as_the_bytes_that_it_is() {
        let reading = ForeignStatement::of(b"DROP EVENT `caf\xe9``x`, bare", Mode::default());
        assert_eq!((reading.raw_name(2), reading.raw_name(4)), (b"caf\xe9`x".to_vec(), b"bare".to_vec()));
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
            assert_eq!(
                ForeignStatement::of(sql.as_bytes(), Mode::default()).created().unwrap().1,
                what,
                "{sql}"
            );
        }
    }
}
