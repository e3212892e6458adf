//! Cuts `SHOW CREATE TABLE` in two: what a table needs before its rows are loaded, and what is cheaper to build afterwards.
//!
//! In: the statement. Out: a bare CREATE TABLE (columns, checks, the primary key or the key that stands in for it, the key
//! that `AUTO_INCREMENT` needs), clauses for `ALTER TABLE` with the other keys, and clauses with the foreign keys.

use crate::sql::{TableText, Token, TokenKind, databases_of_parents, portable, tokens, unqualified};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TablePieces {
    pub(crate) create: String,
    pub(crate) indexes: Vec<Vec<String>>,
    pub(crate) foreign_keys: Vec<String>,
    /// Foreign keys to databases that are not in the dump. They are in none of the other pieces.
    pub(crate) left_out: Vec<String>,
}

/// Kind of an item between the outer parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Column,
    Primary,
    Unique,
    Key,
    Fulltext,
    Spatial,
    ForeignKey,
    /// CHECK, PERIOD, and any other item that stays in CREATE TABLE.
    Other,
}

/// Cuts the statement. `None` if it has not the expected form; the caller then uses the whole statement uncut.
///
/// `databases` are those of the dump: a foreign key to another database could not be restored.
pub(crate) fn cut(show_create: &str, database: &str, databases: &[String]) -> Option<TablePieces> {
    let sql = portable(&unqualified(show_create, database));
    let TableText { opening, items: all, closing } = TableText::of(&sql)?;
    let goes_out = |item: &str| {
        let parents = || databases_of_parents(item);
        kind_of(item) == Item::ForeignKey && parents().iter().any(|parent| !databases.contains(parent))
    };
    let (out, items): (Vec<&str>, Vec<&str>) = all.into_iter().partition(|item| goes_out(item));
    let left_out: Vec<String> = out.into_iter().map(str::to_owned).collect();
    let kinds: Vec<Item> = items.iter().map(|item| kind_of(item)).collect();
    let stored =
        items.iter().zip(&kinds).any(|(item, kind)| *kind == Item::Column && has_words(item, &["STORED"]));
    // A foreign key on a column that a stored column is computed from can be created with the table, but not be added later.
    if stored && kinds.contains(&Item::ForeignKey) {
        let create = format!("{}(\n  {}\n{}", &sql[..opening], items.join(",\n  "), &sql[closing..]);
        return Some(TablePieces { create, left_out, ..TablePieces::default() });
    }
    // The keys keep their order, so all keys before the last one that must stay also stay.
    let last_first = first_keys(&items, &kinds)?.into_iter().max();
    let mut pieces = TablePieces { left_out, ..TablePieces::default() };
    let mut stays = Vec::new();
    let mut fulltext = Vec::new();
    let mut open_group = false;
    for (i, (item, kind)) in items.iter().zip(&kinds).enumerate() {
        match kind {
            Item::Unique | Item::Key | Item::Fulltext | Item::Spatial
                if last_first.is_some_and(|last| i <= last) =>
            {
                stays.push(*item);
            }
            Item::Unique | Item::Key if open_group => {
                pieces.indexes.last_mut()?.push(format!("ADD {item}"));
            }
            Item::Unique | Item::Key | Item::Spatial => {
                pieces.indexes.push(vec![format!("ADD {item}")]);
                // One ALTER cannot build a spatial key and another key in place, nor two full-text keys.
                open_group = *kind != Item::Spatial;
            }
            Item::Fulltext => fulltext.push(vec![format!("ADD {item}")]),
            Item::ForeignKey => pieces.foreign_keys.push(format!("ADD {item}")),
            Item::Column | Item::Primary | Item::Other => stays.push(*item),
        }
    }
    pieces.indexes.extend(fulltext);
    pieces.create = format!("{}(\n  {}\n{}", &sql[..opening], stays.join(",\n  "), &sql[closing..]);
    Some(pieces)
}

