//! The one tokeniser: SQL text as words, names, texts, symbols, comments and blanks.
//!
//! In: text that a server, a dump or a branch wrote, and the parts of its `sql_mode` that decide how it is read
//! ([`Mode`]). Out: [`pieces`], which follow one another without a gap from the first byte to the last, or [`tokens`],
//! the pieces that are code.
//!
//! ```text
//! comment          #…, `-- …`, `--` at the end or before any control character, /*…*/, optimizer hints too
//! mark             /*!, /*!80016, /*M!100100 and the */ that ends them: what is between two marks is code, whatever the version
//! name             `…`; "…" under ANSI_QUOTES
//! text             '…'; "…" otherwise. Neither a doubled quote nor one behind a backslash ends it
//! ```
//!
//! It does not know the grammar: a word may be a name, a number or a keyword. An introducer and its text (`_latin1'…'`,
//! `x'…'`) are a word and a text. It knows neither the version of the server nor which of the two it is: so a `/*M! … */`
//! that MySQL skips, and a mark of a version that is too high, are code as well, and a quote that is not closed in one
//! hides what follows. It knows no commands of the client (`DELIMITER` is in `statements`), and no encodings in which a
//! quote or a backslash can be the second byte of a character (sjis, gbk). Quotes and comments that are never closed end
//! at the end of the text.

use std::borrow::Cow;
use std::ops::Range;

/// The parts of `sql_mode` that decide where tokens begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Double quotes enclose names, not texts.
    ansi_quotes: bool,
    /// A backslash in a text escapes the next character.
    backslash_escapes: bool,
}

impl Default for Mode {
    /// The mode in which every session of ours reads SQL.
    fn default() -> Self {
        Self { ansi_quotes: false, backslash_escapes: true }
    }
}

impl Mode {
    /// Reads the value of a `sql_mode`. For `ANSI` the server writes its parts, too.
    pub(crate) fn of(sql_mode: &str) -> Self {
        let has = |wanted: &str| sql_mode.split(',').any(|word| word.trim().eq_ignore_ascii_case(wanted));
        Self { ansi_quotes: has("ANSI_QUOTES"), backslash_escapes: !has("NO_BACKSLASH_ESCAPES") }
    }

    /// The mode that the last `SET sql_mode = '…'` of these statements leaves.
    pub(crate) fn set_by<S: AsRef<str>>(statements: &[S]) -> Self {
        let set = |statement: &S| {
            let sql = statement.as_ref();
            let found = tokens(sql);
            let name = found.iter().position(|token| token.is_word(sql, "sql_mode"))?;
            let [equals, value] = found.get(name + 1..name + 3)? else { return None };
            (equals.is(b'=') && value.kind == TokenKind::Text).then(|| Self::of(&value.inner(sql)))
        };
        statements.iter().rev().find_map(set).unwrap_or_default()
    }

    /// The same mode, but backslashes escape nothing.
    pub(crate) fn without_backslash_escapes(self) -> Self {
        Self { backslash_escapes: false, ..self }
    }

    /// Whether a backslash escapes a quote inside quotes of this kind.
    pub(super) fn escapes(self, quote: u8) -> bool {
        self.backslash_escapes && self.kind_of(quote) == TokenKind::Text
    }

    fn kind_of(self, quote: u8) -> TokenKind {
        match quote {
            b'`' => TokenKind::Name,
            b'"' if self.ansi_quotes => TokenKind::Name,
            _ => TokenKind::Text,
        }
    }
}

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word or a number: letters, digits, `_`, `$`, and everything that is not ASCII.
    Word,
    /// A name in quotes.
    Name,
    /// A string in quotes.
    Text,
    /// Any other single byte.
    Symbol(u8),
    /// White space between tokens.
    Blank,
    /// A comment that no server reads as code.
    Comment,
    /// The beginning or the end of a comment that servers read as code.
    Mark,
}

/// One token and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) place: Range<usize>,
}

