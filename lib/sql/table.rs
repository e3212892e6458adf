//! `CREATE TABLE` in pieces: what stands between the outer parentheses, and where they are.
//!
//! In: the statement, as `SHOW CREATE TABLE` writes it. Out: its columns, keys and checks as text, one after the other.

use super::lexer::{Kind, tokens};

/// The databases that foreign keys in a definition or a clause name their parents with. Those of its own database name none.
pub(crate) fn databases_of_parents(sql: &str) -> Vec<String> {
    let found = tokens(sql);
    let parents = found.windows(3).filter(|three| three[0].is_word(sql, "REFERENCES") && three[2].is(b'.'));
    parents.filter_map(|three| Some(three[1].name(sql)?.into_owned())).collect()
}

/// The pieces of a `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableText<'a> {
    /// Where the outer parenthesis opens.
    pub(crate) opening: usize,
    /// What is between its commas.
    pub(crate) items: Vec<&'a str>,
    /// Where it closes: behind it are the options.
    pub(crate) closing: usize,
}

impl<'a> TableText<'a> {
    /// Cuts a statement. Nothing if it has no parentheses, or one that is not closed.
    pub(crate) fn of(sql: &'a str) -> Option<Self> {
        let all = tokens(sql);
        let first = all.iter().position(|token| token.is(b'('))?;
        let (mut depth, mut from, mut items) = (0u32, all[first].place.end, Vec::new());
        for token in &all[first..] {
            match token.kind {
                Kind::Symbol(b'(') => depth += 1,
                Kind::Symbol(b')') => depth -= 1,
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

#[cfg(test)]
mod tests {
    use super::*;

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
