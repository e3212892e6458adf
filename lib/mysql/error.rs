//! Errors of a server, and of the connection to it.

use std::fmt;
use std::path::PathBuf;

use super::said;
use crate::document::{AnyFailure, Ending, Exit, Failure, chain};

/// Server error numbers by their names in the manual ("Server Error Message Reference").
pub mod number {
    /// `ER_LOCK_WAIT_TIMEOUT`: another transaction kept its lock for longer than this one may wait.
    pub const LOCK_WAIT_TIMEOUT: u16 = 1205;
    /// `ER_LOCK_DEADLOCK`: two transactions waited for each other, and this one was rolled back.
    pub const LOCK_DEADLOCK: u16 = 1213;
    /// `ER_ACCESS_DENIED_ERROR`: no such account, or another password.
    pub const ACCESS_DENIED: u16 = 1045;
    /// `ER_OPTION_PREVENTS_STATEMENT`: an option of the server forbids the statement, such as `read_only`.
    pub const OPTION_PREVENTS_STATEMENT: u16 = 1290;
    /// `ER_SECURE_TRANSPORT_REQUIRED`: the server takes no login without TLS.
    pub const SECURE_TRANSPORT_REQUIRED: u16 = 3159;
    /// `ER_DBACCESS_DENIED_ERROR`: the account has no right on the database.
    pub const DATABASE_ACCESS_DENIED: u16 = 1044;
    /// `ER_SPECIFIC_ACCESS_DENIED_ERROR`: the account lacks a privilege of the server, such as SUPER.
    pub const SPECIFIC_ACCESS_DENIED: u16 = 1227;
    /// `ER_TABLEACCESS_DENIED_ERROR`: the account lacks the right on the table.
    pub const TABLE_ACCESS_DENIED: u16 = 1142;
    /// Errors of an account that lacks a right: on a database, a table, a column, a routine, the server.
    pub const DENIED: [u16; 5] =
        [DATABASE_ACCESS_DENIED, TABLE_ACCESS_DENIED, 1143, 1370, SPECIFIC_ACCESS_DENIED];
    /// Errors of servers with a binary log when an account without SUPER creates a function or a trigger.
    pub const FUNCTIONS_FORBIDDEN: [u16; 2] = [1418, 1419];
    /// `ER_UNKNOWN_ERROR`: MariaDB 11.8 gives it for the columns of a whole database if it cannot read one of its views.
    pub const UNKNOWN: u16 = 1105;
    /// `ER_NO_SUCH_TABLE`: there is no table or view of that name.
    pub const NO_SUCH_TABLE: u16 = 1146;
    /// `ER_BAD_DB_ERROR`: there is no database of that name.
    pub const NO_SUCH_DATABASE: u16 = 1049;
    /// `ER_CANT_CHANGE_TX_CHARACTERISTICS`: a transaction is in progress.
    pub const IN_TRANSACTION: u16 = 1568;
    /// `ER_UNSUPPORTED_PS`: the server does not prepare statements of this kind.
    pub const NOT_PREPARABLE: u16 = 1295;
    /// `ER_MAX_PREPARED_STMT_COUNT_REACHED`: `max_prepared_stmt_count` statements are prepared already.
    pub const TOO_MANY_PREPARED: u16 = 1461;
    /// `ER_DUP_KEYNAME`: the table has a key of that name.
    pub const DUPLICATE_KEY_NAME: u16 = 1061;
    /// `ER_UNKNOWN_SYSTEM_VARIABLE`: the server has no variable of that name.
    pub const UNKNOWN_SYSTEM_VARIABLE: u16 = 1193;
    /// `ER_TABLE_NOT_LOCKED`: the session holds `LOCK TABLES`, and this table is not among them.
    pub const TABLE_NOT_LOCKED: u16 = 1100;
    /// `ER_TEMP_FILE_WRITE_FAILURE`: the server could not write a temporary file.
    pub const TEMPORARY_FILE_FULL: u16 = 1878;
    /// `ER_TABLE_DEF_CHANGED`: the table was altered after the transaction's snapshot.
    pub const TABLE_DEFINITION_CHANGED: u16 = 1412;
    /// `ER_DUP_ENTRY`: another row has the same value of a unique key.
    pub const DUPLICATE_ENTRY: u16 = 1062;
    /// `ER_CHECK_CONSTRAINT_VIOLATED`: a row breaks a CHECK; the number of MySQL.
    pub const CHECK_VIOLATED: u16 = 3819;
    /// `ER_CONSTRAINT_FAILED`: a row breaks a CHECK; the number of MariaDB.
    pub const CHECK_VIOLATED_MARIADB: u16 = 4025;
    /// `ER_UNKNOWN_COLLATION`: the collation is one of another version, or of the other kind of server.
    pub const UNKNOWN_COLLATION: u16 = 1273;
    /// `ER_NO_SUCH_USER`: the definer of a view or a routine does not exist any more.
    pub const NO_SUCH_DEFINER: u16 = 1449;
    /// `ER_EVENTS_DB_ERROR`: `event_scheduler` is DISABLED, and events cannot be shown.
    pub const EVENTS_DISABLED: u16 = 1577;
}

