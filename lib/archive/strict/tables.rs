//! Checks the definitions of tables and sequences.
//!
//! In: an entry of the manifest and the names of the dump's databases. Out: nothing, or what in it no dump of refreshkit has.
//! A definition may only create the table of its entry: one statement, no rows from elsewhere, no engine and no option that
//! reaches another database, server or file. Options are a closed list, to which those of newer servers must be added.

use super::text::{self, Hand};
use crate::archive::manifest::{TableEntry, TableKind};
use crate::sql::{Mode, TokenKind, name};

/// Engines that keep their tables where the server keeps all tables. FEDERATED, CONNECT, SPIDER, S3, SPHINX and OQGRAPH do not.
const ENGINES: &[&str] = &[
    "InnoDB",
    "MyISAM",
    "MRG_MyISAM",
    "MRG_MYISAM",
    "MERGE",
    "Aria",
    "MEMORY",
    "HEAP",
    "ARCHIVE",
    "CSV",
    "BLACKHOLE",
    "ROCKSDB",
    "TokuDB",
    "ndbcluster",
    "NDB",
    "Columnstore",
    "Mroonga",
];

/// Words that no definition may have: each reads or writes something outside the table.
const REACHING: &[&str] =
    &["SELECT", "INTO", "DIRECTORY", "CONNECTION", "LOAD_FILE", "RENAME", "EXCHANGE", "IMPORT"];

/// Options of a table that take one value.
const OPTIONS: &[&str] = &[
    "AUTO_INCREMENT",
    "AUTOEXTEND_SIZE",
    "AVG_ROW_LENGTH",
    "CHECKSUM",
    "COMMENT",
    "COMPRESSION",
    "DELAY_KEY_WRITE",
    "ENCRYPTED",
    "ENCRYPTION",
    "ENCRYPTION_KEY_ID",
    "ENGINE_ATTRIBUTE",
    "IETF_QUOTES",
    "INSERT_METHOD",
    "KEY_BLOCK_SIZE",
    "MAX_ROWS",
    "MIN_ROWS",
    "PACK_KEYS",
    "PAGE_CHECKSUM",
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "ROW_FORMAT",
    "SECONDARY_ENGINE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "SEQUENCE",
    "STATS_AUTO_RECALC",
    "STATS_PERSISTENT",
    "STATS_SAMPLE_PAGES",
    "TRANSACTIONAL",
];

/// Words that may follow the columns of a key. Those of `KEY_OPTIONS` may follow too, with a value.
const KEY_WORDS: &[&str] = &["VISIBLE", "INVISIBLE", "IGNORED", "NOT"];
const KEY_OPTIONS: &[&str] = &[
    "CLUSTERING",
    "COMMENT",
    "DISTANCE",
    "ENGINE_ATTRIBUTE",
    "KEY_BLOCK_SIZE",
    "M",
    "PARSER",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "USING",
];

/// Words that may follow the parent's columns in a foreign key.
const FOREIGN_KEY_WORDS: &[&str] = &[
    "ON", "DELETE", "UPDATE", "RESTRICT", "CASCADE", "SET", "NULL", "NO", "ACTION", "DEFAULT", "MATCH",
    "FULL",
];

/// Words that a sequence's definition may have besides numbers.
const SEQUENCE_WORDS: &[&str] = &[
    "START",
    "WITH",
    "MINVALUE",
    "MAXVALUE",
    "INCREMENT",
    "BY",
    "CACHE",
    "NOCACHE",
    "CYCLE",
    "NOCYCLE",
    "AS",
    "TINYINT",
    "SMALLINT",
    "MEDIUMINT",
    "INT",
    "BIGINT",
    "UNSIGNED",
];

type Checked = Result<(), String>;

