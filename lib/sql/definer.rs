//! The `DEFINER` clause of a definition.
//!
//! In: the `CREATE` statement of a view, routine, trigger or event, as a server, mysqldump or its author wrote it. Out:
//! the clause and its place, or the statement without it or with another account. The word DEFINER behind the head of the
//! statement is left alone.

use std::ops::Range;

use super::lexer::{Mode, Token, TokenKind, pieces};
use super::splice::spliced;

/// What may stand between `CREATE` and `DEFINER`.
const HEAD: [&str; 6] = ["OR", "REPLACE", "ALGORITHM", "UNDEFINED", "MERGE", "TEMPTABLE"];

/// A `DEFINER` clause and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefinerClause {
    /// Its place in the statement, with the blanks behind it.
    pub(crate) place: Range<usize>,
    /// The account that it names, as it is written.
    pub(crate) who: String,
}

/// The clause `DEFINER = user [@ host]`, if the statement has one.
pub(crate) fn definer(sql: &str) -> Option<DefinerClause> {
    definer_in(sql, Mode::default())
}

/// The same for a text under `mode`, in which double quotes may enclose names.
pub(crate) fn definer_in(sql: &str, mode: Mode) -> Option<DefinerClause> {
    let mut code = pieces(sql, mode).filter(Token::is_code);
    code.next().filter(|token| token.is_word(sql, "CREATE"))?;
    let head = |token: &Token| token.is(b'=') || HEAD.iter().any(|word| token.is_word(sql, word));
    let clause = code.find(|token| !head(token)).filter(|token| token.is_word(sql, "DEFINER"))?;
    code.next().filter(|token| token.is(b'='))?;
    let user = code
        .next()
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Name | TokenKind::Text))?;
    let mut last = user.clone();
    let mut next = code.next();
    // The account is `user@host` or `CURRENT_USER()`.
    if next.as_ref().is_some_and(|token| token.is(b'@') || token.is(b'(')) {
        last = code.next()?;
        next = code.next();
    }
    // A host without quotes has points: `db.firm.example`.
    while next.as_ref().is_some_and(|token| token.is(b'.') && token.place.start == last.place.end) {
        last = code.next()?;
        next = code.next();
    }
    let who = sql[user.place.start..last.place.end].to_owned();
    let end = sql.len() - sql[last.place.end..].trim_start().len();
    Some(DefinerClause { place: clause.place.start..end, who })
}

/// A definition without its `DEFINER` clause: the account that runs it becomes the definer.
pub(crate) fn without_definer(sql: &str) -> String {
    spliced(sql, definer(sql).map(|clause| (clause.place, "")))
}

/// A definition with another account in its `DEFINER` clause. Without the clause it stays as it is.
pub(crate) fn with_definer(sql: &str, account: &str) -> String {
    let other = format!("DEFINER={account} ");
    spliced(sql, definer(sql).map(|clause| (clause.place, other.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_definer_away() {
        for (with, without) in [
            ("CREATE DEFINER=`a`@`%` PROCEDURE `p`() SELECT 1", "CREATE PROCEDURE `p`() SELECT 1"),
            (
                "CREATE ALGORITHM=MERGE DEFINER = 'a b'@'x' SQL SECURITY DEFINER VIEW v AS SELECT 1",
                "CREATE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW v AS SELECT 1",
            ),
            (
                "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @DEFINER=1",
                "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @DEFINER=1",
            ),
        ] {
            assert_eq!(without_definer(with), without);
        }
    }

    #[test]
    fn puts_another_account_in_the_place_of_the_definer() {
        assert_eq!(
            with_definer("CREATE DEFINER=`a`@`%` EVENT e DO SET @x = 'DEFINER=y'", "`b`@`h`"),
            "CREATE DEFINER=`b`@`h` EVENT e DO SET @x = 'DEFINER=y'"
        );
        assert_eq!(with_definer("CREATE EVENT e DO SELECT 1", "`b`@`h`"), "CREATE EVENT e DO SELECT 1");
    }

    #[test]
    fn takes_the_definer_out() {
        let sql =
            "CREATE DEFINER=`a b`@`%` TRIGGER `t` BEFORE INSERT ON `x` FOR EACH ROW SET NEW.a = ' DEFINER='";
        assert_eq!(
            without_definer(sql),
            "CREATE TRIGGER `t` BEFORE INSERT ON `x` FOR EACH ROW SET NEW.a = ' DEFINER='"
        );
    }

    #[test]
    fn comments_that_are_code_stay_around_what_is_left() {
        let trigger = "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t */";
        assert_eq!(without_definer(trigger), "/*!50003 CREATE*/ /*!50017 */ /*!50003 TRIGGER t */");
        let view = "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */\n/*M!100100 VIEW */";
        assert_eq!(without_definer(view), view.replace("DEFINER=`a`@`%` ", ""));
    }

    #[test]
    fn names_every_form_of_user() {
        for who in [
            "root@localhost",
            "u@db.firm.example",
            "CURRENT_USER",
            "CURRENT_USER()",
            "'a'@\"b\"",
            "`a``b` @ '%'",
            "`role`",
        ] {
            let sql = format!("create or replace definer = {who}  PROCEDURE p() SELECT 1");
            assert_eq!(definer(&sql).unwrap().who, who);
            assert_eq!(without_definer(&sql), "create or replace PROCEDURE p() SELECT 1");
        }
    }

    #[test]
    fn what_says_definer_behind_the_head_stays() {
        for sql in [
            "CREATE VIEW v AS SELECT DEFINER=1",
            "CREATE TABLE `t` (`a` int COMMENT 'DEFINER=`x`@`y`')",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = ' DEFINER=me '",
            "CREATE /* DEFINER=`a`@`b` */ PROCEDURE p() SELECT 1",
            "INSERT INTO t VALUES (' DEFINER=`x`@`y`')",
        ] {
            assert_eq!(without_definer(sql), sql);
        }
    }
}