fn kind_of(item: &str) -> Item {
    let found = tokens(item);
    if matches!(found.first(), Some(Token { kind: TokenKind::Name, .. })) {
        return Item::Column;
    }
    let word = |at: usize| found.get(at).map_or(String::new(), |token| token.text(item).to_uppercase());
    match (word(0).as_str(), word(1).as_str(), word(2).as_str()) {
        ("PRIMARY", ..) => Item::Primary,
        ("UNIQUE", ..) => Item::Unique,
        ("KEY" | "INDEX", ..) => Item::Key,
        ("FULLTEXT", ..) => Item::Fulltext,
        ("SPATIAL", ..) => Item::Spatial,
        ("FOREIGN", ..) | ("CONSTRAINT", _, "FOREIGN") => Item::ForeignKey,
        _ => Item::Other,
    }
}

/// True if the item has these words one after the other, outside of quotes.
fn has_words(item: &str, words: &[&str]) -> bool {
    let found = tokens(item);
    found
        .windows(words.len())
        .any(|some| some.iter().zip(words).all(|(token, word)| token.is_word(item, word)))
}

/// Returns the name of a column item, or the first column of a key item.
fn first_name(item: &str) -> Option<String> {
    let found = tokens(item);
    let open = found.iter().position(|token| token.is(b'('));
    let at = if kind_of(item) == Item::Column { 0 } else { open? + 1 };
    found.get(at).and_then(|token| Some(token.name(item)?.into_owned()))
}

/// Returns the positions of the keys that the table needs while rows are loaded. `None` if no key begins with the
/// `AUTO_INCREMENT` column.
fn first_keys(items: &[&str], kinds: &[Item]) -> Option<Vec<usize>> {
    let positions = |wanted: &[Item]| -> Vec<usize> {
        (0..items.len()).filter(|i| wanted.contains(&kinds[*i])).collect()
    };
    let mut first = positions(&[Item::Primary]);
    if first.is_empty() {
        // InnoDB clusters by the first unique key without NULL: adding this key later would rebuild the table.
        first.extend(positions(&[Item::Unique]).into_iter().find(|i| never_null(items[*i], items, kinds)));
    }
    let auto = items
        .iter()
        .zip(kinds)
        .find(|(item, kind)| **kind == Item::Column && has_words(item, &["AUTO_INCREMENT"]));
    let Some(auto) = auto.and_then(|(item, _)| first_name(item)) else { return Some(first) };
    let begins = |i: &usize| first_name(items[*i]).as_deref() == Some(auto.as_str());
    if !first.iter().any(begins) {
        first.push(positions(&[Item::Unique, Item::Key]).into_iter().find(begins)?);
    }
    Some(first)
}