/// Checks everything of an entry that is executed.
pub(super) fn check(entry: &TableEntry, databases: &[&str]) -> Checked {
    let here = TableScope { table: &entry.table, databases };
    let code = |sql: &str, check: &dyn Fn(Hand<'_>) -> Checked| -> Checked {
        text::read(sql, Mode::default()).and_then(|code| text::both(&code, check))
    };
    if entry.kind == TableKind::Sequence {
        code(&entry.create, &|hand| here.sequence(hand))?;
        return after(entry).and_then(|()| match (&entry.indexes[..], &entry.foreign_keys[..]) {
            ([], []) => Ok(()),
            _ => Err("a sequence with keys".to_owned()),
        });
    }
    if !entry.after.is_empty() {
        return Err("a table with statements for after its rows".to_owned());
    }
    code(&entry.create, &|hand| here.table(hand))?;
    for clause in entry.indexes.iter().flatten() {
        code(clause, &|mut hand| if hand.is_word("ADD") { here.key(hand) } else { unknown(&hand) })?;
    }
    for clause in &entry.foreign_keys {
        code(clause, &|mut hand| if hand.is_word("ADD") { here.foreign_key(hand) } else { unknown(&hand) })?;
    }
    Ok(())
}

/// Checks the statements after the rows: each must be the `DO SETVAL` of this sequence, with three numbers.
fn after(entry: &TableEntry) -> Checked {
    let begin = format!("DO SETVAL({}, ", name(&entry.table));
    for statement in &entry.after {
        let numbers = statement.strip_prefix(&begin).and_then(|rest| rest.strip_suffix(')'));
        let is_number = |text: &str| text.parse::<i128>().is_ok();
        if !numbers
            .is_some_and(|numbers| numbers.split(", ").count() == 3 && numbers.split(", ").all(is_number))
        {
            return Err(format!("it runs {:?} after the rows", short(statement)));
        }
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

fn unknown(hand: &Hand<'_>) -> Checked {
    Err(format!("its definition has {:?}, which no dump has there", hand.beginning()))
}

/// A table, and the databases that it may refer to.
struct TableScope<'a> {
    table: &'a str,
    databases: &'a [&'a str],
}

