//! Accounts that survive a refresh: those of the old instance are made on the new one, with passwords and rights.
//!
//! In: `[targets.NAME] accounts`, the running old instance. Out: statements for the new one. Those of `refresh.toml` run before
//! it listens, and it does not start if one fails. Those of the old instance run afterwards; one that fails is a warning.

use super::{ADMIN, DEVELOPER, LITERALLY, LOADER, Serving};
use crate::house::House;
use crate::instance::error::Error;
use crate::instance::target::InstanceTarget;
use crate::mysql::{Engine, Session};
use crate::sql::{plain_literal, tokens};

/// A row of the server's account table: name, host, plugin, authentication string (hexadecimal), is locked, is a role.
type AccountRow = (String, String, Option<String>, Option<String>, bool, bool);

const MYSQL: &str = "SELECT User, Host, plugin, HEX(authentication_string), account_locked = 'Y', FALSE FROM mysql.user ORDER BY 1, 2";

const MARIADB: &str = "SELECT User, Host, JSON_VALUE(Priv, '$.plugin'), HEX(JSON_VALUE(Priv, '$.authentication_string')), \
     JSON_VALUE(Priv, '$.account_locked') = 'true' IS TRUE, JSON_VALUE(Priv, '$.is_role') = 'true' IS TRUE \
     FROM mysql.global_priv ORDER BY 6 DESC, 1, 2";

/// The statements that make the accounts of a new generation.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    /// Statements of `refresh.toml`, one a line.
    pub(super) configured: String,
    /// Statements that make the old instance's accounts, unless they exist; then those that give them their rights.
    carried: Vec<String>,
}

impl Accounts {
    /// Collects the statements of a target and, with `old`, of its old instance.
    pub(crate) fn of(
        house: &House,
        target: &InstanceTarget,
        old: Option<&mut Session>,
    ) -> Result<Self, Error> {
        let mut configured = String::new();
        for sql in &target.settings.accounts {
            configured.extend([sql.trim().trim_end_matches(';'), ";\n"]);
        }
        let carried = old.map_or(Ok(Vec::new()), |old| carried(house, old))?;
        Ok(Self { configured, carried })
    }

    /// Makes the accounts of the old instance. A statement that fails is a warning.
    pub(super) fn carry(&self, house: &House, serving: &Serving<'_>) -> Result<(), Error> {
        if self.carried.is_empty() {
            return Ok(());
        }
        let mut session = serving.admin().connect()?;
        session.run("setting the SQL mode", LITERALLY.trim_end_matches(";\n"))?;
        for sql in &self.carried {
            if let Err(e) = session.run("making an account of the old instance", sql) {
                house
                    .progress
                    .warn(&format!("{}: an account or a right is not carried: {e}", serving.place.name));
            }
        }
        Ok(())
    }
}

fn carried(house: &House, old: &mut Session) -> Result<Vec<String>, Error> {
    let mariadb = old.engine() == Engine::MariaDb;
    let users: Vec<AccountRow> = old.rows("reading the accounts", if mariadb { MARIADB } else { MYSQL })?;
    let users: Vec<AccountRow> = users.into_iter().filter(|(user, ..)| !is_of_the_server(user)).collect();
    let mut made = Vec::new();
    let mut granted = Vec::new();
    // Names go into statements on the old instance too (`SHOW GRANTS`).
    old.run("setting the SQL mode", LITERALLY.trim_end_matches(";\n"))?;
    for (user, host, plugin, check, locked, role) in users {
        if role {
            made.push(format!("CREATE ROLE IF NOT EXISTS {}", plain_literal(&user)));
        } else {
            made.push(created(mariadb, &account(&user, &host), plugin.as_deref(), check.as_deref(), locked));
        }
        let whom = if role { plain_literal(&user) } else { account(&user, &host) };
        match old.rows::<String>("reading an account's rights", &format!("SHOW GRANTS FOR {whom}")) {
            Ok(rights) => granted.extend(rights.into_iter().filter(|line| reaches_all(line))),
            Err(e) => house.progress.warn(&format!("the rights of {whom} are not carried: {e}")),
        }
    }
    made.append(&mut granted);
    Ok(made)
}

fn created(mariadb: bool, account: &str, plugin: Option<&str>, check: Option<&str>, locked: bool) -> String {
    let check = check.unwrap_or_default();
    let how = match plugin.filter(|plugin| !plugin.is_empty()) {
        Some(plugin) if mariadb => {
            // MariaDB's authentication string is text.
            let bytes: Vec<u8> = (0..check.len() / 2)
                .filter_map(|at| u8::from_str_radix(check.get(2 * at..2 * at + 2)?, 16).ok())
                .collect();
            format!(" IDENTIFIED VIA {plugin} USING {}", plain_literal(&String::from_utf8_lossy(&bytes)))
        }
        Some(plugin) if check.is_empty() => format!(" IDENTIFIED WITH {plugin}"),
        Some(plugin) => format!(" IDENTIFIED WITH {plugin} AS 0x{check}"),
        None => String::new(),
    };
    let lock = if locked { " ACCOUNT LOCK" } else { "" };
    format!("CREATE USER IF NOT EXISTS {account}{how}{lock}")
}

/// True for rights on the whole server, on databases and through roles. Rights on single tables and routines are not carried: the
/// new dump may not have these any more.
fn reaches_all(grant: &str) -> bool {
    let tokens = tokens(grant);
    let on = tokens.iter().position(|token| token.is_word(grant, "ON"));
    let Some(on) = on else { return true };
    let star = tokens.get(on + 3).is_some_and(|token| token.is(b'*'));
    let proxy = tokens.get(1).is_some_and(|token| token.is_word(grant, "PROXY"));
    star && !proxy
}

fn account(user: &str, host: &str) -> String {
    format!("{}@{}", plain_literal(user), plain_literal(host))
}

/// True for our own accounts and those of every installation.
fn is_of_the_server(user: &str) -> bool {
    [ADMIN, DEVELOPER, LOADER, "PUBLIC", "root", ""].contains(&user)
        || ["mysql.", "mariadb.", "refreshkit_"].iter().any(|start| user.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_that_need_no_table_are_carried() {
        for (grant, carried) in [
            ("GRANT SELECT ON *.* TO `a`@`%`", true),
            ("GRANT ALL PRIVILEGES ON `app`.* TO `a`@`%` WITH GRANT OPTION", true),
            ("GRANT `reader`@`%` TO `a`@`%`", true),
            ("GRANT SELECT ON `app`.`orders` TO `a`@`%`", false),
            ("GRANT EXECUTE ON PROCEDURE `app`.`p` TO `a`@`%`", false),
            ("GRANT PROXY ON ''@'' TO 'a'@'%'", false),
        ] {
            assert_eq!(reaches_all(grant), carried, "{grant}");
        }
    }

    #[test]
    fn a_password_is_carried_as_what_it_is_checked_with() {
        let sql = created(false, "'a'@'%'", Some("caching_sha2_password"), Some("24410027"), true);
        let wanted = "CREATE USER IF NOT EXISTS 'a'@'%' IDENTIFIED WITH caching_sha2_password AS 0x24410027 ACCOUNT LOCK";
        assert_eq!(sql, wanted);
        let sql = created(true, "'a'@'%'", Some("mysql_native_password"), Some("2A3942"), false);
        let wanted = "CREATE USER IF NOT EXISTS 'a'@'%' IDENTIFIED VIA mysql_native_password USING '*9B'";
        assert_eq!(sql, wanted);
    }
}