impl Token {
    /// The token as it is written.
    pub(crate) fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.place.clone()]
    }

    /// Whether it is the given word, in any case.
    pub(crate) fn is_word(&self, sql: impl AsRef<[u8]>, word: &str) -> bool {
        self.kind == TokenKind::Word && sql.as_ref()[self.place.clone()].eq_ignore_ascii_case(word.as_bytes())
    }

    /// Whether it is the given symbol.
    pub(crate) fn is(&self, symbol: u8) -> bool {
        self.kind == TokenKind::Symbol(symbol)
    }

    /// Whether servers read it as code.
    pub(crate) fn is_code(&self) -> bool {
        !matches!(self.kind, TokenKind::Blank | TokenKind::Comment | TokenKind::Mark)
    }

    /// Whether a name or text in quotes has its closing quote.
    pub(crate) fn is_closed(&self, sql: &str, mode: Mode) -> bool {
        let text = self.text(sql).as_bytes();
        quoted_end(text, text[0], mode.escapes(text[0])).is_some()
    }

    /// The token as a name, without quotes; nothing if it cannot be a name.
    pub(crate) fn name<'a>(&self, sql: &'a str) -> Option<Cow<'a, str>> {
        match self.kind {
            TokenKind::Word => Some(Cow::Borrowed(self.text(sql))),
            TokenKind::Name => Some(self.inner(sql)),
            _ => None,
        }
    }

    /// Like [`Self::name`], but a text in double quotes counts too: for an unknown mode, or where only a name can stand.
    pub(crate) fn possible_name<'a>(&self, sql: &'a str) -> Option<Cow<'a, str>> {
        let is_text = self.kind == TokenKind::Text && self.text(sql).starts_with('"');
        if is_text { Some(self.inner(sql)) } else { self.name(sql) }
    }

    /// The text between the quotes; doubled quotes become single ones.
    fn inner<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        let text = self.text(sql);
        let (quote, inner) = text.split_at(1);
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        if inner.contains(quote) { Cow::Owned(inner.replace(&quote.repeat(2), quote)) } else { inner.into() }
    }
}

/// The tokens of `sql` that are code, as a session of ours reads them.
pub(crate) fn tokens(sql: &str) -> Vec<Token> {
    pieces(sql, Mode::default()).filter(Token::is_code).collect()
}

/// All pieces of `sql`, blanks and comments too. The text behind the last piece that was taken is not read.
pub(crate) fn pieces<S: AsRef<[u8]> + ?Sized>(sql: &S, mode: Mode) -> Pieces<'_> {
    Pieces { bytes: sql.as_ref(), mode, at: 0, marks: 0 }
}

/// The pieces of a text, one after the other: see [`pieces`].
#[derive(Debug)]
pub(crate) struct Pieces<'a> {
    bytes: &'a [u8],
    mode: Mode,
    at: usize,
    /// How many executable comments are not closed yet.
    marks: usize,
}

impl Iterator for Pieces<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let first = *rest.first()?;
        let (kind, length) = match first {
            byte if is_word(byte) => (TokenKind::Word, run(rest, is_word)),
            byte if is_blank(byte) => (TokenKind::Blank, run(rest, is_blank)),
            quote @ (b'`' | b'"' | b'\'') => {
                (self.mode.kind_of(quote), quoted_length(rest, quote, self.mode.escapes(quote)))
            }
            b'/' if opens_executable(rest) => {
                self.marks += 1;
                (TokenKind::Mark, mark_length(rest))
            }
            b'/' | b'-' | b'#' if opens_comment(rest) => (TokenKind::Comment, comment_length(rest)),
            b'*' if self.closes_mark(rest) => {
                self.marks = self.marks.saturating_sub(1);
                (TokenKind::Mark, 2)
            }
            byte => (TokenKind::Symbol(byte), 1),
        };
        self.at += length;
        Some(Token { kind, place: start..self.at })
    }
}