impl TableScope<'_> {
    /// Checks a whole `` CREATE TABLE `t` (…) options ``.
    fn table(&self, mut hand: Hand<'_>) -> Checked {
        if !hand.are_words(&["CREATE", "TABLE"]) || hand.name().as_deref() != Some(self.table) {
            return Err(format!("its definition does not begin with CREATE TABLE {}", name(self.table)));
        }
        for item in hand.list().ok_or("its definition has no columns")? {
            self.item(item)?;
        }
        self.options(hand)
    }

    /// Checks one item of the list in parentheses: a column, a key, a CHECK or a PERIOD.
    fn item(&self, hand: Hand<'_>) -> Checked {
        if hand.rest().first().is_some_and(|token| token.kind == TokenKind::Name) {
            let inline = hand.has(&["REFERENCES"]);
            return if inline { unknown(&hand) } else { self.nothing_else(hand) };
        }
        let mut rest = hand;
        if rest.is_word("CONSTRAINT") {
            rest.name();
        }
        match rest.word().as_str() {
            "FOREIGN" => self.foreign_key(hand),
            "CHECK" | "PERIOD" => self.nothing_else(hand),
            "PRIMARY" => {
                rest.is_word("PRIMARY");
                self.key(rest)
            }
            "UNIQUE" | "KEY" | "INDEX" | "FULLTEXT" | "SPATIAL" | "VECTOR" => self.key(rest),
            _ => unknown(&hand),
        }
    }

    /// Checks a key, such as ``UNIQUE KEY `k` (…) options``.
    fn key(&self, mut hand: Hand<'_>) -> Checked {
        self.nothing_else(hand)?;
        let kind = hand.is_one_of(&["UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"]);
        if !hand.is_one_of(&["KEY", "INDEX"]) && !kind {
            return unknown(&hand);
        }
        hand.name();
        // MariaDB may write `USING BTREE` here, before the columns.
        if hand.is_word("USING") {
            hand.take();
        }
        if hand.list().is_none() {
            return unknown(&hand);
        }
        while !hand.is_empty() {
            let known = hand.is_one_of(KEY_WORDS)
                || hand.are_words(&["WITH", "PARSER"]) && hand.take().is_some()
                || value_of(&mut hand, KEY_OPTIONS);
            if !known {
                return unknown(&hand);
            }
        }
        Ok(())
    }

    /// Checks a foreign key, such as ``CONSTRAINT `c` FOREIGN KEY (…) REFERENCES `t` (…) ON DELETE CASCADE``.
    fn foreign_key(&self, mut hand: Hand<'_>) -> Checked {
        if hand.is_word("CONSTRAINT") {
            hand.name();
        }
        let begins = hand.are_words(&["FOREIGN", "KEY"]);
        hand.name();
        if !begins || hand.list().is_none() || !hand.is_word("REFERENCES") {
            return unknown(&hand);
        }
        let Some(parent) = hand.name() else { return unknown(&hand) };
        if hand.is(b'.') {
            if !self.databases.contains(&parent.as_str()) {
                return Err(format!(
                    "a foreign key to the database {}, which is not in the dump",
                    name(&parent)
                ));
            }
            hand.name();
        }
        if hand.list().is_none() {
            return unknown(&hand);
        }
        while !hand.is_empty() {
            if !hand.is_one_of(FOREIGN_KEY_WORDS) {
                return unknown(&hand);
            }
        }
        Ok(())
    }

    /// Checks the table options, which follow the columns.
    fn options(&self, mut hand: Hand<'_>) -> Checked {
        self.nothing_else(hand)?;
        while !hand.is_empty() {
            if hand.word() == "PARTITION" {
                return partitions(hand);
            }
            hand.is_word("DEFAULT");
            let charset = hand.is_one_of(&["CHARSET", "COLLATE"]) || hand.are_words(&["CHARACTER", "SET"]);
            let known = if charset {
                hand.is(b'=');
                hand.is_kind(TokenKind::Word)
            } else if hand.is_word("ENGINE") {
                is_engine(&mut hand)?;
                true
            } else if hand.is_word("UNION") {
                hand.is(b'=');
                hand.list().is_some_and(|tables| tables.iter().all(|table| table.rest().len() == 1))
            } else if hand.is_word("TABLESPACE") {
                hand.is(b'=');
                hand.take().is_some()
            } else {
                hand.are_words(&["WITH", "SYSTEM", "VERSIONING"])
                    || hand.is_word("STORAGE") && hand.is_one_of(&["DISK", "MEMORY", "DEFAULT"])
                    || value_of(&mut hand, OPTIONS)
            };
            if !known {
                return unknown(&hand);
            }
        }
        Ok(())
    }

    /// Checks a whole `` CREATE SEQUENCE `s` start with 1 … ``.
    fn sequence(&self, mut hand: Hand<'_>) -> Checked {
        if !hand.are_words(&["CREATE", "SEQUENCE"]) || hand.name().as_deref() != Some(self.table) {
            return Err(format!("its definition does not begin with CREATE SEQUENCE {}", name(self.table)));
        }
        while !hand.is_empty() {
            if hand.is_word("ENGINE") {
                is_engine(&mut hand)?;
                continue;
            }
            let is_number = hand.word().parse::<u64>().is_ok();
            let known = if is_number {
                hand.take().is_some()
            } else {
                hand.is(b'-')
                    || hand.is_one_of(SEQUENCE_WORDS)
                    || value_of(&mut hand, &["COMMENT", "SEQUENCE"])
            };
            if !known {
                return unknown(&hand);
            }
        }
        Ok(())
    }

    /// Fails when the text has a second statement, a variable, a word of `REACHING`, or a name of another database.
    fn nothing_else(&self, hand: Hand<'_>) -> Checked {
        if hand.rest().iter().any(|token| token.is(b';') || token.is(b'@')) {
            return Err("its definition is more than one statement, or has variables".to_owned());
        }
        if let Some(word) = REACHING.iter().find(|word| hand.has(&[**word])) {
            return Err(format!("its definition has the word {word}, which no dump has there"));
        }
        // The table's name may qualify a column. Before a sequence it would be a database, which can have the same name.
        let own =
            if hand.has(&["NEXTVAL", "LASTVAL", "SETVAL", "NEXT", "PREVIOUS"]) { "" } else { self.table };
        match hand.foreign_qualifier(own) {
            Some(other) => Err(format!("its definition names something of {}", name(&other))),
            None => Ok(()),
        }
    }
}

/// Takes `OPTION = value` if OPTION is one of `options`. MariaDB writes some options in back-ticks.
fn value_of(hand: &mut Hand<'_>, options: &[&str]) -> bool {
    let mut quoted = *hand;
    let named = quoted.name().is_some_and(|name| options.iter().any(|word| name.eq_ignore_ascii_case(word)));
    if named {
        *hand = quoted;
    }
    if !named && !hand.is_one_of(options) {
        return false;
    }
    hand.is(b'=');
    [TokenKind::Word, TokenKind::Text, TokenKind::Name].into_iter().any(|kind| hand.is_kind(kind))
}

