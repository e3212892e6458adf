//! SQL text, cut into statements the way the stock client does it.
//!
//! In: any `BufRead` (a file, a gzip stream). Out: one [`Statement`] after the other, with the line where it begins.
//! Memory: the longest statement, at most [`STATEMENT_BYTES_MAX`], whatever the length of the input or of its lines.
//!
//! ```text
//! between statements: skip blanks, `--`, `#` and /* */ comments, lone delimiters; obey DELIMITER lines
//! inside: the delimiter ends it, unless in '…' "…" `…`, a comment, or /*! … */ (which the server reads as SQL)
//! ```
//!
//! It cuts text that is not yet read to its end, so it does not use the tokeniser. But the tokeniser's own functions
//! decide what begins a comment and what a backslash does, and a test compares the two.
//!
//! Comments inside a statement stay: the server understands them. `\g` and `\G` end a statement as a delimiter does.
//! Other commands of the client (`source`) are not understood, nor are quotes as second bytes of characters in encodings
//! such as sjis or gbk.

pub(super) mod block;
pub(super) mod certain;
pub(super) mod error;

use std::io::{self, BufRead};

use error::StatementsError;
use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::lexer::{Mode, opens_comment, opens_executable};

/// The longest statement, in bytes: the highest `max_allowed_packet` that a server can have.
pub const STATEMENT_BYTES_MAX: usize = 1 << 30;

/// The longest DELIMITER line, and how far the scanner looks ahead, in bytes.
const LOOK_AHEAD: usize = 256;

/// From this many bytes on, bytes before the statement are removed from the buffer, and a statement is not copied.
const COMPACT_BYTES: usize = 256 * 1024;

/// A client command that looks like a comment; `mariadb-dump` writes it first.
const SANDBOX: &[u8] = b"/*M!999999\\-";

/// One statement, without its delimiter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text, in bytes: dumps may hold bytes that are not UTF-8.
    pub sql: Vec<u8>,
    /// The line of the input where it begins, from 1.
    pub line: u64,
    /// Whether the delimiter is another than a semicolon, so that the statement may hold semicolons.
    pub block: bool,
}

/// An iterator over the statements of `input`. After an error it ends.
#[derive(Debug)]
pub struct Statements<R> {
    input: R,
    /// Bytes that were read and not given out. The statement begins at `start`, and `at` is the next byte to look at.
    buffer: Vec<u8>,
    start: usize,
    at: usize,
    ended: bool,
    failed: bool,
    line: u64,
    delimiter: Vec<u8>,
    mode: Mode,
    limit: usize,
}