/// What the server or the driver said, in the words of the stock client: `ERROR 1064 (42000): You have an error …`,
/// without the values of rows. The driver's own error is not kept, so that nothing can show it.
#[derive(Clone)]
pub struct Cause {
    number: Option<u16>,
    /// The kind of the I/O error, if the connection failed with one.
    kind: Option<std::io::ErrorKind>,
    said: String,
}

impl Cause {
    /// The kind of the I/O error, if the connection failed with one.
    pub(crate) fn kind(&self) -> Option<std::io::ErrorKind> {
        self.kind
    }

    /// Describes the error that `statement` got; `statement` may be empty.
    pub(crate) fn of(error: &mysql::Error, statement: &str) -> Self {
        let said = match error {
            mysql::Error::MySqlError(e) => {
                let message = said::without_values(e.code, &e.message, statement);
                return Self {
                    number: Some(e.code),
                    kind: None,
                    said: format!("ERROR {} ({}): {message}", e.code, e.state),
                };
            }
            mysql::Error::DriverError(e) => e.to_string(),
            mysql::Error::IoError(e) => e.to_string(),
            mysql::Error::UrlError(e) => e.to_string(),
            mysql::Error::TlsError(e) => e.to_string(),
            // The driver's text of both would quote the value that it could not read.
            mysql::Error::FromValueError(_) => "a value is of another type than expected".to_owned(),
            mysql::Error::FromRowError(_) => "a row is of another shape than expected".to_owned(),
            mysql::Error::CodecError(e) => e.to_string(),
        };
        let kind = match error {
            mysql::Error::IoError(e) => Some(e.kind()),
            _ => None,
        };
        Self { number: None, kind, said }
    }

    /// The server's error number, if the server spoke.
    pub(crate) fn number(&self) -> Option<u16> {
        self.number
    }
}

/// Describes a warning of the server in the words of the stock client, without the values of rows.
pub(crate) fn warning(code: u16, message: &str) -> String {
    format!("warning {code}: {}", said::without_values(code, message, ""))
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Cause {}

impl From<mysql::Error> for Cause {
    fn from(error: mysql::Error) -> Self {
        Self::of(&error, "")
    }
}

/// Why a statement or a connection failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server does not answer, or refuses the login.
    #[error("cannot connect to {server}")]
    Connect {
        /// The login, as `user@host:port` or with the socket.
        server: String,
        /// Why the connection or login failed.
        source: Cause,
    },
    /// The server refused a statement, or the connection broke meanwhile.
    #[error("{deed} failed on {server}")]
    Statement {
        /// What the statement does, in words.
        deed: String,
        /// The login, as `user@host:port` or with the socket.
        server: String,
        /// What the server or the driver said.
        source: Cause,
    },
    /// An option file cannot be read or written.
    #[error("cannot use the option file {}", path.display())]
    OptionFile {
        /// Path of the option file.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// An option file holds a password, and others may read it.
    #[error("the option file {} holds a password and is readable by others (mode {mode:o})", path.display())]
    OptionFileOpen {
        /// Path of the option file.
        path: PathBuf,
        /// Permission bits of the file.
        mode: u32,
    },
    /// The variable that should hold the password is not set.
    #[error("${0} is not set, but it should hold the password")]
    NoPassword(String),
    /// Neither the configuration nor an option file says who logs in.
    #[error("no user: neither the configuration, nor its option file, nor ~/.my.cnf names one")]
    NoUser,
    /// The configuration names two ways to log in.
    #[error("{0} and {1} are two ways to log in: keep one")]
    TwoLogins(&'static str, &'static str),
    /// The document names a way to log in that only a newer version knows.
    #[error("the document names a way to log in that this version does not know")]
    NoSuchLogin,
    /// A token would go over a connection without verified TLS.
    #[error("{0}: an RDS IAM token goes over verified TLS only")]
    TokenWithoutTls(String),
    /// The server wants to read the password over plain TCP, and nothing proves which server it is.
    #[error(
        "{0} asks for the password over plain TCP, where whoever is in between could read it: it was not sent"
    )]
    NoPublicKey(String),
    /// The server's public key, which the password would be encrypted with, cannot be used.
    #[error("cannot use {} as the public key of {server}", path.display())]
    PublicKey {
        /// The login, as `user@host:port`.
        server: String,
        /// Path at which the key should be.
        path: PathBuf,
        /// What the operating system answered, or that the file holds no key.
        source: std::io::Error,
    },
    /// A secret cannot be fetched, or a token cannot be made.
    #[error("{}", chain(&**.0))]
    Keys(AnyFailure),
}