fn is_engine(hand: &mut Hand<'_>) -> Checked {
    hand.is(b'=');
    if hand.is_one_of(ENGINES) {
        Ok(())
    } else {
        Err(format!("its engine is {:?}, which no dump has", hand.beginning()))
    }
}

/// Checks the engines of `PARTITION BY … (PARTITION p0 … ENGINE = InnoDB, …)`. `nothing_else` has already checked the rest.
fn partitions(mut hand: Hand<'_>) -> Checked {
    while !hand.is_empty() {
        if hand.is_word("ENGINE") {
            is_engine(&mut hand)?;
        } else {
            hand.take();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(create: &str) -> Checked {
        let entry = TableEntry { table: "t".to_owned(), create: create.to_owned(), ..TableEntry::default() };
        check(&entry, &["app", "billing"])
    }

    #[test]
    fn what_servers_show_of_their_tables_is_read() {
        for create in [
            "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `p` point /*!80003 SRID 4326 */ NOT NULL,\n  `v` int GENERATED ALWAYS AS (`id` + 1) VIRTUAL,\n  \
             PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`p`(3)) USING BTREE COMMENT 'x; SELECT',\n  KEY `e` (((`id` * 1.5))) /*!80000 INVISIBLE */,\n  \
             FULLTEXT KEY `f` (`p`) /*!50100 WITH PARSER `ngram` */ ,\n  CONSTRAINT `c` CHECK ((`t`.`id` > 0)) /*!80016 NOT ENFORCED */\n) \
             ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 /*!80000 COLLATE utf8mb4_0900_bin */ ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 COMMENT='it''s; DATA DIRECTORY'\n\
             /*!50100 PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB,\n PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */",
            "CREATE TABLE `t` (\n  `a` int,\n  `s` timestamp(6) GENERATED ALWAYS AS ROW START,\n  PERIOD FOR SYSTEM_TIME (`s`, `e`),\n  \
             CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `billing`.`p` (`id`) ON DELETE SET NULL ON UPDATE NO ACTION\n) ENGINE=Aria DEFAULT CHARSET=latin1 COLLATE=latin1_bin PAGE_CHECKSUM=1 `PAGE_COMPRESSED`=1 WITH SYSTEM VERSIONING",
            "CREATE TABLE `t` (\n  `a` int DEFAULT nextval(`s`)\n) ENGINE=MRG_MyISAM UNION=(`x`,`y`) INSERT_METHOD=LAST",
        ] {
            assert_eq!(table(create), Ok(()), "{create}");
        }
    }

    #[test]
    fn what_does_or_reaches_more_than_the_table_is_not() {
        for create in [
            "CREATE TABLE `t` (`a` int); DROP TABLE victim.log",
            "CREATE TABLE `t` (`a` int) SELECT 1 AS a",
            "CREATE TABLE `t` (`a` int) ENGINE=InnoDB AS SELECT * FROM victim.secrets",
            "CREATE TABLE `t` (`a` int) ENGINE=InnoDB REPLACE SELECT 1",
            "CREATE TABLE `t` LIKE `victim`.`log`",
            "CREATE TABLE `t` (LIKE `victim`.`log`)",
            "CREATE TABLE `victim`.`t` (`a` int)",
            "CREATE TABLE `x` (`a` int)",
            "CREATE OR REPLACE TABLE `t` (`a` int)",
            "CREATE TEMPORARY TABLE `t` (`a` int)",
            "CREATE TABLE `t` (`a` int) ENGINE=FEDERATED CONNECTION='mysql://x@y/z/t'",
            "CREATE TABLE `t` (`a` int) CONNECTION='mysql://x@y/z/t'",
            "CREATE TABLE `t` (`a` int) ENGINE=CONNECT TABLE_TYPE=CSV FILE_NAME='/etc/passwd'",
            "CREATE TABLE `t` (`a` int) ENGINE=SPIDER COMMENT='wrapper \"mysql\"'",
            "CREATE TABLE `t` (`a` int) ENGINE=MRG_MyISAM UNION=(`victim`.`log`) INSERT_METHOD=LAST",
            "CREATE TABLE `t` (`a` int) ENGINE=InnoDB DATA DIRECTORY='/tmp'",
            "CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) (PARTITION p0 DATA DIRECTORY = '/tmp' ENGINE = InnoDB)",
            "CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) (PARTITION p0 ENGINE = FEDERATED)",
            "CREATE TABLE `t` (`a` int DEFAULT nextval(`victim`.`s`))",
            "CREATE TABLE `t` (`a` int DEFAULT (load_file('/etc/passwd')))",
            "CREATE TABLE `t` (`a` int REFERENCES `victim`.`log` (`id`))",
            "CREATE TABLE `t` (`a` int, FOREIGN KEY (`a`) REFERENCES `victim`.`log` (`id`))",
            "CREATE TABLE `t` (`a` int) /*!99999 ' */; DROP TABLE x /*!99999 ' */",
            "CREATE TABLE `t` (`a` int COMMENT /*!99999 'x' ) */ '') /*!99999 COMMENT 'x' */ SELECT 1",
            "CREATE TABLE `t` (`a` int) /*!50000 ENGINE=InnoDB # */ \n SELECT 1",
            "CREATE TABLE `t` (`a` int) COMMENT 'x",
            "CREATE TABLE `t` (`a` int) /*!5000 COMMENT 'x' */",
        ] {
            assert!(table(create).is_err(), "{create}");
        }
    }

    #[test]
    fn clauses_add_one_key_each() {
        let with = |indexes: &str, foreign: &str| {
            let create = "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB".to_owned();
            let of = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
            let entry = TableEntry {
                table: "t".to_owned(),
                create,
                indexes: vec![of(indexes)],
                foreign_keys: of(foreign),
                ..TableEntry::default()
            };
            check(&entry, &["app"])
        };
        assert_eq!(with("ADD UNIQUE KEY `u` (`a`,`b`(3) DESC) USING HASH", ""), Ok(()));
        assert_eq!(with("ADD SPATIAL KEY `u` (`a`) /*!80000 INVISIBLE */", ""), Ok(()));
        let foreign = "ADD CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE";
        assert_eq!(with("", foreign), Ok(()));
        for clause in [
            "ADD KEY `k` (`a`), RENAME TO `victim`.`t`",
            "ADD KEY `k` (`a`); DROP TABLE x",
            "ADD KEY `k` (`a`), ADD KEY `l` (`a`)",
            "ADD COLUMN `k` int",
            "RENAME TO `victim`.`t`",
            "DROP KEY `k`",
            "ADD PARTITION (PARTITION p1)",
        ] {
            assert!(with(clause, "").is_err() && with("", clause).is_err(), "{clause}");
        }
        assert!(with("", "ADD FOREIGN KEY (`a`) REFERENCES `victim`.`p` (`id`)").is_err());
        assert!(with("", &format!("{foreign}, RENAME TO x")).is_err());
    }

    #[test]
    fn a_sequence_is_made_and_set_and_nothing_else() {
        let sequence = |create: &str, after: &str| {
            let entry = TableEntry {
                kind: TableKind::Sequence,
                table: "s".to_owned(),
                create: create.to_owned(),
                after: vec![after.to_owned()],
                ..TableEntry::default()
            };
            check(&entry, &[])
        };
        let create = "CREATE SEQUENCE `s` start with 1 minvalue -9 maxvalue 9223372036854775806 increment by -1 cache 1000 nocycle ENGINE=InnoDB";
        assert_eq!(sequence(create, "DO SETVAL(`s`, -4, 0, 17)"), Ok(()));
        for after in [
            "DO SETVAL(`x`, 4, 0, 17)",
            "DO SETVAL(`s`, 4, 0, 17); DROP TABLE x",
            "DO SETVAL(`s`, (SELECT 1), 0, 17)",
            "DROP TABLE x",
            "DO SETVAL(`s`, 4)",
        ] {
            assert!(sequence(create, after).is_err(), "{after}");
        }
        assert!(sequence(&format!("{create}; DROP TABLE x"), "DO SETVAL(`s`, 4, 0, 17)").is_err());
    }
}
