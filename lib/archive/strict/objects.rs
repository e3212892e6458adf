//! Checks the definitions of routines, views, triggers and events: their beginning, and that each is one statement.
//!
//! In: an entry of the manifest. Out: nothing, or the thing in it that no dump of refreshkit has. What a routine does when it
//! runs is not checked, since it ran in production too; what its CREATE does is checked. Only the server's own grammar knows
//! where a body ends, so the search for a second statement here is not complete. The connection guarantees it: it takes one
//! statement at a time.

use super::session;
use super::text::{self, Hand};
use crate::archive::manifest::{ObjectEntry, ObjectKind};
use crate::sql::{Mode, Token, TokenKind, definer, name};

/// Checks everything of an entry that is executed.
pub(super) fn check(entry: &ObjectEntry) -> Result<(), String> {
    session::of_object(&entry.session, &entry.create)?;
    if let Some(collation) = entry.database_collation.as_ref().filter(|word| !session::is_word(word)) {
        return Err(format!("it was created under the collation {collation:?}"));
    }
    if let Some(client) = entry.client.as_ref().filter(|word| !session::is_word(word)) {
        return Err(format!("it was made by a client of the character set {client:?}"));
    }
    let mode = Mode::set_by(&entry.session);
    let code = text::read(&entry.create, mode)?;
    let clause = definer(&entry.create).map_or(0..0, |clause| clause.place);
    for reading in code.readings() {
        let tokens: Vec<Token> =
            reading.iter().filter(|token| !clause.contains(&token.place.start)).cloned().collect();
        let tokens = &tokens[..];
        head(entry, Hand::of(&entry.create, tokens))?;
        if tokens.iter().any(|token| token.is(b';'))
            && (entry.kind == ObjectKind::View || !ends_as_a_block(&entry.create, tokens))
        {
            return Err("its definition is more than one statement".to_owned());
        }
    }
    Ok(())
}

/// True when a definition ends with `END` or `END name`. Its semicolons are then taken for those of its body.
fn ends_as_a_block(sql: &str, tokens: &[Token]) -> bool {
    tokens.iter().rev().take(2).any(|token| token.is_word(sql, "END"))
}

/// Checks that the definition begins with `CREATE … KIND name`, without a database before the name.
fn head(entry: &ObjectEntry, mut hand: Hand<'_>) -> Result<(), String> {
    let unknown = || {
        Err(format!(
            "its definition does not begin with CREATE {} {}",
            words(entry.kind).join(" "),
            name(&entry.name)
        ))
    };
    if !hand.is_word("CREATE") {
        return unknown();
    }
    hand.are_words(&["OR", "REPLACE"]);
    while hand.is_one_of(&["ALGORITHM", "AGGREGATE"]) || hand.are_words(&["SQL", "SECURITY"]) {
        hand.is(b'=');
        hand.is_one_of(&["UNDEFINED", "MERGE", "TEMPTABLE", "DEFINER", "INVOKER"]);
    }
    if !hand.are_words(words(entry.kind)) || !named(&mut hand, &entry.create, &entry.name) || hand.is(b'.') {
        return unknown();
    }
    // `FUNCTION f RETURNS STRING SONAME 'x.so'`, without parameters, would run a library of the server's host.
    if matches!(entry.kind, ObjectKind::Function | ObjectKind::Procedure) && hand.list().is_none() {
        return unknown();
    }
    let Some(table) = entry.table.as_ref().filter(|_| entry.kind == ObjectKind::Trigger) else {
        return Ok(());
    };
    let is_timed = hand.is_one_of(&["BEFORE", "AFTER"]);
    // MariaDB 12 knows triggers of several events.
    while hand.is_one_of(&["INSERT", "UPDATE", "DELETE", "OR"]) {}
    let on = is_timed && hand.is_word("ON") && named(&mut hand, &entry.create, table);
    if on && !hand.is(b'.') { Ok(()) } else { Err(format!("it is not a trigger of {}", name(table))) }
}

/// Takes the next token. True when it is the name `wanted`, quoted or not.
fn named(hand: &mut Hand<'_>, sql: &str, wanted: &str) -> bool {
    let found =
        hand.take().filter(|token| matches!(token.kind, TokenKind::Name | TokenKind::Word | TokenKind::Text));
    found.and_then(|token| token.possible_name(sql)).is_some_and(|found| found.eq_ignore_ascii_case(wanted))
}

fn words(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::Function => &["FUNCTION"],
        ObjectKind::Procedure => &["PROCEDURE"],
        ObjectKind::Package => &["PACKAGE"],
        ObjectKind::PackageBody => &["PACKAGE", "BODY"],
        ObjectKind::View => &["VIEW"],
        ObjectKind::Trigger => &["TRIGGER"],
        ObjectKind::Event => &["EVENT"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: ObjectKind, create: &str) -> Result<(), String> {
        let table = (kind == ObjectKind::Trigger).then(|| "t".to_owned());
        check(&ObjectEntry {
            kind,
            name: "o".to_owned(),
            create: create.to_owned(),
            table,
            ..ObjectEntry::default()
        })
    }

    #[test]
    fn one_create_of_the_kind_and_name_is_read() {
        for (kind, create) in [
            (
                ObjectKind::View,
                "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `o` (`a`) AS select 1 AS `a`",
            ),
            (
                ObjectKind::Function,
                "CREATE FUNCTION `o`(a INT) RETURNS varchar(20) CHARSET utf8mb4\n    DETERMINISTIC\nRETURN a",
            ),
            (
                ObjectKind::Procedure,
                "CREATE DEFINER=root@localhost PROCEDURE o()\nbegin -- it's; \n select ';'; if a then select 1; end if; end",
            ),
            (ObjectKind::Trigger, "CREATE TRIGGER \"o\" BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1"),
            (
                ObjectKind::Event,
                "CREATE EVENT `o` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO DELETE FROM t",
            ),
        ] {
            assert_eq!(object(kind, create), Ok(()), "{create}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for (kind, create) in [
            (ObjectKind::View, "CREATE VIEW `o` AS select 1; DROP TABLE x"),
            (ObjectKind::View, "CREATE VIEW `victim`.`o` AS select 1"),
            (ObjectKind::View, "CREATE TABLE `o` (a int)"),
            (ObjectKind::View, "DROP DATABASE victim"),
            (ObjectKind::Procedure, "CREATE PROCEDURE `o`() SELECT 1; DROP TABLE x"),
            (ObjectKind::Procedure, "CREATE PROCEDURE victim.o() SELECT 1"),
            (ObjectKind::Function, "CREATE FUNCTION `o` RETURNS STRING SONAME 'x.so'"),
            (ObjectKind::Trigger, "CREATE TRIGGER `o` BEFORE INSERT ON victim.t FOR EACH ROW SET NEW.a = 1"),
            (ObjectKind::Trigger, "CREATE TRIGGER `o` BEFORE INSERT ON `x` FOR EACH ROW SET NEW.a = 1"),
            (ObjectKind::Event, "CREATE EVENT `x` ON SCHEDULE EVERY 1 DAY DO DELETE FROM t"),
            (ObjectKind::Event, "CREATE EVENT `o` ON SCHEDULE EVERY 1 DAY DO DELETE FROM t; DROP TABLE x"),
            (
                ObjectKind::Procedure,
                "CREATE PROCEDURE `o`() SELECT 1 /*!99999 ' */; DROP TABLE x /*!99999 ' */",
            ),
        ] {
            assert!(object(kind, create).is_err(), "{create}");
        }
    }
}
