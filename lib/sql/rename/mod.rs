//! Changes the database that SQL text names: to another one, or to none.
//!
//! In: the definition of a table, view, routine, trigger or event, and the database that it was read from; for another
//! database, its name, the names that exist in the old one and the mode that the text was written under. Out: the same
//! text, in which `` `app__refresh`.`t` `` has become `` `app`.`t` ``; or the tables and routines that it names. The
//! place of a name tells what it stands for (`scope.rs`): a string, an alias or a table with the database's name stays.

mod scope;

use std::collections::BTreeSet;

use super::lexer::{Mode, Token, pieces};
use super::quote::name;
use super::splice::spliced;
use scope::{Reference, references};

/// A table or a routine that a text names: its name, and its database if the text has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) database: Option<String>,
    pub(crate) name: String,
}

/// Replaces the database `from` by `to`. `known` are its tables and routines: in a place that is not understood, `from`
/// is taken for the database only in front of one of them.
pub(crate) fn requalify(sql: &str, from: &str, to: &str, known: &BTreeSet<String>, mode: Mode) -> String {
    if from == to {
        return sql.to_owned();
    }
    let code = Code::of(sql, mode);
    let to = name(to);
    let places = code.qualifiers(from, known);
    spliced(sql, places.into_iter().map(|at| (code.tokens[at].place.clone(), to.as_str())))
}

/// Writes `database` as it is given, wherever the text has it in another case. `known` are the names of its tables and
/// routines in lower case. It is for texts of servers to which these names are the same.
pub(crate) fn in_case(sql: &str, database: &str, known: &BTreeSet<String>, mode: Mode) -> String {
    let code = Code { ignores_case: true, ..Code::of(sql, mode) };
    let to = name(database);
    let is_other = |at: &usize| code.tokens[*at].name(sql).is_some_and(|name| name != database);
    let places = code.qualifiers(database, known).into_iter().filter(is_other);
    spliced(sql, places.map(|at| (code.tokens[at].place.clone(), to.as_str())))
}

/// `sql` without `` `database`. `` in front of tables, so that it can run in a database of another name. In front of a
/// function call it stays: without it, a name may be that of the server's own function.
pub(crate) fn unqualified(sql: &str, database: &str) -> String {
    let code = Code::of(sql, Mode::default());
    let own = |found: &Reference| found.database.filter(|at| !found.is_call && code.is_name(*at, database));
    let places: BTreeSet<usize> = code.references.iter().filter_map(own).collect();
    let place = |at: usize| code.tokens[at].place.start..code.tokens[at + 2].place.start;
    spliced(sql, places.into_iter().map(|at| (place(at), "")))
}

/// The tables and routines that a text names.
pub(crate) fn named_in(sql: &str, mode: Mode) -> BTreeSet<Named> {
    let code = Code::of(sql, mode);
    let text = |at: usize| code.tokens[at].name(sql).map(std::borrow::Cow::into_owned);
    let named =
        |found: &Reference| Some(Named { database: found.database.and_then(text), name: text(found.name)? });
    code.references.iter().filter_map(named).collect()
}

struct Code<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    references: Vec<Reference>,
    /// Whether names that differ in case only are the same.
    ignores_case: bool,
}

impl<'a> Code<'a> {
    fn of(sql: &'a str, mode: Mode) -> Self {
        let tokens: Vec<Token> = pieces(sql, mode).filter(Token::is_code).collect();
        let references = references(sql, &tokens);
        Self { sql, tokens, references, ignores_case: false }
    }

    fn is_name(&self, at: usize, name: &str) -> bool {
        let same =
            |found: &str| found == name || self.ignores_case && found.to_lowercase() == name.to_lowercase();
        self.tokens.get(at).and_then(|token| token.name(self.sql)).is_some_and(|found| same(&found))
    }

