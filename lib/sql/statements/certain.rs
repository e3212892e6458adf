//! A text that every server reads the same way.
//!
//! In: a statement, and the mode that it is read under. Out: its code, or what in it is not certain. Servers differ in
//! whether they read `/*!80000 … */` as code or as a comment. So it must end at the same place in both cases: no text,
//! name or comment inside it may hold its end. Then there are two readings, with the code in such marks and without it,
//! and both must be looked at.

use crate::sql::lexer::{Mode, Token, TokenKind, pieces};

/// A statement that every server reads the same way.
#[derive(Debug)]
pub(crate) struct Certain<'a> {
    pub(crate) sql: &'a str,
    /// All its code, inside marks too.
    all: Vec<Token>,
    /// The code outside of marks, if there is a mark.
    unmarked: Option<Vec<Token>>,
}

impl<'a> Certain<'a> {
    /// Reads a statement, or says why servers may read it differently.
    pub(crate) fn of(sql: &'a str, mode: Mode) -> Result<Self, &'static str> {
        let (mut all, mut unmarked, mut marks) = (Vec::new(), Vec::new(), 0_u32);
        for token in pieces(sql, mode) {
            let (text, in_mark) = (token.text(sql), marks % 2 == 1);
            match token.kind {
                TokenKind::Mark if in_mark == text.starts_with('/') || !has_version(text) => {
                    return Err("a version comment that servers read in different ways");
                }
                TokenKind::Mark => marks += 1,
                TokenKind::Comment if in_mark => return Err("a comment in a version comment"),
                TokenKind::Comment if text.starts_with("/*") && (text.len() < 4 || !text.ends_with("*/")) => {
                    return Err("a comment that does not end");
                }
                TokenKind::Text | TokenKind::Name if !token.is_closed(sql, mode) => {
                    return Err("a text that does not end");
                }
                TokenKind::Text | TokenKind::Name if in_mark && text.contains("*/") => {
                    return Err("a text that ends a version comment");
                }
                TokenKind::Symbol(byte) if byte < b' ' || byte == 0x7f => {
                    return Err("a control character outside of texts");
                }
                _ => {}
            }
            if token.is_code() {
                if !in_mark {
                    unmarked.push(token.clone());
                }
                all.push(token);
            }
        }
        match marks {
            0 => Ok(Self { sql, all, unmarked: None }),
            _ if marks % 2 == 0 => Ok(Self { sql, all, unmarked: Some(unmarked) }),
            _ => Err("a version comment that does not end"),
        }
    }

    /// The one or two ways in which servers read its code.
    pub(crate) fn readings(&self) -> impl Iterator<Item = &[Token]> {
        std::iter::once(&self.all[..]).chain(self.unmarked.as_deref())
    }
}

/// The code that every server of today reads: with what is in marks for a version that all have, without marks for newer
/// ones or for MariaDB.
pub(crate) fn read_by_all(sql: &str, mode: Mode) -> Vec<Token> {
    let (mut code, mut is_of_some) = (Vec::new(), false);
    for token in pieces(sql, mode) {
        let text = token.text(sql);
        match token.kind {
            TokenKind::Mark => is_of_some = text.starts_with("/*M") || version(text) > VERSION_OF_ALL,
            _ if token.is_code() && !is_of_some => code.push(token),
            _ => {}
        }
    }
    code
}

/// The last version of MySQL whose marks every server of today reads as code.
const VERSION_OF_ALL: u32 = 50_699;

fn version(mark: &str) -> u32 {
    let digits: String = mark.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Whether all servers read the digits of a mark as its version: none, five or six. Of other numbers a part would be
/// code.
fn has_version(mark: &str) -> bool {
    matches!(mark.bytes().filter(u8::is_ascii_digit).count(), 0 | 5 | 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_server_reads_is_what_no_newer_one_is_asked_for() {
        let sql = "/*!50001 CREATE */ /*M!100100 b */ /*! c */ /*!80000 d */ e /* f */ /*!50100 g */ 'h'";
        let code = read_by_all(sql, Mode::default());
        let words: Vec<&str> = code.iter().map(|token| token.text(sql)).collect();
        assert_eq!(words, ["CREATE", "c", "e", "g", "'h'"]);
    }

    #[test]
    fn marks_are_read_in_two_ways_and_what_depends_on_more_is_not_certain() {
        let code = Certain::of("SELECT 1 /*!80000 + 2 */ -- x", Mode::default()).unwrap();
        let lengths: Vec<usize> = code.readings().map(<[Token]>::len).collect();
        assert_eq!(lengths, [4, 2]);
        for sql in [
            "SELECT 1 /*!99999 ' */; DROP TABLE x /*!99999 ' */",
            "SELECT 1 /*!99999 ` */; DROP TABLE x /*!99999 ` */",
            "SELECT 1 /*!50000 -- */ + 1",
            "SELECT 1 /*!50000 + /* x */ 1 */",
            "SELECT 1 /*!50000 /*!50000 + 1 */ */",
            "SELECT 1 /*!50000 + 1",
            "SELECT 1 */",
            "SELECT 1 /*!5000 + 1 */",
            "SELECT 1 /* x",
            "SELECT 'x",
            "SELECT 'x\\'",
            "SELECT \u{0} 1",
        ] {
            assert!(Certain::of(sql, Mode::default()).is_err(), "{sql}");
        }
        assert!(Certain::of("SELECT 'x\\'", Mode::of("NO_BACKSLASH_ESCAPES")).is_ok());
    }
}
