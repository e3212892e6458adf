//! The accounts of a data directory: ours, and the master user with the rights that RDS grants to one.

use super::error::Error;
use super::own::is_the_servers_own;
use super::program::Brand;
use crate::mysql::{Engine, Session};
use crate::sql::{hex, name, plain_literal};

/// Name of our own account, which can log in over the socket only.
pub(crate) const ADMIN: &str = "rdsadmin";

pub(crate) const MASTER: &str = "admin";

/// What RDS grants to its master user on MariaDB and MySQL: no SUPER, FILE or SHUTDOWN.
pub(crate) const GRANTS: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, \
     SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, \
     SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER";

/// What Aurora MySQL 3 grants besides, through `rds_superuser_role`.
const GRANTS_MYSQL: &[&str] = &[
    "CREATE ROLE, DROP ROLE",
    "APPLICATION_PASSWORD_ADMIN",
    "BACKUP_ADMIN",
    "CONNECTION_ADMIN",
    "ROLE_ADMIN",
    "SESSION_VARIABLES_ADMIN",
    "SET_ANY_DEFINER",
    "SHOW_ROUTINE",
    "XA_RECOVER_ADMIN",
];

/// Creates our account with all rights, and the master user without any.
pub(crate) fn create_accounts(session: &mut Session, admin: &str, master: &str) -> Result<(), Error> {
    let deed = "creating the accounts";
    session.run(deed, "SET sql_mode = 'NO_BACKSLASH_ESCAPES'")?;
    session
        .run(deed, &format!("CREATE USER '{ADMIN}'@'localhost' IDENTIFIED BY {}", plain_literal(admin)))?;
    session.run(deed, &format!("GRANT ALL ON *.* TO '{ADMIN}'@'localhost' WITH GRANT OPTION"))?;
    session.run(deed, &format!("CREATE USER '{MASTER}'@'%' IDENTIFIED BY {}", plain_literal(master)))?;
    Ok(())
}

/// A new random password. It has digits, both cases and a sign, since some servers demand them.
pub(crate) fn new_password() -> String {
    format!("{}-aZ", hex(&rand::random::<[u8; 16]>()))
}

pub(crate) fn grant_database(session: &mut Session, database: &str) -> Result<(), Error> {
    grant_database_to(session, &format!("'{MASTER}'@'%'"), database)
}

/// Grants an account every right on one database, unless it is one of the server's own.
pub(crate) fn grant_database_to(session: &mut Session, account: &str, database: &str) -> Result<(), Error> {
    if is_the_servers_own(database.trim()) {
        return Ok(());
    }
    // `_` and `%` are wildcards in the database name of a GRANT.
    let pattern = database.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%");
    let grant = format!("GRANT ALL ON {}.* TO {account}", name(&pattern));
    session.run("granting rights on a database", &grant)?;
    Ok(())
}

/// Replaces the rights of the master user (those on the databases of a seed file) by the rights that RDS gives to one.
pub(crate) fn grant_master(session: &mut Session) -> Result<(), Error> {
    let account = format!("'{MASTER}'@'%'");
    session.run(
        "granting the master user's rights",
        &format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {account}"),
    )?;
    grant_as_master(session, &account)
}

/// Grants an account without rights the rights of a master user of RDS.
pub(crate) fn grant_as_master(session: &mut Session, account: &str) -> Result<(), Error> {
    let deed = "granting the rights of a master user";
    session.run(deed, &format!("GRANT {GRANTS} ON *.* TO {account} WITH GRANT OPTION"))?;
    if session.engine() == Engine::MySql {
        for grant in GRANTS_MYSQL {
            // Older servers do not know all of these rights.
            session.attempt(&format!("GRANT {grant} ON *.* TO {account} WITH GRANT OPTION"));
        }
    }
    Ok(())
}

/// Statements, one a line, that drop the accounts of the installation. These have every right and no password, and on MariaDB
/// they can log in over TCP: a server must run these statements before it listens.
pub(crate) fn without_installed(brand: Brand) -> &'static str {
    match brand {
        Brand::Mysql => "DROP USER IF EXISTS 'root'@'localhost';\n",
        // An installation makes several accounts, one of them with the name of the host.
        Brand::Mariadb => "DELETE FROM mysql.global_priv WHERE User IN ('root', '');\nFLUSH PRIVILEGES;\n",
    }
}

/// Drops every account but ours, the master user, and the server's own that cannot log in (`mysql.…`, `mariadb.…`, `PUBLIC`).
pub(crate) fn drop_other_accounts(session: &mut Session) -> Result<(), Error> {
    let deed = "dropping the accounts of the installation";
    let list = format!(
        "SELECT User, Host FROM mysql.user WHERE User NOT IN ('{ADMIN}', '{MASTER}', 'PUBLIC') AND User NOT LIKE 'mysql.%' AND User NOT LIKE 'mariadb.%'"
    );
    for (user, host) in session.rows::<(String, String)>(deed, &list)? {
        session.run(deed, &format!("DROP USER {}@{}", plain_literal(&user), plain_literal(&host)))?;
    }
    Ok(())
}

/// Gives an account another password. Its sessions go on, as on RDS.
pub(crate) fn set_password(session: &mut Session, user: &str, password: &str) -> Result<(), Error> {
    let deed = "changing the master password";
    session.run(deed, "SET sql_mode = 'NO_BACKSLASH_ESCAPES'")?;
    session.run(
        deed,
        &format!("ALTER USER {}@'%' IDENTIFIED BY {}", plain_literal(user), plain_literal(password)),
    )?;
    Ok(())
}
