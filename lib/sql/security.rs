//! `SQL SECURITY`: with whose rights a view or a package runs.
//!
//! In: the `CREATE` statement of one, as a server wrote it. Out: the same with `SQL SECURITY INVOKER`.

use super::lexer::{Mode, Token, pieces};
use super::splice::spliced;

/// How many tokens of a statement are read: its head has fewer, and behind it is the body.
const HEAD_TOKENS: usize = 40;

/// The statement with `SQL SECURITY INVOKER`; unchanged if it creates neither a view nor a package.
pub(crate) fn with_invoker(sql: &str, mode: Mode) -> String {
    let code: Vec<Token> = pieces(sql, mode).filter(Token::is_code).take(HEAD_TOKENS).collect();
    let is = |at: usize, word: &str| code.get(at).is_some_and(|token| token.is_word(sql, word));
    let kind = (0..code.len()).find(|at| is(*at, "VIEW") || is(*at, "PACKAGE"));
    let Some(kind) = kind else { return sql.to_owned() };
    // SQL SECURITY stands before the name of a view, but behind the name of a package.
    let search_end = if is(kind, "VIEW") { kind } else { code.len() };
    if let Some(at) = (0..search_end).find(|at| is(*at, "SQL") && is(at + 1, "SECURITY")) {
        let place = code.get(at + 2).map(|token| (token.place.clone(), "INVOKER"));
        return spliced(sql, place);
    }
    if is(kind, "VIEW") {
        let place = code[kind].place.start;
        return spliced(sql, [(place..place, "SQL SECURITY INVOKER ")]);
    }
    let mut at = kind + usize::from(is(kind + 1, "BODY")) + 1;
    while code.get(at + 1).is_some_and(|token| token.is(b'.')) {
        at += 2;
    }
    let place = code.get(at).map_or(sql.len(), |token| token.place.end);
    spliced(sql, [(place..place, " SQL SECURITY INVOKER")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_the_mode_of_its_package() {
        let sql = r#"CREATE DEFINER="a"@"b" PACKAGE "p\" COMMENT 'x" SQL SECURITY DEFINER "' AS END"#;
        let wanted = r#"CREATE DEFINER="a"@"b" PACKAGE "p\" SQL SECURITY INVOKER COMMENT 'x" SQL SECURITY DEFINER "' AS END"#;
        let read = Mode::of("ANSI_QUOTES");
        assert_eq!(with_invoker(sql, read), wanted);
    }

    #[test]
    fn a_view_or_a_package_runs_with_the_rights_of_its_user() {
        for (sql, wanted) in [
            (
                "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW `v` AS select 1 AS `SQL SECURITY`",
                "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW `v` AS select 1 AS `SQL SECURITY`",
            ),
            (
                "CREATE DEFINER=`a`@`b` VIEW `v` AS select 1",
                "CREATE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW `v` AS select 1",
            ),
            (
                "CREATE DEFINER=`a`@`b` PACKAGE BODY `p` AS x INT; END",
                "CREATE DEFINER=`a`@`b` PACKAGE BODY `p` SQL SECURITY INVOKER AS x INT; END",
            ),
            (
                "CREATE DEFINER=`a`@`b` PACKAGE `d`.`p` SQL SECURITY DEFINER AS END",
                "CREATE DEFINER=`a`@`b` PACKAGE `d`.`p` SQL SECURITY INVOKER AS END",
            ),
        ] {
            assert_eq!(with_invoker(sql, Mode::default()), wanted);
        }
    }
}
