//! The text between two delimiters, cut where it is several statements.
//!
//! In: a text with semicolons in it, which ended at another delimiter (`DELIMITER $$`). Out: its statements. The stock
//! client sends such a text in one piece, and the server runs one statement after the other. Our sessions send one
//! statement at a time, so the text is cut before. The body of a routine, trigger or event stays in one piece.

use std::ops::Range;

use crate::sql::lexer::{Mode, Token, TokenKind, pieces};

/// The single statements of a text in which semicolons may stand, since another delimiter ended it: each with its line
/// and its place. `line` is that of the text.
pub(crate) fn singles(text: &str, line: u64, mode: Mode) -> Vec<(u64, Range<usize>)> {
    let line_at = |at: usize| line + text[..at].bytes().filter(|byte| *byte == b'\n').count() as u64;
    let all = statements_of(text, mode).into_iter();
    all.map(|(at, single)| (line_at(at), at..at + single.len())).collect()
}

/// The statements of a text, each with the place where it begins.
fn statements_of(sql: &str, mode: Mode) -> Vec<(usize, &str)> {
    if !sql.contains(';') {
        return vec![(0, sql)];
    }
    let mut found = Vec::new();
    let (mut begin, mut marks) = (0_usize, 0_usize);
    let mut add = |begin: usize, end: usize| {
        let text = &sql[begin..end];
        // Comments alone are no statement: a server would refuse them.
        if pieces(text, mode).any(|token| token.is_code()) {
            found.push((begin + text.len() - text.trim_start().len(), text.trim()));
        }
    };
    for token in pieces(sql, mode) {
        match token.kind {
            TokenKind::Mark if token.text(sql).starts_with('/') => marks += 1,
            TokenKind::Mark => marks = marks.saturating_sub(1),
            TokenKind::Symbol(b';') if marks == 0 => {
                // A statement with a body goes on to the end of the text.
                if has_body(&sql[begin..], mode) {
                    break;
                }
                add(begin, token.place.start);
                begin = token.place.end;
            }
            _ => {}
        }
    }
    add(begin, sql.len());
    found
}

/// Whether semicolons are part of the statement: it creates or alters an object with a body, or is itself a compound
/// statement.
fn has_body(sql: &str, mode: Mode) -> bool {
    let code: Vec<Token> =
        pieces(sql, mode).filter(Token::is_code).take_while(|token| !token.is(b';')).collect();
    let is = |at: usize, word: &str| code.get(at).is_some_and(|token| token.is_word(sql, word));
    // MariaDB runs the compound statements of routines outside of them, too.
    let compound = ["IF", "WHILE", "LOOP", "REPEAT", "FOR", "CASE", "DECLARE"];
    let labelled = code.get(1).is_some_and(|token| token.is(b':'));
    if labelled || compound.iter().any(|word| is(0, word)) {
        return true;
    }
    if is(0, "BEGIN") {
        return code.len() > 1 && !is(1, "WORK");
    }
    let bodies = ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"];
    (is(0, "CREATE") || is(0, "ALTER"))
        && code.iter().any(|token| bodies.iter().any(|word| token.is_word(sql, word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        statements_of(sql, Mode::default()).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_block_of_several_statements_is_cut() {
        let sql = "INSERT INTO t VALUES (';');\nINSERT INTO u VALUES (2) -- ; x\n;;/* ; */";
        assert_eq!(texts(sql), ["INSERT INTO t VALUES (';')", "INSERT INTO u VALUES (2) -- ; x"]);
        assert_eq!(statements_of(sql, Mode::default())[1].0, sql.find("INSERT INTO u").unwrap());
        let (line, place) = singles(sql, 7, Mode::default())[1].clone();
        assert_eq!((line, &sql[place]), (8, "INSERT INTO u VALUES (2) -- ; x"));
        assert_eq!(texts("SELECT 1"), ["SELECT 1"]);
        assert_eq!(texts("SELECT 1; USE victim; DROP TABLE t"), ["SELECT 1", "USE victim", "DROP TABLE t"]);
    }

    #[test]
    fn what_is_in_front_of_a_body_is_cut_off() {
        let sql = "DROP PROCEDURE IF EXISTS p; CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END";
        assert_eq!(
            texts(sql),
            ["DROP PROCEDURE IF EXISTS p", "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END"]
        );
        assert_eq!(
            texts("BEGIN; INSERT INTO t VALUES (1); COMMIT"),
            ["BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"]
        );
    }

    #[test]
    fn a_body_stays_in_one_piece() {
        for sql in [
            "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END",
            "create or replace definer=`a`@`b` function f() returns int begin return 1; end",
            "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET @a=1; END */",
            "ALTER EVENT e DO BEGIN SELECT 1; END",
            "CREATE PACKAGE BODY p AS x INT := 1; END",
            "BEGIN NOT ATOMIC SELECT 1; END",
            "IF 1 THEN SELECT 1; SELECT 2; END IF",
            "l: LOOP SELECT 1; LEAVE l; END LOOP",
            "BEGIN SELECT 1; SELECT 2; END",
            "/*!50003 SELECT 1; SELECT 2 */",
        ] {
            assert_eq!(texts(sql), [sql]);
        }
    }
}