impl<R: BufRead> Statements<R> {
    /// Cuts `input`, beginning with `;` as the delimiter.
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            at: 0,
            ended: false,
            failed: false,
            line: 1,
            delimiter: b";".to_vec(),
            mode: Mode::default(),
            limit: STATEMENT_BYTES_MAX,
        }
    }

    /// Reads text that was written under `NO_BACKSLASH_ESCAPES`.
    pub fn without_backslash_escapes(mut self) -> Self {
        self.mode = self.mode.without_backslash_escapes();
        self
    }

    /// Reads the rest under another mode, since a statement that ran has changed it.
    pub(crate) fn read_as(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Sets another limit for the length of a statement than [`STATEMENT_BYTES_MAX`].
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    fn next_statement(&mut self) -> Result<Option<Statement>, StatementsError> {
        self.skip_between()?;
        if self.rest().is_empty() {
            return Ok(None);
        }
        let mut conditional = 0_usize;
        loop {
            self.look_ahead(LOOK_AHEAD)?;
            let rest = self.rest();
            let Some(&first) = rest.first() else {
                return if conditional == 0 {
                    Ok(Some(self.give(0)))
                } else {
                    Err(self.unterminated("a comment"))
                };
            };
            if conditional == 0 && rest.starts_with(&self.delimiter) {
                return Ok(Some(self.give(self.delimiter.len())));
            }
            if conditional == 0 && (rest.starts_with(b"\\g") || rest.starts_with(b"\\G")) {
                return Ok(Some(self.give(2)));
            }
            match first {
                b'\'' | b'"' | b'`' => self.skip_quoted(first)?,
                _ if opens_executable(rest) => {
                    conditional += 1;
                    self.at += 3;
                }
                _ if conditional > 0 && rest.starts_with(b"*/") => {
                    conditional -= 1;
                    self.at += 2;
                }
                _ if opens_comment(rest) => self.skip_comment()?,
                _ => self.at += 1 + self.plain_run(),
            }
        }
    }

    /// Skips everything between two statements, and obeys DELIMITER lines.
    fn skip_between(&mut self) -> Result<(), StatementsError> {
        if self.line == 1 && self.at == 0 {
            self.look_ahead(3)?;
            self.at += if self.rest().starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        }
        loop {
            self.look_ahead(LOOK_AHEAD)?;
            let rest = self.rest();
            if rest.first().is_some_and(|byte| byte.is_ascii_whitespace() || *byte == 0) {
                self.at += 1;
            } else if !rest.is_empty() && rest.starts_with(&self.delimiter) {
                self.at += self.delimiter.len();
            } else if opens_delimiter(rest) {
                self.obey_delimiter()?;
            } else if rest.starts_with(SANDBOX) || begins_comment(rest) {
                self.skip_comment()?;
            } else {
                self.drop_front();
                return Ok(());
            }
            self.drop_front();
        }
    }

    fn obey_delimiter(&mut self) -> Result<(), StatementsError> {
        let rest = self.rest();
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let argument = rest["delimiter".len()..end].trim_ascii();
        let word = argument.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let bare =
            word.strip_prefix(b"'").and_then(|inner| inner.strip_suffix(b"'")).unwrap_or(word).to_vec();
        if bare.is_empty() || bare.contains(&b'\\') {
            return Err(StatementsError::NoDelimiter { line: self.line });
        }
        self.delimiter = bare;
        self.at += end;
        Ok(())
    }

    /// Skips from an opening quote to behind the closing one. A doubled quote ends one text and begins another.
    fn skip_quoted(&mut self, quote: u8) -> Result<(), StatementsError> {
        self.at += 1;
        let escapes = self.mode.escapes(quote);
        loop {
            let found = if escapes { memchr2(quote, b'\\', self.rest()) } else { memchr(quote, self.rest()) };
            let Some(position) = found else {
                self.at = self.buffer.len();
                self.read_more("a quoted text")?;
                continue;
            };
            self.at += position + 1;
            if self.buffer[self.at - 1] == quote {
                return Ok(());
            }
            while self.at == self.buffer.len() {
                self.read_more("a quoted text")?;
            }
            self.at += 1;
        }
    }

    fn skip_comment(&mut self) -> Result<(), StatementsError> {
        let block = self.rest().starts_with(b"/*");
        self.at += if block { 2 } else { 1 };
        let between = self.start == self.at - if block { 2 } else { 1 };
        loop {
            let found = if block { memmem::find(self.rest(), b"*/") } else { memchr(b'\n', self.rest()) };
            if let Some(position) = found {
                self.at += position + if block { 2 } else { 0 };
                return Ok(());
            }
            if self.ended && !block {
                self.at = self.buffer.len();
                return Ok(());
            }
            // The last byte stays: it may be the asterisk of the end.
            self.at = self.at.max(self.buffer.len().saturating_sub(1));
            if between {
                // A comment of any length between statements takes no memory.
                self.drop_front();
            }
            if block {
                self.read_more("a comment")?;
            } else {
                self.read()?;
            }
        }
    }

    /// How many bytes after the next one cannot begin or end anything.
    fn plain_run(&self) -> usize {
        let special = |byte: &u8| {
            matches!(byte, b'\'' | b'"' | b'`' | b'-' | b'#' | b'/' | b'*' | b'\\')
                || *byte == self.delimiter[0]
        };
        let after = &self.rest()[1..];
        let run = after.iter().position(special).unwrap_or(after.len());
        // The last bytes of the buffer are looked at again, together with those that follow them.
        run.min(after.len().saturating_sub(if self.ended { 0 } else { LOOK_AHEAD }))
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Gives out the statement before `at`; drops `skip` bytes of delimiter.
    fn give(&mut self, skip: usize) -> Statement {
        let (line, block) = (self.line, self.delimiter != b";");
        let length = self.buffer[self.start..self.at].trim_ascii_end().len();
        if length < COMPACT_BYTES {
            let sql = self.buffer[self.start..][..length].to_vec();
            self.at += skip;
            self.drop_front();
            return Statement { sql, line, block };
        }
        // A long statement is not copied: the bytes behind it go into a new buffer.
        self.line += memchr_iter(b'\n', &self.buffer[self.start..self.at + skip]).count() as u64;
        let rest = self.buffer.split_off(self.at + skip);
        let mut sql = std::mem::replace(&mut self.buffer, rest);
        sql.drain(..self.start);
        sql.truncate(length);
        (self.start, self.at) = (0, 0);
        Statement { sql, line, block }
    }

    /// Drops the bytes before `at`, and counts their lines.
    fn drop_front(&mut self) {
        self.line += memchr_iter(b'\n', &self.buffer[self.start..self.at]).count() as u64;
        self.start = self.at;
        if self.start >= COMPACT_BYTES || self.start == self.buffer.len() {
            self.buffer.drain(..self.start);
            (self.start, self.at) = (0, 0);
        }
    }

    fn look_ahead(&mut self, bytes: usize) -> Result<(), StatementsError> {
        while !self.ended && self.buffer.len() - self.at < bytes {
            self.read()?;
        }
        Ok(())
    }

    fn read_more(&mut self, what: &'static str) -> Result<(), StatementsError> {
        if self.ended {
            return Err(self.unterminated(what));
        }
        self.read()
    }

    fn read(&mut self) -> Result<(), StatementsError> {
        if self.buffer.len() - self.start > self.limit {
            return Err(StatementsError::TooLong { line: self.line, limit: self.limit });
        }
        match self.input.fill_buf() {
            Ok([]) => self.ended = true,
            Ok(bytes) => {
                self.buffer.extend_from_slice(bytes);
                let length = bytes.len();
                self.input.consume(length);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(StatementsError::Read { line: self.line, source }),
        }
        Ok(())
    }

    fn unterminated(&self, what: &'static str) -> StatementsError {
        StatementsError::Unterminated { what, line: self.line }
    }
}

/// Whether a comment begins here, between statements: there two dashes need no blank behind them.
fn begins_comment(text: &[u8]) -> bool {
    text.starts_with(b"--") || opens_comment(text) && !opens_executable(text)
}

fn opens_delimiter(text: &[u8]) -> bool {
    let (word, rest) = text.split_at(text.len().min("delimiter".len()));
    word.eq_ignore_ascii_case(b"delimiter") && rest.first().is_none_or(u8::is_ascii_whitespace)
}

impl<R: BufRead> Iterator for Statements<R> {
    type Item = Result<Statement, StatementsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_statement();
        self.failed = next.is_err();
        next.transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;
    use crate::sql::lexer::{TokenKind, pieces};

    fn cut_by(text: &[u8], step: usize) -> Result<Vec<(u64, String)>, StatementsError> {
        Statements::new(BufReader::with_capacity(step, text))
            .map(|s| s.map(|s| (s.line, String::from_utf8_lossy(&s.sql).into_owned())))
            .collect()
    }

    /// The statements of a text, checked to be the same for any size of reads.
    fn cut(text: &str) -> Vec<String> {
        let whole = cut_by(text.as_bytes(), 1 << 16).unwrap();
        for step in [1, 2, 3, 7, 255, 256, 257] {
            assert_eq!(cut_by(text.as_bytes(), step).unwrap(), whole, "read {step} bytes at a time");
        }
        whole.into_iter().map(|(_, sql)| sql).collect()
    }

    #[test]
    fn delimiters_in_texts_names_and_comments_do_not_end_a_statement() {
        assert_eq!(
            cut("SELECT ';', \";\", `;`, 'it''s;', 'a\\';b' /* ; */ -- ;\n, 1 # ;\n; SELECT 2"),
            ["SELECT ';', \";\", `;`, 'it''s;', 'a\\';b' /* ; */ -- ;\n, 1 # ;", "SELECT 2"]
        );
    }

    #[test]
    fn two_dashes_are_a_comment_before_a_blank_and_where_a_statement_could_begin() {
        assert_eq!(cut("SELECT 1--1; SELECT 2 --\n;--"), ["SELECT 1--1", "SELECT 2 --"]);
        assert_eq!(
            cut("-----\n--it's; SET x\nSELECT 1; --2;\nSELECT 3\n--4\n"),
            ["SELECT 1", "SELECT 3\n--4"]
        );
    }

    #[test]
    fn delimiter_lines_are_obeyed_and_routines_stay_whole() {
        let text = "DELIMITER ;;\n/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN\n SET @a = ';;'; END */;;\n\
                    delimiter ;\nSELECT 1;\nDELIMITER $$\nBEGIN; END$$\nDELIMITER ;\nSELECT 2";
        assert_eq!(
            cut(text),
            [
                "/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN\n SET @a = ';;'; END */",
                "SELECT 1",
                "BEGIN; END",
                "SELECT 2"
            ]
        );
    }

    #[test]
    fn what_lies_between_statements_is_dropped_and_conditional_comments_stay() {
        let text = "\u{feff}/*M!999999\\- don't */ \n-- a dump of ';'\n\n;;\n/* long */ /*!40101 SET NAMES utf8mb4 */;\n# end";
        assert_eq!(cut(text), ["/*!40101 SET NAMES utf8mb4 */"]);
        assert_eq!(cut(" \n"), [""; 0]);
    }

    #[test]
    fn a_statement_knows_its_line() {
        let lines: Vec<u64> = cut_by(b"-- one\nSELECT\n1; SELECT 2;\n\nSELECT\n'\n';\nSELECT 3", 3)
            .unwrap()
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, [2, 3, 5, 8]);
    }

    #[test]
    fn an_end_inside_something_is_an_error_with_its_line() {
        for (text, what) in [
            ("SELECT 1;\nSELECT 'a", "a quoted text"),
            ("\n/*!40101 SET", "a comment"),
            ("\n/* ", "a comment"),
        ] {
            let message = cut_by(text.as_bytes(), 2).unwrap_err().to_string();
            assert_eq!(message, format!("the SQL ends inside {what} of the statement that begins in line 2"));
        }
        assert!(matches!(cut_by(b"delimiter \n", 9), Err(StatementsError::NoDelimiter { line: 1 })));
    }

    #[test]
    fn backslashes_can_be_plain_and_bytes_need_not_be_text() {
        let sql = b"SELECT '\\'; SELECT '\xff\x00;'";
        let all: Vec<_> = Statements::new(&sql[..]).without_backslash_escapes().map(Result::unwrap).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[1].sql, b"SELECT '\xff\x00;'");
    }

    #[test]
    fn memory_stays_bounded_on_one_endless_line_and_on_an_endless_comment() {
        let text =
            "INSERT INTO t VALUES (1,'x');".repeat(200_000) + "/*" + &"c".repeat(4_000_000) + "*/ SELECT 1;";
        let mut statements = Statements::new(BufReader::new(text.as_bytes())).limit(1 << 20);
        let count = statements.by_ref().map(Result::unwrap).count();
        assert_eq!(count, 200_001);
        assert!(statements.buffer.capacity() < 1 << 20, "{} bytes", statements.buffer.capacity());
    }

    #[test]
    fn a_statement_beyond_the_limit_is_refused() {
        let text = format!("SELECT '{}'", "x".repeat(100_000));
        let outcome: Result<Vec<_>, _> = Statements::new(text.as_bytes()).limit(1_000).collect();
        assert!(matches!(outcome, Err(StatementsError::TooLong { line: 1, limit: 1_000 }) | Ok(_)));
        let outcome: Result<Vec<_>, _> =
            Statements::new(BufReader::with_capacity(512, text.as_bytes())).limit(1_000).collect();
        assert!(matches!(outcome, Err(StatementsError::TooLong { line: 1, limit: 1_000 })));
    }

    /// How many semicolons the tokeniser sees outside of executable comments.
    fn ends(sql: &str) -> usize {
        let mut open = 0_usize;
        let outside = pieces(sql, Mode::default()).filter(|piece| {
            open = match piece.kind {
                TokenKind::Mark if piece.text(sql) == "*/" => open.saturating_sub(1),
                TokenKind::Mark => open + 1,
                _ => open,
            };
            open == 0 && piece.is(b';')
        });
        outside.count()
    }

    proptest! {
        #[test]
        fn a_statement_ends_where_the_tokeniser_sees_its_delimiter(sql in "[;;'\"`\\\\/*!M# \n5a-]{0,60}") {
            // A text that ends inside quotes or a comment is an error, and gives no statements here.
            for statement in cut_by(sql.as_bytes(), 7).into_iter().flatten().map(|(_, sql)| sql) {
                prop_assert_eq!(ends(&statement), 0, "{}", statement);
            }
        }

        #[test]
        fn any_bytes_are_cut_alike_whatever_the_reads(bytes in proptest::collection::vec(
            prop_oneof![Just(b';'), Just(b'\''), Just(b'\\'), Just(b'-'), Just(b'/'), Just(b'*'), Just(b'!'),
                        Just(b'#'), Just(b'\n'), Just(b' '), Just(b'`'), any::<u8>()], 0..400), step in 1_usize..40) {
            let show = |r: Result<Vec<(u64, String)>, StatementsError>| r.map_err(|e| e.to_string());
            prop_assert_eq!(show(cut_by(&bytes, step)), show(cut_by(&bytes, 1 << 16)));
        }
    }
}
