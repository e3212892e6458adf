//! The settings of a connection that loads a dump: closed lists.
//!
//! In: session statements of the manifest. Out: nothing, or the statement that no dump of refreshkit has.

/// Statements that a connection runs before it loads rows or objects. Every dump of this format with tables or objects has these.
pub(crate) const SESSION: [&str; 4] = [
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00'",
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "SET foreign_key_checks = 0",
];

/// Statements that let a server accept rows that the source accepted: days that no month has, rows that a CHECK would refuse
/// (MariaDB), rows that may not fit a page. A loader tries each, and it may fail. Readers of the first version do not know
/// them, so they are not in the manifest.
pub(crate) const AS_IT_IS: [&str; 3] = [
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
    "SET SESSION check_constraint_checks = 0",
    "SET SESSION innodb_strict_mode = OFF",
];

/// Checks the session statements of a manifest. A dump without tables and objects may have none.
pub(super) fn of_rows(session: &[String], is_empty: bool) -> Result<(), String> {
    if session == SESSION || session.is_empty() && is_empty {
        return Ok(());
    }
    let other = session.iter().zip(SESSION).find(|(found, own)| found != own).map_or("", |(found, _)| found);
    let other: String = other.chars().take(60).collect();
    Err(format!("it sets the session otherwise than a dump does: {other:?}"))
}

/// Checks the session statements of one object, and that a server reads `create` correctly in their character set.
pub(super) fn of_object(session: &[String], create: &str) -> Result<(), String> {
    let mut charset = "utf8mb4";
    for statement in session {
        let value = |setting: &str| statement.strip_prefix(setting);
        let quoted =
            |setting: &str| value(setting).and_then(|rest| rest.strip_prefix('\'')?.strip_suffix('\''));
        let known = if let Some(mode) = quoted("SET sql_mode = ") {
            mode.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b',')
        } else if let Some(zone) = quoted("SET time_zone = ") {
            zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/+-:".contains(&byte))
        } else if let Some(word) = value("SET character_set_client = ") {
            charset = word;
            is_word(word)
        } else {
            value("SET collation_connection = ").is_some_and(is_word)
        };
        if !known {
            let statement: String = statement.chars().take(60).collect();
            return Err(format!("it is created under {statement:?}"));
        }
    }
    // In sjis or gbk, a back-tick or a backslash can be the second byte of a character. ASCII text has no such character.
    if charset.starts_with("utf8") || create.is_ascii() {
        Ok(())
    } else {
        Err(format!("its text is not ASCII, and read as {charset}"))
    }
}

/// True when `word` can be the name of a character set or a collation, which statements contain unquoted.
pub(super) fn is_word(word: &str) -> bool {
    (1..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dump_sets_is_set() {
        let own: Vec<String> = SESSION.map(str::to_owned).to_vec();
        assert_eq!(of_rows(&own, false), Ok(()));
        assert_eq!(of_rows(&[], true), Ok(()));
        assert!(of_rows(&[], false).is_err());
        assert!(of_rows(&own[..2], false).is_err());
        for statement in
            ["DROP DATABASE victim", "SET GLOBAL general_log = 1", "SET NAMES utf8mb4; DROP TABLE x"]
        {
            let mut more = own.clone();
            more.push(statement.to_owned());
            assert!(of_rows(&more, false).is_err() && of_rows(&[statement.to_owned()], false).is_err());
        }
    }

    #[test]
    fn an_object_has_its_mode_its_character_sets_and_its_time_zone() {
        let check = |statement: &str, create: &str| of_object(&[statement.to_owned()], create);
        for statement in [
            "SET sql_mode = ''",
            "SET sql_mode = 'ANSI_QUOTES,STRICT_TRANS_TABLES'",
            "SET character_set_client = latin1",
            "SET collation_connection = utf8mb4_0900_ai_ci",
            "SET time_zone = 'America/Port-au-Prince'",
            "SET time_zone = '+05:30'",
        ] {
            assert_eq!(check(statement, "CREATE"), Ok(()), "{statement}");
        }
        for statement in [
            "SET sql_mode = '' ; DROP TABLE x",
            "SET sql_mode = 'a'; SET @x = 'b'",
            "SET GLOBAL sql_mode = ''",
            "SET character_set_client = latin1, GLOBAL general_log = 1",
            "SET collation_connection = (SELECT 1)",
            "SET time_zone = 'x' /*!99999 ' */",
            "SET foreign_key_checks = 0",
        ] {
            assert!(check(statement, "CREATE").is_err(), "{statement}");
        }
        assert!(check("SET character_set_client = gbk", "CREATE 'é'").is_err());
    }
}
