//! SQL text that names its own database, made to name another or none.
//!
//! In: the definition of a table, view, routine, trigger or event; the database it was read from; for another name, the one it goes
//! to, the names that exist there and the mode that the text was written under. Out: the same text, in which
//! `` `app__refresh`.`t` `` says `` `app`.`t` ``. Tokens are looked at instead of a search for text: a string or an alias of that
//! name stays.

use std::collections::BTreeSet;

use super::lexer::{Kind, Mode, Token, pieces, tokens};
use super::quote::name;
use super::splice::spliced;

/// Replaces `from` by `to` where it qualifies one of `known` (tables, views, routines of the database).
pub(crate) fn requalify(sql: &str, from: &str, to: &str, known: &BTreeSet<String>, mode: Mode) -> String {
    if from == to {
        return sql.to_owned();
    }
    let code: Vec<Token> = pieces(sql, mode).filter(Token::is_code).collect();
    let code = Code { sql, tokens: &code };
    let to = name(to);
    let places = (0..code.tokens.len()).filter(|at| code.qualifies(*at, from, known));
    spliced(sql, places.map(|at| (code.tokens[at].place.clone(), to.as_str())))
}

struct Code<'a> {
    sql: &'a str,
    tokens: &'a [Token],
}

impl Code<'_> {
    fn is_name(&self, at: usize, name: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.name(self.sql).as_deref() == Some(name))
    }

    fn is_dot(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(b'.'))
    }

    /// Whether the name at `at` is `from` and stands before `.known`, is itself not behind a dot, and is no table's name as well
    /// (`app.id` may mean the column of a table `app`; three parts never do).
    fn qualifies(&self, at: usize, from: &str, known: &BTreeSet<String>) -> bool {
        self.is_name(at, from)
            && self.is_dot(at + 1)
            && !(at > 0 && self.is_dot(at - 1))
            && self.known(at + 2, known)
            && (!known.contains(from) || self.is_dot(at + 3))
    }

    fn known(&self, at: usize, known: &BTreeSet<String>) -> bool {
        let name = self.tokens.get(at).and_then(|token| token.name(self.sql));
        name.is_some_and(|name| known.contains(name.as_ref()))
    }
}

/// `sql` with `` `database`. `` taken away before quoted names, so that it can run in a database of another name.
pub(crate) fn unqualified(sql: &str, database: &str) -> String {
    let found = tokens(sql);
    let places = found.windows(3).enumerate().filter(|(at, three)| {
        three[0].kind == Kind::Name
            && three[1].is(b'.')
            && three[2].kind == Kind::Name
            && three[0].name(sql).as_deref() == Some(database)
            // The middle of a.b.c is not a database: `t`.`c` of a table that is named as its database.
            && !(*at > 0 && found[at - 1].is(b'.'))
    });
    spliced(sql, places.map(|(_, three)| (three[0].place.start..three[2].place.start, "")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known() -> BTreeSet<String> {
        ["t", "v", "log file"].map(str::to_owned).into()
    }

    fn renamed(sql: &str, from: &str, known: &BTreeSet<String>) -> String {
        requalify(sql, from, "dev", known, Mode::default())
    }

    #[test]
    fn renames_what_qualifies_and_nothing_else() {
        let text = "SELECT `app`.`t`.`id`, app . t.x, 'app.t', \"app.t\", x.app.t /* app.t */ FROM app.`log file` -- app.t\n, app.other, myapp.t";
        assert_eq!(
            renamed(text, "app", &known()),
            "SELECT `dev`.`t`.`id`, `dev` . t.x, 'app.t', \"app.t\", x.app.t /* app.t */ FROM `dev`.`log file` -- app.t\n, app.other, myapp.t"
        );
    }

    #[test]
    fn leaves_columns_of_a_table_that_is_named_like_its_database() {
        let mut names = known();
        names.insert("app".to_owned());
        assert_eq!(renamed("app.t, app.t.id", "app", &names), "app.t, `dev`.t.id");
    }

    #[test]
    fn comments_that_are_code_are_read_and_others_are_not() {
        for sql in
            ["/*!50100 app.t */", "/*M!100100 app.t */", "app/* x */.t", "app -- x\n.t", "2*/* ' */app.t"]
        {
            assert_eq!(renamed(sql, "app", &known()), sql.replace("app", "`dev`"), "{sql}");
        }
        for sql in ["/* app.t */", "--\rapp.t", "1 --\u{1}app.t", "# app.t", "/*+ app.t */"] {
            assert_eq!(renamed(sql, "app", &known()), sql, "{sql}");
        }
    }

    #[test]
    fn a_back_tick_in_the_name_is_no_end_of_it() {
        assert_eq!(renamed("`a``b`.`t`", "a`b", &known()), "`dev`.`t`");
    }

    #[test]
    fn double_quotes_are_those_of_names_where_the_text_was_written_so() {
        let sql = "SELECT \"app\".\"t\".x, 'app', \"app.t\"";
        assert_eq!(renamed(sql, "app", &known()), sql);
        let renamed = requalify(sql, "app", "dev", &known(), Mode::of("ANSI_QUOTES"));
        assert_eq!(renamed, "SELECT `dev`.\"t\".x, 'app', \"app.t\"");
    }

    #[test]
    fn own_qualifiers_go_and_others_stay() {
        assert_eq!(unqualified("nextval(`a`.`s`) `b`.`t` '`a`.`x`'", "a"), "nextval(`s`) `b`.`t` '`a`.`x`'");
        assert_eq!(unqualified("`b` /* x */ . `a`.`c`", "a"), "`b` /* x */ . `a`.`c`");
    }

    proptest! {
        #[test]
        fn text_without_qualified_names_stays_as_it_is(sql in "[a-z `'\"\\\\/*!M#\n,;=0-9é-]{0,60}") {
            // Without a point nothing is qualified.
            prop_assert_eq!(renamed(&sql, "a", &["b".to_owned()].into()), sql.clone());
            prop_assert_eq!(unqualified(&sql, "a"), sql);
        }

        #[test]
        fn text_that_qualifies_with_something_else_stays_as_it_is(sql in "[b-z `'\"\\\\/*!M#\n,;=0-9é.-]{0,60}") {
            prop_assert_eq!(renamed(&sql, "a", &["b".to_owned()].into()), sql.clone());
            prop_assert_eq!(unqualified(&sql, "a"), sql);
        }
    }
}