    fn is(&self, at: usize, symbol: u8) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(symbol))
    }

    /// Which tokens name `from` as a database.
    fn qualifiers(&self, from: &str, known: &BTreeSet<String>) -> BTreeSet<usize> {
        let certain = self.references.iter().filter_map(|found| found.database);
        let mut places: BTreeSet<usize> = certain.filter(|at| self.is_name(*at, from)).collect();
        if !self.may_be_a_table(from, known) {
            places.extend((0..self.tokens.len()).filter(|at| self.precedes_known(*at, from, known)));
        }
        places
    }

    /// Whether `from.x` can be a column: a table or an alias is called `from`, or it is the row of a trigger.
    fn may_be_a_table(&self, from: &str, known: &BTreeSet<String>) -> bool {
        let alone = |at: usize| {
            let is_part = self.is(at + 1, b'.') || at > 0 && (self.is(at - 1, b'.') || self.is(at - 1, b'@'));
            self.is_name(at, from) && !is_part
        };
        let is_row = from.eq_ignore_ascii_case("NEW") || from.eq_ignore_ascii_case("OLD");
        is_row || known.contains(from) || (0..self.tokens.len()).any(alone)
    }

    fn precedes_known(&self, at: usize, from: &str, known: &BTreeSet<String>) -> bool {
        let begins = at == 0 || !self.is(at - 1, b'.') && !self.is(at - 1, b'@');
        let behind = self.tokens.get(at + 2).and_then(|token| token.name(self.sql));
        begins
            && self.is_name(at, from)
            && self.is(at + 1, b'.')
            && behind.is_some_and(|name| {
                known.contains(name.as_ref()) || self.ignores_case && known.contains(&name.to_lowercase())
            })
    }
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
            "SELECT `dev`.`t`.`id`, `dev` . t.x, 'app.t', \"app.t\", x.app.t /* app.t */ FROM `dev`.`log file` -- app.t\n, `dev`.other, myapp.t"
        );
    }

    #[test]
    fn leaves_columns_of_a_table_that_is_named_like_its_database() {
        let mut names = known();
        names.insert("app".to_owned());
        assert_eq!(renamed("SELECT app.t, app.t.id", "app", &names), "SELECT app.t, `dev`.t.id");
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
    fn where_names_have_no_case_the_database_is_said_in_its_own() {
        let known = ["t", "f"].map(str::to_owned).into();
        let sql =
            "SELECT u.a, APP.T.a, 'APP.t', app.t.b FROM App.Unknown u JOIN APP.t WHERE `aPP`.F() /* APP.t */";
        assert_eq!(
            in_case(sql, "app", &known, Mode::default()),
            "SELECT u.a, `app`.T.a, 'APP.t', app.t.b FROM `app`.Unknown u JOIN `app`.t WHERE `app`.F() /* APP.t */"
        );
        let alias = "SELECT APP.t FROM x AS App";
        assert_eq!(in_case(alias, "app", &known, Mode::default()), alias);
    }

    #[test]
    fn own_qualifiers_go_and_others_stay() {
        assert_eq!(unqualified("nextval(`a`.`s`) `b`.`t` '`a`.`x`'", "a"), "nextval(`s`) `b`.`t` '`a`.`x`'");
        assert_eq!(unqualified("`b` /* x */ . `a`.`c`", "a"), "`b` /* x */ . `a`.`c`");
        let view = "CREATE VIEW `v` AS select `a`.`id` AS `id`,`a`.`t`.`x` AS `x`,`a`.`lower`() AS `y` \
                    from (`a`.`a` join (`a`.`t` join `b`.`t` `u` on(`a`.`id` = `u`.`id`)))";
        let wanted = "CREATE VIEW `v` AS select `a`.`id` AS `id`,`t`.`x` AS `x`,`a`.`lower`() AS `y` \
                      from (`a` join (`t` join `b`.`t` `u` on(`a`.`id` = `u`.`id`)))";
        assert_eq!(unqualified(view, "a"), wanted);
    }

    /// `app` is the name of the database and of a table in it. Where the database is meant, it is between « and ».
    #[test]
    fn where_a_name_stands_tells_what_it_is() {
        let mut names = known();
        names.insert("app".to_owned());
        for marked in [
            "SELECT app.id, app.t FROM «app».app WHERE app.id IN (SELECT app.x FROM «app».t, «app».u app)",
            "SELECT app.id FROM app JOIN «app».t ON t.app = app.t, «app».x WHERE TRIM(BOTH 'x' FROM app.t) = app.t",
            "SELECT EXTRACT(YEAR FROM app.t), SUBSTRING(app.t FROM app.id FOR 2), (SELECT 1 FROM «app».t)",
            "INSERT INTO «app».t (a, b) VALUES (app.t, 1) ON DUPLICATE KEY UPDATE app.t = app.t + 1",
            "INSERT IGNORE «app».t SET a = app.t; REPLACE «app».t VALUES (REPLACE(app.t, 'a', 'b'))",
            "UPDATE LOW_PRIORITY «app».app, «app».t SET app.t = app.v + 1, a = «app».app.t ORDER BY app.t",
            "DELETE «app».t, app FROM «app».t JOIN app USING (id) WHERE app.t = 1",
            "DELETE FROM «app».t USING «app».t JOIN «app».app ON app.t",
            "SELECT «app».f(app.t), «app».t.x, «app».t.*, app.* FROM app; CALL «app».p(app.t)",
            "SELECT NEXTVAL(«app».s), NEXT VALUE FOR «app».s, (app.t), COALESCE(app.t, 1)",
            "DECLARE r ROW TYPE OF «app».t; DECLARE c TYPE OF app.t; DECLARE d TYPE OF «app».t.c",
            "CREATE TEMPORARY TABLE IF NOT EXISTS «app».t LIKE «app».x; SELECT a LIKE app.t",
            "CREATE TRIGGER app BEFORE UPDATE ON «app».t FOR EACH ROW SET NEW.a = app.t",
            "CREATE INDEX i ON «app».t (app); RENAME TABLE «app».t TO «app».u; TRUNCATE «app».t",
            "SET @app.t = 1, @x = TRUNCATE(app.t, 1); SELECT `app`.t FROM («app».t, (SELECT * FROM «app».t) app)",
            "WITH c AS (SELECT app.t FROM «app».t) SELECT app.t FROM c app ORDER BY app.t DESC, app.t FOR UPDATE",
        ] {
            let sql = marked.replace(['«', '»'], "");
            let wanted = marked.replace("«app»", "`dev`");
            assert_eq!(requalify(&sql, "app", "dev", &names, Mode::default()), wanted);
        }
    }

    #[test]
    fn a_routine_is_found_in_any_case_and_an_alias_is_no_database() {
        assert_eq!(
            renamed("SELECT app.T() + app.unknown()", "app", &known()),
            "SELECT `dev`.T() + `dev`.unknown()"
        );
        assert_eq!(
            renamed("SELECT app.t FROM people AS app", "app", &known()),
            "SELECT app.t FROM people AS app"
        );
        assert_eq!(renamed("SET NEW.t = 1", "NEW", &known()), "SET NEW.t = 1");
        let sql = r"SELECT '\', id FROM app.t; SELECT 'x' FROM `app`.`t`";
        let requalified = requalify(sql, "app", "dev", &known(), Mode::of("NO_BACKSLASH_ESCAPES"));
        assert_eq!(requalified, r"SELECT '\', id FROM `dev`.t; SELECT 'x' FROM `dev`.`t`");
    }

    #[test]
    fn the_tables_and_routines_of_a_text() {
        let named =
            named_in("select `b`.`id` from (`a`.`b` join `c`) where `d`.`f`(`c`.`x`)", Mode::default());
        let said: Vec<String> =
            named.iter().map(|n| format!("{}.{}", n.database.as_deref().unwrap_or("-"), n.name)).collect();
        assert_eq!(said, ["-.c", "a.b", "d.f"]);
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