impl Error {
    /// The server's error number, if the server spoke.
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Connect { source, .. } | Self::Statement { source, .. } => source.number(),
            _ => None,
        }
    }

    /// True when `read_only` or `super_read_only` is on. The same number stands for other options too.
    fn only_reads(&self) -> bool {
        let said = self.said().to_ascii_lowercase();
        self.number() == Some(number::OPTION_PREVENTS_STATEMENT)
            && (said.contains("read-only") || said.contains("read_only"))
    }

    /// The exit code: only where a lock was in the way may the same statement succeed a while later.
    fn exit_of_server(&self) -> Exit {
        match self.number() {
            Some(number::LOCK_WAIT_TIMEOUT | number::LOCK_DEADLOCK) => Exit::Temporary,
            _ => Exit::Unavailable,
        }
    }

    /// Whether the server said that the account may not do this.
    pub fn is_denied(&self) -> bool {
        self.number().is_some_and(|number| number::DENIED.contains(&number))
    }

    /// What the server or the driver said, without what was being done.
    pub fn said(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), ToString::to_string)
    }
}

/// The hint for a server that is read-only.
const READ_ONLY: &str = "the server is read-only (read_only, super_read_only), and key tables are written to it: for a copy, name a \
                         parameter group without read_only in [restore]; a replica of your own is read by way of a copy of it, or of its \
                         source";

impl Failure for Error {
    fn ending(&self) -> Ending {
        let of_login = || Ending::new(Exit::BadConfig, "mysql-login");
        match self {
            Self::Connect { .. } => {
                let hint = match self.number() {
                    Some(number::ACCESS_DENIED) => Some(
                        "check user and password in the option file or the variable that the configuration names; \
                         a MariaDB that wants TLS says the same: set tls_ca",
                    ),
                    Some(number::SECURE_TRANSPORT_REQUIRED) => Some(
                        "the server wants TLS: set tls_ca, and leave tls at its default, \"verify\"",
                    ),
                    Some(_) => None,
                    None => Some(
                        "check host, port, security groups, and tls_ca if the server is not on this host",
                    ),
                };
                let ending = Ending::new(self.exit_of_server(), "mysql-connect");
                Ending { hint: hint.map(str::to_owned), ..ending }
            }
            Self::Statement { .. } if self.only_reads() => {
                Ending::new(self.exit_of_server(), "read-only").hint(READ_ONLY)
            }
            Self::Statement { .. } => Ending::new(self.exit_of_server(), "mysql-statement"),
            Self::OptionFileOpen { path, .. } => of_login().hint(format!("chmod 600 {}", path.display())),
            Self::NoUser => of_login().hint(
                "add `user` and `password_env`, `defaults_file`, or `secret` (AWS Secrets Manager) to the section",
            ),
            Self::TokenWithoutTls(_) => of_login().hint(
                "set tls_ca to the RDS certificate bundle, and leave tls at its default, \"verify\"",
            ),
            Self::NoPublicKey(_) | Self::PublicKey { .. } => of_login().hint(
                "log in through its socket, set tls_ca to the authority of its certificate, or set server_public_key to a \
                 copy of its public_key.pem (SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key' shows it there)",
            ),
            Self::OptionFile { .. } | Self::NoPassword(_) | Self::TwoLogins(..) | Self::NoSuchLogin => of_login(),
            Self::Keys(inner) => inner.ending(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_only_reads_is_told_as_that_and_other_options_are_not() {
        let failed = |message: &str| Error::Statement {
            deed: "dropping the work schema of the last run".to_owned(),
            server: "s".to_owned(),
            source: Cause::of(
                &mysql::Error::MySqlError(mysql::MySqlError {
                    state: "HY000".into(),
                    message: message.into(),
                    code: 1290,
                }),
                "",
            ),
        };
        for option in ["--super-read-only", "--read-only"] {
            let said = format!(
                "The MySQL server is running with the {option} option so it cannot execute this statement"
            );
            let ending = failed(&said).ending();
            assert_eq!(ending.code, "read-only");
            assert!(ending.hint.unwrap().contains("parameter group without read_only"));
        }
        let other = "The MySQL server is running with the --secure-file-priv option so it cannot execute this statement";
        assert_eq!(failed(other).ending().code, "mysql-statement");
    }

    #[test]
    fn a_server_speaks_as_in_the_stock_client() {
        let said = mysql::MySqlError { state: "42000".into(), message: "no".into(), code: 1064 };
        assert_eq!(Cause::from(mysql::Error::MySqlError(said)).to_string(), "ERROR 1064 (42000): no");
        let driver = mysql::DriverError::Timeout;
        assert_eq!(Cause::from(mysql::Error::DriverError(driver)).to_string(), "Operation timed out");
        let closed = std::io::Error::other("closed");
        assert_eq!(Cause::from(mysql::Error::IoError(closed)).to_string(), "closed");
    }

    #[test]
    fn neither_the_server_nor_the_driver_quotes_a_row() {
        let said = mysql::MySqlError {
            state: "23000".into(),
            message: "Duplicate entry 'maria@x' for key 'email'".into(),
            code: 1062,
        };
        let value = mysql::from_value_opt::<u8>("maria".into()).unwrap_err();
        for error in [mysql::Error::MySqlError(said), mysql::Error::FromValueError(value.0)] {
            let cause = Cause::from(error);
            assert!(!format!("{cause} {cause:?}").contains("maria"), "{cause}");
        }
    }
}
