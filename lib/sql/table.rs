//! `CREATE TABLE` in pieces: the text between the outer parentheses, and where these are.
//!
//! In: the statement, as `SHOW CREATE TABLE` writes it. Out: its columns, keys and checks as text, one after the other;
//! the next number of `AUTO_INCREMENT`; the statement without that number, or without the places of its files.

use std::ops::Range;

use super::lexer::{Token, TokenKind, tokens};
use super::splice::spliced;

/// The databases of the parents in foreign keys of a definition or a clause. A parent without a database is not in the
/// list.
pub(crate) fn databases_of_parents(sql: &str) -> Vec<String> {
    let found = tokens(sql);
    let parents = found.windows(3).filter(|three| three[0].is_word(sql, "REFERENCES") && three[2].is(b'.'));
    parents.filter_map(|three| Some(three[1].name(sql)?.into_owned())).collect()
}

/// The pieces of a `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableText<'a> {
    /// Where the outer parenthesis opens, in bytes of the statement.
    pub(crate) opening: usize,
    /// The text between its commas: one column, key or check each.
    pub(crate) items: Vec<&'a str>,
    /// Where the outer parenthesis closes; the options of the table follow.
    pub(crate) closing: usize,
}

impl<'a> TableText<'a> {
    /// Cuts a statement. Nothing if it has no parenthesis, or if the first one is not closed.
    pub(crate) fn of(sql: &'a str) -> Option<Self> {
        let all = tokens(sql);
        let first = all.iter().position(|token| token.is(b'('))?;
        let (mut depth, mut from, mut items) = (0u32, all[first].place.end, Vec::new());
        for token in &all[first..] {
            match token.kind {
                TokenKind::Symbol(b'(') => depth += 1,
                TokenKind::Symbol(b')') => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && token.is(b',')) {
                items.push(sql[from..token.place.start].trim());
                from = token.place.end;
            }
            if depth == 0 {
                return Some(Self { opening: all[first].place.start, items, closing: token.place.start });
            }
        }
        None
    }
}

/// A table's definition without `DATA DIRECTORY`, `INDEX DIRECTORY` and `TABLESPACE`, those of its partitions too: on
/// another server these places do not exist, or they hold the files of the original.
pub(crate) fn without_places(create: &str) -> String {
    let all = tokens(create);
    let is = |at: usize, words: &[&str]| {
        all.get(at).is_some_and(|token| words.iter().any(|word| token.is_word(create, word)))
    };
    let mut places = Vec::new();
    for (at, first) in all.iter().enumerate() {
        let value = if is(at, &["DATA", "INDEX"]) && is(at + 1, &["DIRECTORY"]) {
            at + 2
        } else if is(at, &["TABLESPACE"]) {
            at + 1
        } else {
            continue;
        };
        let value = value + usize::from(all.get(value).is_some_and(|token| token.is(b'=')));
        let named =
            |token: &&Token| matches!(token.kind, TokenKind::Word | TokenKind::Name | TokenKind::Text);
        if let Some(value) = all.get(value).filter(named) {
            places.push((first.place.start..value.place.end, ""));
        }
    }
    spliced(create, places)
}

/// Where `AUTO_INCREMENT=5000` stands among the options of a table, and the number.
fn counter_place(create: &str) -> Option<(Range<usize>, u64)> {
    let closing = TableText::of(create)?.closing;
    let options = &create[closing..];
    let found = tokens(options);
    let three =
        found.windows(3).find(|three| three[0].is_word(options, "AUTO_INCREMENT") && three[1].is(b'='))?;
    let number = three[2].text(options).parse().ok()?;
    Some((closing + three[0].place.start..closing + three[2].place.end, number))
}

/// The next `AUTO_INCREMENT` number of a `CREATE TABLE`, if it has one.
pub(crate) fn counter(create: &str) -> Option<u64> {
    counter_place(create).map(|(_, number)| number)
}

/// The statement without AUTO_INCREMENT=…: the server then continues behind the largest number that is loaded.
pub(crate) fn without_counter(create: &str) -> String {
    let Some((place, _)) = counter_place(create) else { return create.to_owned() };
    format!("{}{}", create[..place.start].trim_end_matches(' '), &create[place.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_can_be_anywhere_else() {
        for (with, without) in [
            (
                "CREATE TABLE `data` (`index` int COMMENT 'DATA DIRECTORY=''x''') ENGINE=InnoDB DATA DIRECTORY='/x/' COMMENT='a'",
                "CREATE TABLE `data` (`index` int COMMENT 'DATA DIRECTORY=''x''') ENGINE=InnoDB  COMMENT='a'",
            ),
            (
                "CREATE TABLE t (a int) /*!50100 TABLESPACE `ts` */ ENGINE=MyISAM DATA DIRECTORY '/x' INDEX DIRECTORY = '/y'",
                "CREATE TABLE t (a int) /*!50100  */ ENGINE=MyISAM  ",
            ),
            (
                "CREATE TABLE t (a int)\n/*!50100 PARTITION BY HASH (`a`)\n(PARTITION p0 DATA DIRECTORY = '/x' ENGINE = InnoDB) */",
                "CREATE TABLE t (a int)\n/*!50100 PARTITION BY HASH (`a`)\n(PARTITION p0  ENGINE = InnoDB) */",
            ),
            ("CREATE TABLE `t` (`tablespace` int)", "CREATE TABLE `t` (`tablespace` int)"),
        ] {
            assert_eq!(without_places(with), without);
        }
    }

    #[test]
    fn a_counter_is_an_option_of_the_table_and_no_text() {
        let create = "CREATE TABLE `a` (\n  `id` int NOT NULL AUTO_INCREMENT COMMENT ' AUTO_INCREMENT=3',\n  PRIMARY KEY (`id`)\n\
                      ) ENGINE=InnoDB AUTO_INCREMENT=5000 DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=4'";
        assert_eq!(counter(create), Some(5000));
        assert_eq!(without_counter(create), create.replace(" AUTO_INCREMENT=5000", ""));
        let none = "CREATE TABLE `a` (\n  `id` int COMMENT ' AUTO_INCREMENT=3'\n) ENGINE=InnoDB";
        assert_eq!((counter(none), without_counter(none).as_str()), (None, none));
    }

    #[test]
    fn commas_and_parentheses_in_texts_and_comments_do_not_count() {
        let sql = "CREATE TABLE `(` (a int COMMENT ',)', /* , ( */ b decimal(8,2)\n) COMMENT='('";
        let text = TableText::of(sql).unwrap();
        assert_eq!(text.items, ["a int COMMENT ',)'", "/* , ( */ b decimal(8,2)"]);
        assert_eq!(&sql[text.opening - 4..text.opening], "`(` ");
        assert_eq!(&sql[text.closing..], ") COMMENT='('");
        assert_eq!(TableText::of("CREATE TABLE a (b int"), None);
    }

    #[test]
    fn a_parent_of_another_database_is_seen() {
        let sql = "ADD CONSTRAINT `REFERENCES` FOREIGN KEY (`a`) REFERENCES `b`.`p` (`id`)";
        assert_eq!(databases_of_parents(sql), ["b"]);
        assert_eq!(databases_of_parents(&sql.replace("`b`.", "/*!99999 `b`. */")), ["b"]);
        assert!(databases_of_parents(&sql.replace("`b`.", "")).is_empty());
    }
}