impl Pieces<'_> {
    /// Whether `*/` ends an executable comment here, even one that began before this text. In `2*/* … */3` the `*`
    /// multiplies.
    fn closes_mark(&self, rest: &[u8]) -> bool {
        rest.starts_with(b"*/") && (self.marks > 0 || rest.get(2) != Some(&b'*'))
    }
}

/// Whether a comment begins here, executable ones included.
pub(super) fn opens_comment(text: &[u8]) -> bool {
    match text {
        [b'#', ..] | [b'/', b'*', ..] => true,
        [b'-', b'-', rest @ ..] => rest.first().is_none_or(|byte| *byte <= b' '),
        _ => false,
    }
}

/// True for `/*!` and MariaDB's `/*M!`: comments that servers read as code.
pub(super) fn opens_executable(text: &[u8]) -> bool {
    text.starts_with(b"/*!") || text.starts_with(b"/*M!")
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(*byte)).unwrap_or(bytes.len())
}

/// Length of `/*!` or `/*M!` with all digits that follow, which are the version.
fn mark_length(rest: &[u8]) -> usize {
    let opening = if rest[2] == b'!' { 3 } else { 4 };
    opening + run(&rest[opening..], |byte| byte.is_ascii_digit())
}

fn comment_length(rest: &[u8]) -> usize {
    let end = if rest[0] == b'/' {
        memchr::memmem::find(&rest[2..], b"*/").map(|at| at + 4)
    } else {
        memchr::memchr(b'\n', rest).map(|at| at + 1)
    };
    end.unwrap_or(rest.len())
}

/// Length of a quoted token with both quotes.
fn quoted_length(rest: &[u8], quote: u8, escapes: bool) -> usize {
    quoted_end(rest, quote, escapes).unwrap_or(rest.len())
}

