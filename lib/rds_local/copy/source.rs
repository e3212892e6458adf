//! The server that is copied: what it is, and what its copy must have in common with it.
//!
//! In: an option file. Out: version, databases, settings. Nothing is changed there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mysql::Row;

use crate::config::ServerConfig;
use crate::engine::{self, Brand};
use crate::mysql::{Access, Engine, OptionFile, Session};
use crate::rds_local::error::Error;
use crate::sql::{literal, name};

/// What the files of a data directory, and the meaning of what is in them, depend on.
const SETTINGS: &[&str] = &[
    "sql_mode",
    "character_set_server",
    "collation_server",
    "explicit_defaults_for_timestamp",
    "innodb_page_size",
    "innodb_data_file_path",
    "innodb_default_row_format",
    "innodb_file_per_table",
];
/// What is asked for beside them.
const FACTS: &[&str] = &["lower_case_table_names", "datadir", "port", "skip_networking", "time_zone"];

/// A server to copy.
#[derive(Debug)]
pub(super) struct Source {
    /// Its option file, with the whole path.
    pub(super) file: PathBuf,
    /// What that says.
    pub(super) options: OptionFile,
    pub(super) brand: Brand,
    /// As it says it: `10.11.19-MariaDB-log`.
    pub(super) version: String,
    /// Whether it is on this host.
    pub(super) local: bool,
    /// The databases that are not the server's own.
    pub(super) databases: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl Source {
    /// Logs in and looks.
    pub(super) fn look(file: &Path) -> Result<(Self, Session), Error> {
        let file = file.canonicalize().map_err(Error::file("read", file))?;
        let config =
            ServerConfig { defaults_file: Some(file.display().to_string()), ..ServerConfig::default() };
        let mut session = Access::default().to_config(&config)?.connect()?;
        let options = OptionFile::read(&file)?;
        let deed = "looking at the server to copy";
        let wanted: Vec<String> = SETTINGS.iter().chain(FACTS).map(|name| literal(name)).collect();
        let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", wanted.join(", "));
        let variables: Vec<(String, String)> = session.rows(deed, &sql)?;
        let databases: Vec<String> = session.rows(deed, "SHOW DATABASES")?;
        let source = Self {
            local: is_local(&options),
            brand: if session.engine() == Engine::MariaDb { Brand::Mariadb } else { Brand::Mysql },
            version: session.version().to_owned(),
            databases: databases.into_iter().filter(|name| !engine::is_the_servers_own(name)).collect(),
            variables: variables.into_iter().collect(),
            file,
            options,
        };
        Ok((source, session))
    }

    /// One of its settings.
    pub(super) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Where it listens, if it does.
    pub(super) fn address(&self) -> Option<(String, u16)> {
        let host = if self.local { None } else { self.options.host.clone() };
        let port = self.options.port.or_else(|| self.variable("port").parse().ok())?;
        (self.variable("skip_networking") != "ON")
            .then(|| (host.unwrap_or_else(|| "127.0.0.1".to_owned()), port))
    }

    /// Whether it writes all names in lower case.
    pub(super) fn lower_case(&self) -> bool {
        self.variable("lower_case_table_names") == "1"
    }

    /// Lines of an option file that make the copy read the files, and mean what it says, as the source does.
    pub(super) fn settings(&self) -> String {
        let mut lines = String::new();
        for known in SETTINGS {
            if let Some(value) = self.variables.get(*known).filter(|value| is_plain(value)) {
                lines.extend([&known.replace('_', "-"), "=", value, "\n"]);
            }
        }
        let zone = self.variable("time_zone");
        if zone != "SYSTEM" && !zone.is_empty() && is_plain(zone) {
            lines.extend(["default-time-zone=", zone, "\n"]);
        }
        lines
    }

    /// The first table that no transaction of InnoDB keeps: a clone would leave it empty.
    pub(super) fn other_engine(&self, session: &mut Session) -> Result<Option<String>, Error> {
        for database in &self.databases {
            let sql = format!("SHOW TABLE STATUS FROM {} WHERE Engine <> 'InnoDB'", name(database));
            let found: Vec<Row> = session.rows("looking for tables of other engines", &sql)?;
            let text = |row: &Row, at: usize| row.get_opt::<String, _>(at).and_then(Result::ok);
            if let Some(row) = found.first() {
                let (table, engine) = (text(row, 0), text(row, 1));
                return Ok(Some(format!(
                    "{database}.{} is of {}",
                    table.unwrap_or_default(),
                    engine.unwrap_or_default()
                )));
            }
        }
        Ok(None)
    }
}

/// Whether an option file means a server on this host.
fn is_local(options: &OptionFile) -> bool {
    let host = options.host.as_deref().unwrap_or("localhost");
    let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    options.socket.is_some() || host == "localhost" || loopback
}

/// Whether a value of the source's can stand in an option file: nothing that ends a line or begins a comment.
fn is_plain(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_,:;./+-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(variables: &[(&str, &str)]) -> Source {
        Source {
            file: PathBuf::from("/x.cnf"),
            options: OptionFile::default(),
            brand: Brand::Mysql,
            version: "9.7.0".to_owned(),
            local: true,
            databases: Vec::new(),
            variables: variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn what_the_source_says_becomes_lines_and_never_more_than_one() {
        let of = source(&[
            ("sql_mode", "ANSI_QUOTES,NO_ZERO_DATE"),
            ("collation_server", "utf8mb4_bin\nlog-bin=/etc/x"),
            ("innodb_data_file_path", "ibdata1:12M:autoextend"),
            ("time_zone", "+01:00"),
            ("datadir", "/var/lib/mysql/"),
        ]);
        let wanted = "sql-mode=ANSI_QUOTES,NO_ZERO_DATE\ninnodb-data-file-path=ibdata1:12M:autoextend\ndefault-time-zone=+01:00\n";
        assert_eq!(of.settings(), wanted);
        assert_eq!(source(&[("time_zone", "SYSTEM")]).settings(), "");
    }

    #[test]
    fn what_has_a_socket_or_a_loopback_address_is_here() {
        let of = |host: Option<&str>, socket: Option<&str>| {
            let text = |value: Option<&str>| value.map(str::to_owned);
            is_local(&OptionFile { host: text(host), socket: text(socket), ..OptionFile::default() })
        };
        assert!(of(None, None) && of(Some("::1"), None) && of(Some("127.0.0.9"), None));
        assert!(of(Some("db.internal"), Some("/run/s")));
        assert!(!of(Some("db.internal"), None) && !of(Some("10.0.0.1"), None));
    }

    #[test]
    fn a_server_without_a_network_has_no_address() {
        assert_eq!(source(&[("port", "3306")]).address(), Some(("127.0.0.1".to_owned(), 3306)));
        assert_eq!(source(&[("port", "3306"), ("skip_networking", "ON")]).address(), None);
    }
}