/// True if every part of a key is a whole column that is NOT NULL.
fn never_null(key: &str, items: &[&str], kinds: &[Item]) -> bool {
    let columns: Vec<String> = items
        .iter()
        .zip(kinds)
        .filter(|(item, kind)| **kind == Item::Column && has_words(item, &["NOT", "NULL"]))
        .filter_map(|(item, _)| first_name(item))
        .collect();
    let found = tokens(key);
    let open = found.iter().position(|token| token.is(b'(')).unwrap_or(found.len());
    let mut names = found[open..].iter().filter(|token| token.kind == TokenKind::Name);
    // A key on an expression, or on the prefix of a column, has a second parenthesis.
    let simple = !found[open..].iter().skip(1).any(|token| token.is(b'('));
    simple
        && names.all(|token| token.name(key).is_some_and(|name| columns.iter().any(|column| *column == name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_wait_and_columns_stay() {
        let sql = "CREATE TABLE `p` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `b` varchar(20) DEFAULT ',' COMMENT 'x, KEY `a` (''b'')',\n  \
                   `v` int GENERATED ALWAYS AS ((`id` + 1)) VIRTUAL,\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `ub` (`b`(3)),\n  \
                   KEY `e` (((`id` + 1)),`b`) /*!80000 INVISIBLE */,\n  FULLTEXT KEY `f` (`b`) /*!50100 WITH PARSER `ngram` */ ,\n  \
                   CONSTRAINT `k` FOREIGN KEY (`v`) REFERENCES `q` (`id`),\n  CONSTRAINT `c` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */\n\
                   ) ENGINE=InnoDB COMMENT='a (b'\n/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 4 */";
        let pieces = cut(sql, "db", &[]).unwrap();
        assert_eq!(
            pieces.indexes,
            [
                vec![
                    "ADD UNIQUE KEY `ub` (`b`(3))".to_owned(),
                    "ADD KEY `e` (((`id` + 1)),`b`) /*!80000 INVISIBLE */".to_owned()
                ],
                vec!["ADD FULLTEXT KEY `f` (`b`) /*!50100 WITH PARSER `ngram` */".to_owned()],
            ]
        );
        assert_eq!(pieces.foreign_keys, ["ADD CONSTRAINT `k` FOREIGN KEY (`v`) REFERENCES `q` (`id`)"]);
        assert!(pieces.create.contains(
            "PRIMARY KEY (`id`),\n  CONSTRAINT `c` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */\n) ENGINE"
        ));
        assert!(pieces.create.contains("COMMENT 'x, KEY `a` (''b'')'"));
        assert!(pieces.create.ends_with("PARTITIONS 4 */"));
    }

    #[test]
    fn auto_increment_keeps_its_key_and_a_table_without_primary_key_its_first_unique_one() {
        let sql = "CREATE TABLE `c` (\n  `id` bigint NOT NULL AUTO_INCREMENT,\n  `n` int DEFAULT NULL,\n  `m` int NOT NULL,\n  \
                   UNIQUE KEY `um` (`m`),\n  KEY `ai` (`id`,`n`),\n  KEY `n` (`n`),\n  SPATIAL KEY `s` (`n`),\n  KEY `o` (`n`)\n) ENGINE=InnoDB";
        let pieces = cut(sql, "db", &[]).unwrap();
        assert_eq!(
            pieces.indexes,
            [["ADD KEY `n` (`n`)"], ["ADD SPATIAL KEY `s` (`n`)"], ["ADD KEY `o` (`n`)"]]
        );
        assert!(pieces.create.contains("`um`") && pieces.create.contains("`ai`"));
    }

    #[test]
    fn a_foreign_key_to_another_database_is_left_out_and_said() {
        let sql = "CREATE TABLE `c` (\n  `a` int,\n  KEY `a` (`a`),\n  CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `x`.`p` (`id`),\n  \
                   CONSTRAINT `l` FOREIGN KEY (`a`) REFERENCES `p` (`id`)\n) ENGINE=InnoDB";
        let with = |databases: &[&str]| {
            cut(sql, "db", &databases.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(
            with(&["db"]).foreign_keys,
            ["ADD CONSTRAINT `l` FOREIGN KEY (`a`) REFERENCES `p` (`id`)"]
        );
        assert_eq!(with(&["db"]).left_out, ["CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `x`.`p` (`id`)"]);
        assert_eq!((with(&["db", "x"]).left_out.len(), with(&["db", "x"]).foreign_keys.len()), (0, 2));
    }

    #[test]
    fn a_second_place_auto_increment_is_left_whole() {
        let sql = "CREATE TABLE `c` (\n  `a` int NOT NULL,\n  `id` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`a`,`id`)\n) ENGINE=MyISAM";
        assert_eq!(cut(sql, "db", &[]), None);
    }

    #[test]
    fn a_stored_column_keeps_foreign_keys_in_the_statement() {
        let sql = "CREATE TABLE `c` (\n  `a` int,\n  `s` int AS (`a`) STORED,\n  KEY `a` (`a`),\n  CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `p` (`id`)\n)";
        assert_eq!(cut(sql, "db", &[]).unwrap().create, sql);
    }
}