fn quoted_end(rest: &[u8], quote: u8, escapes: bool) -> Option<usize> {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' if escapes => at += 2,
            byte if byte == quote && rest.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// A statement without blanks at its ends, and without a last `*/`, which closes a comment that servers read as code
/// around it.
pub(crate) fn without_closing_marks(sql: &str) -> &str {
    sql.trim().trim_end_matches("*/").trim()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).iter().map(|token| &sql[token.place.clone()]).collect()
    }

    fn names(sql: &str, mode: Mode) -> Vec<String> {
        pieces(sql, mode).filter(Token::is_code).filter_map(|token| Some(token.name(sql)?.into())).collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_is_in_them() {
        assert_eq!(texts("a, -- b, c\nd /* , */ e"), ["a", ",", "d", "e"]);
        assert_eq!(texts("'it''s, \\' x' `a``,b` \"q,\""), ["'it''s, \\' x'", "`a``,b`", "\"q,\""]);
        assert_eq!(texts("x /*!80016 NOT ENFORCED */ y"), ["x", "NOT", "ENFORCED", "y"]);
        assert_eq!(texts("1--2"), ["1", "-", "-", "2"]);
    }

    #[test]
    fn what_is_never_closed_ends_at_the_end() {
        for sql in ["'abc", "`x\\", "'a\\", "/* x", "-- x", "/*!", "é'"] {
            assert!(tokens(sql).iter().all(|token| token.place.end <= sql.len()), "{sql}");
        }
    }

    #[test]
    fn comments_of_both_servers_that_are_code_leave_marks_only() {
        for sql in ["/*!a*/", "/*! a */", "/*!50003 a*/", "/*!100100 a */", "/*M!a*/", "/*M!100100 a */"] {
            assert_eq!(texts(sql), ["a"], "{sql}");
        }
        // The end of a comment that began before may stand alone.
        assert_eq!(texts("/*!50003 a */ b */ c"), ["a", "b", "c"]);
        assert_eq!(texts("/*!50003 2*//* x */"), ["2"]);
        assert_eq!(texts("2*/* ' */3"), ["2", "*", "3"]);
    }

    #[test]
    fn two_dashes_are_a_comment_before_anything_that_cannot_be_seen() {
        for end in ["", " x", "\tx", "\rx", "\u{b}x", "\u{1}x", "\n"] {
            assert_eq!(texts(&format!("a --{end}")), ["a"], "{end:?}");
        }
        assert_eq!(texts("a # b\n-c"), ["a", "-", "c"]);
    }

    #[test]
    fn double_quotes_are_those_of_texts_unless_the_mode_says_otherwise() {
        let sql = "`a``b` \"c\"\"d\" 'e' f";
        assert_eq!(names(sql, Mode::default()), ["a`b", "f"]);
        assert_eq!(names(sql, Mode::of("STRICT_ALL_TABLES,ansi_quotes")), ["a`b", "c\"d", "f"]);
        let quoted = &tokens(sql)[1];
        assert_eq!(quoted.possible_name(sql).as_deref(), Some("c\"d"));
    }

    #[test]
    fn a_backslash_matters_in_texts_and_only_if_the_mode_lets_it() {
        assert_eq!(texts(r"'a\' b' `c\` d"), [r"'a\' b'", r"`c\`", "d"]);
        let plain = |mode: Mode| pieces(r#"'a\' b "c\" d"#, mode).filter(Token::is_code).count();
        assert_eq!(plain(Mode::of("NO_BACKSLASH_ESCAPES")), 4);
        assert_eq!(plain(Mode::default().without_backslash_escapes()), 4);
        assert_eq!(names(r#""c\" d"#, Mode::of("ANSI_QUOTES")), [r"c\", "d"]);
    }

    #[test]
    fn the_mode_that_statements_set_is_the_last_one() {
        let set = ["SET NAMES utf8mb4", "SET sql_mode = ''", "set SESSION sql_mode='A,ANSI_QUOTES'"];
        assert_eq!(Mode::set_by(&set), Mode::of("ANSI_QUOTES"));
        assert_eq!(Mode::set_by(&set[..2]), Mode::default());
    }

    /// Text in which quotes, comments and marks begin or end everywhere.
    fn confusing() -> impl Strategy<Value = String> {
        let parts = prop_oneof![
            Just("'"),
            Just("\""),
            Just("`"),
            Just("\\"),
            Just("--"),
            Just("-- "),
            Just("#"),
            Just("\n"),
            Just(" "),
            Just("/*"),
            Just("*/"),
            Just("/*!"),
            Just("/*M!"),
            Just("50003"),
            Just("a"),
            Just("."),
            Just("é"),
            Just(";"),
            Just("*"),
            Just("/"),
        ];
        proptest::collection::vec(parts, 0..30).prop_map(|parts| parts.concat())
    }

    fn covers(sql: &[u8], mode: Mode) -> bool {
        let mut end = 0;
        for piece in pieces(sql, mode) {
            if piece.place.start != end || piece.place.is_empty() {
                return false;
            }
            end = piece.place.end;
        }
        end == sql.len()
    }

    proptest! {
        #[test]
        fn pieces_cover_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), mode in 0..4) {
            let mode = Mode { ansi_quotes: mode & 1 == 1, backslash_escapes: mode & 2 == 2 };
            prop_assert!(covers(&bytes, mode));
        }

        #[test]
        fn pieces_cover_any_text_and_fall_between_its_characters(sql in confusing(), other in ".*", mode in 0..4) {
            let mode = Mode { ansi_quotes: mode & 1 == 1, backslash_escapes: mode & 2 == 2 };
            for sql in [&sql, &other] {
                prop_assert!(covers(sql.as_bytes(), mode));
                let texts: String = pieces(sql, mode).map(|piece| piece.text(sql)).collect();
                prop_assert_eq!(&texts, sql);
                let _ = pieces(sql, mode).filter_map(|piece| piece.possible_name(sql)).count();
            }
        }
    }
}
