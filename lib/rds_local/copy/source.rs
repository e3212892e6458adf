//! The server that is copied, and the settings that its copy must share with it.
//!
//! In: an option file. Out: version, databases, settings. Nothing is changed on the source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mysql::Row;

use crate::config::ServerConfig;
use crate::engine::{self, Brand};
use crate::mysql::{Access, Engine, OptionFile, Session, expand_home};
use crate::rds_local::error::Error;
use crate::sql::{literal, name};

/// Variables that decide how a server reads the files of a data directory and what the SQL in them means.
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
/// SQL modes with which MySQL 8.0 does not start: it has removed them.
const REMOVED_MODES: &[&str] = &[
    "DB2",
    "MAXDB",
    "MSSQL",
    "MYSQL323",
    "MYSQL40",
    "NO_AUTO_CREATE_USER",
    "NO_FIELD_OPTIONS",
    "NO_KEY_OPTIONS",
    "NO_TABLE_OPTIONS",
    "ORACLE",
    "POSTGRESQL",
];
/// More variables that are read from the source.
const FACTS: &[&str] =
    &["lower_case_table_names", "datadir", "port", "skip_networking", "time_zone", "hostname", "pid_file"];
/// Option-file lines that turn off engines whose tables are elsewhere; the source's files or plugins may bring them. Not CONNECT:
/// where that is not loaded, the server would take its option for `connect-timeout`.
pub(super) const NOTHING_REMOTE: &str =
    "loose-federated=OFF\nloose-spider=OFF\nloose-s3=OFF\nloose-sphinx=OFF\n";

/// The address of the source. Every helper program gets all of it, so that it copies the server that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    Socket(String),
    Port(String, u16),
}

impl Reach {
    /// Takes the address from the option file, by the rules of our own login.
    fn of(options: &OptionFile) -> Self {
        let host = options.host.as_deref().filter(|host| *host != "localhost");
        match &options.socket {
            Some(socket) => Self::Socket(socket.clone()),
            None => Self::Port(host.unwrap_or("127.0.0.1").to_owned(), options.port.unwrap_or(3306)),
        }
    }

    /// Returns the address as arguments of a client program; they beat the option file.
    pub(super) fn arguments(&self) -> Vec<String> {
        match self {
            // A client takes the socket only with the host name `localhost`.
            Self::Socket(path) => {
                vec![
                    "--protocol=socket".to_owned(),
                    "--host=localhost".to_owned(),
                    format!("--socket={path}"),
                ]
            }
            Self::Port(host, port) => {
                vec!["--protocol=tcp".to_owned(), format!("--host={host}"), format!("--port={port}")]
            }
        }
    }

    /// True when the address is on this host, so that TLS is not required. It may be the end of a tunnel to another host.
    fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Port(host, _) => {
                host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// The server that is copied.
#[derive(Debug)]
pub(super) struct CopySource {
    /// Canonical path of the option file.
    pub(super) file: PathBuf,
    /// The contents of the option file, with an absolute `ssl-ca`.
    pub(super) options: OptionFile,
    pub(super) brand: Brand,
    /// The version that the server reports: `10.11.19-MariaDB-log`.
    pub(super) version: String,
    /// The address that the option file gives.
    pub(super) reach: Reach,
    /// True when that address is on this host.
    pub(super) local: bool,
    /// All databases but the server's own.
    pub(super) databases: Vec<String>,
    /// Present offset of the server's time zone from UTC: `+01:00`. `None` if unknown.
    offset: Option<String>,
    variables: BTreeMap<String, String>,
}

impl CopySource {
    /// Logs in, reads the variables and databases, and returns them with the session.
    pub(super) fn look(file: &Path) -> Result<(Self, Session), Error> {
        let file = file.canonicalize().map_err(Error::file("read", file))?;
        let mut options = OptionFile::read(&file)?;
        if let Some(ca) = &mut options.tls_ca {
            // A relative path is meant from our working directory, but our helpers work in `/`.
            let path = PathBuf::from(expand_home(ca));
            *ca = std::path::absolute(&path).map_err(Error::file("find", &path))?.display().to_string();
        }
        let reach = Reach::of(&options);
        let mut config =
            ServerConfig { defaults_file: Some(file.display().to_string()), ..ServerConfig::default() };
        match &reach {
            Reach::Socket(path) => config.socket = Some(path.clone()),
            Reach::Port(host, port) => (config.host, config.port) = (Some(host.clone()), Some(*port)),
        }
        let mut session = Access::default().to_config(&config)?.connect()?;
        let deed = "looking at the server to copy";
        let wanted: Vec<String> = SETTINGS.iter().chain(FACTS).map(|name| literal(name)).collect();
        let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", wanted.join(", "));
        let variables: Vec<(String, String)> = session.rows(deed, &sql)?;
        let databases: Vec<String> = session.rows(deed, "SHOW DATABASES")?;
        let offset = "SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@GLOBAL.time_zone))";
        let offset: Option<Option<i64>> = session.first(deed, offset)?;
        let source = Self {
            offset: offset.flatten().map(offset_of),
            local: reach.is_local(),
            reach,
            brand: if session.engine() == Engine::MariaDb { Brand::Mariadb } else { Brand::Mysql },
            version: session.version().to_owned(),
            databases: databases.into_iter().filter(|name| !engine::is_the_servers_own(name)).collect(),
            variables: variables.into_iter().collect(),
            file,
            options,
        };
        Ok((source, session))
    }

    /// Returns the value of a variable; empty if the source has none.
    pub(super) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Returns the TCP address of the source, if it listens at one. For a socket: its port on this host, if it is on this host.
    pub(super) fn address(&self) -> Option<(String, u16)> {
        let listens = self.variable("skip_networking") != "ON";
        match &self.reach {
            Reach::Port(host, port) => listens.then(|| (host.clone(), *port)),
            Reach::Socket(_) => {
                let port = self.variable("port").parse().ok().filter(|_| listens && self.says_this_host())?;
                Some(("127.0.0.1".to_owned(), port))
            }
        }
    }

    /// True when the source's `hostname` is that of this host.
    pub(super) fn says_this_host(&self) -> bool {
        let ours = engine::host_name();
        !ours.is_empty() && ours == self.variable("hostname")
    }

    /// Returns why the source's data directory cannot be read here, or `None` if it can. The address may be a tunnel to another
    /// host or a container's socket, and the same path may exist here: so the process of its pid file must work in its directory.
    pub(super) fn is_elsewhere(&self) -> Option<String> {
        if !self.says_this_host() {
            return Some(format!("the source says that it is on {}", self.variable("hostname")));
        }
        let data = PathBuf::from(self.variable("datadir"));
        if let Err(why) = std::fs::read_dir(&data) {
            return Some(format!("this user cannot read {}: {why}", data.display()));
        }
        let pid_file = data.join(self.variable("pid_file"));
        let process = match std::fs::read_to_string(&pid_file) {
            Ok(text) => text.trim().parse::<u32>().ok(),
            Err(why) => return Some(format!("this user cannot read {}: {why}", pid_file.display())),
        };
        // A server's working directory is its data directory.
        let works = |process: u32| engine::is_same(Path::new(&format!("/proc/{process}/cwd")), &data);
        (!process.is_some_and(works)).then(|| {
            format!(
                "no process of this host, as {} names it, works in {}",
                pid_file.display(),
                data.display()
            )
        })
    }

    /// True when the source stores table names in lower case (`lower_case_table_names=1`).
    pub(super) fn lower_case(&self) -> bool {
        self.variable("lower_case_table_names") == "1"
    }

    /// Returns option-file lines that make the copy read SQL as the source does. `of_files`: the copy has the source's files, and
    /// gets InnoDB's settings too. Without them the copy may have another version, and knows no named time zones.
    pub(super) fn settings(&self, of_files: bool) -> String {
        let mut lines = String::new();
        for known in SETTINGS.iter().filter(|known| of_files || !known.starts_with("innodb_")) {
            let value = self.variables.get(*known).map(|value| match *known {
                "sql_mode" if !of_files && self.brand == Brand::Mysql => without_removed(value),
                _ => value.clone(),
            });
            if let Some(value) = value.filter(|value| is_plain(value)) {
                lines.extend([&known.replace('_', "-"), "=", &value, "\n"]);
            }
        }
        let zone = self.variable("time_zone");
        let offset = self.offset.as_deref().filter(|_| !of_files && !zone.starts_with(['+', '-']));
        let zone = offset.unwrap_or(zone);
        let known = of_files || zone.starts_with(['+', '-']);
        if known && zone != "SYSTEM" && !zone.is_empty() && is_plain(zone) {
            lines.extend(["default-time-zone=", zone, "\n"]);
        }
        lines
    }

    /// Returns the size of all tables and their keys in bytes, as the source reports it.
    pub(super) fn bytes(&self, session: &mut Session) -> Result<u64, Error> {
        let mut bytes = 0_u64;
        for database in &self.databases {
            let sql = format!("SHOW TABLE STATUS FROM {}", name(database));
            let rows: Vec<Row> = session.rows("adding up the sizes of tables", &sql)?;
            for size in
                rows.iter().flat_map(|row| ["Data_length", "Index_length"].map(|name| row.get_opt(name)))
            {
                // A view has no sizes.
                let size: u64 = size.and_then(Result::ok).unwrap_or_default();
                bytes = bytes.saturating_add(size);
            }
        }
        Ok(bytes)
    }

    /// Returns the first table whose engine is none of these, with that engine, as text. A table that cannot be opened shows no
    /// engine, and counts too.
    pub(super) fn not_of(&self, engines: &[&str], session: &mut Session) -> Result<Option<String>, Error> {
        let deed = "looking for tables of other engines";
        let known: Vec<String> = engines.iter().map(|engine| literal(engine)).collect();
        let text = |row: &Row, at: usize| row.get_opt::<String, _>(at).and_then(Result::ok);
        for database in &self.databases {
            let sql = format!(
                "SHOW TABLE STATUS FROM {} WHERE Engine IS NULL OR Engine NOT IN ({})",
                name(database),
                known.join(", ")
            );
            let found: Vec<Row> = session.rows(deed, &sql)?;
            let sql = format!("SHOW FULL TABLES FROM {} WHERE Table_type LIKE '%VIEW'", name(database));
            let views: Vec<Row> = session.rows(deed, &sql)?;
            let views: Vec<_> = views.iter().map(|row| text(row, 0)).collect();
            if let Some(row) = found.iter().find(|row| !views.contains(&text(row, 0))) {
                let engine =
                    text(row, 1).map_or("an engine that it does not tell".to_owned(), |engine| engine);
                return Ok(Some(format!("{database}.{} is of {engine}", text(row, 0).unwrap_or_default())));
            }
        }
        Ok(None)
    }
}

/// Writes minutes from UTC as servers do: `+01:00`.
fn offset_of(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// Removes the SQL modes with which MySQL 8.0 does not start.
fn without_removed(modes: &str) -> String {
    let kept: Vec<&str> = modes.split(',').filter(|mode| !REMOVED_MODES.contains(mode)).collect();
    kept.join(",")
}

/// True when a value can stand in an option file: nothing in it ends a line or begins a comment.
fn is_plain(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_,:;./+-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(variables: &[(&str, &str)]) -> CopySource {
        CopySource {
            file: PathBuf::from("/x.cnf"),
            options: OptionFile::default(),
            brand: Brand::Mysql,
            version: "9.7.0".to_owned(),
            reach: Reach::Port("127.0.0.1".to_owned(), 3306),
            local: true,
            offset: None,
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
        assert_eq!(of.settings(true), wanted);
        assert_eq!(source(&[("time_zone", "SYSTEM")]).settings(true), "");
    }

    #[test]
    fn a_server_of_its_own_files_is_told_only_what_it_can_start_with() {
        let of = CopySource {
            offset: Some(offset_of(-570)),
            ..source(&[
                ("sql_mode", "NO_AUTO_CREATE_USER,ANSI_QUOTES"),
                ("innodb_page_size", "65536"),
                ("time_zone", "Pacific/Marquesas"),
            ])
        };
        assert_eq!(of.settings(false), "sql-mode=ANSI_QUOTES\ndefault-time-zone=-09:30\n");
        assert!(of.settings(true).contains("Pacific/Marquesas") && of.settings(true).contains("65536"));
        assert_eq!(CopySource { offset: None, ..of }.settings(false), "sql-mode=ANSI_QUOTES\n");
        assert_eq!((offset_of(60), offset_of(0)), ("+01:00".to_owned(), "+00:00".to_owned()));
    }

    fn reach(host: Option<&str>, port: Option<u16>, socket: Option<&str>) -> Reach {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Reach::of(&OptionFile { host: text(host), port, socket: text(socket), ..OptionFile::default() })
    }

    #[test]
    fn what_has_a_socket_or_a_loopback_address_ends_here() {
        let of = |host, socket| reach(host, None, socket).is_local();
        assert!(of(None, None) && of(Some("::1"), None) && of(Some("127.0.0.9"), None));
        assert!(of(Some("db.internal"), Some("/run/s")) && of(Some("localhost"), None));
        assert!(!of(Some("db.internal"), None) && !of(Some("10.0.0.1"), None));
    }

    #[test]
    fn who_copies_is_told_the_whole_way_that_was_looked_at() {
        let of = |host, port, socket| reach(host, port, socket).arguments().join(" ");
        let socket = "--protocol=socket --host=localhost --socket=/run/s";
        assert_eq!(of(None, None, Some("/run/s")), socket);
        // Our own login takes the socket too, whatever the host is.
        assert_eq!(of(Some("db.internal"), Some(3307), Some("/run/s")), socket);
        // With `localhost` a client program would take its default socket.
        assert_eq!(of(Some("localhost"), Some(3307), None), "--protocol=tcp --host=127.0.0.1 --port=3307");
        assert_eq!(of(Some("db.internal"), None, None), "--protocol=tcp --host=db.internal --port=3306");
    }

    #[test]
    fn a_server_is_cloned_where_it_was_looked_at_or_not_at_all() {
        let of = |reach: Reach, more: &[(&str, &str)]| {
            let ours = engine::host_name();
            let variables = [&[("port", "3309"), ("hostname", ours.trim())], more].concat();
            CopySource { reach, ..source(&variables) }.address()
        };
        let at = |port| Some(("127.0.0.1".to_owned(), port));
        let (tunnel, socket) =
            (Reach::Port("127.0.0.1".to_owned(), 13306), Reach::Socket("/run/s".to_owned()));
        assert_eq!(of(tunnel.clone(), &[]), at(13306));
        assert_eq!(of(tunnel, &[("skip_networking", "ON")]), None);
        assert_eq!(of(socket.clone(), &[]), at(3309));
        assert_eq!(of(socket.clone(), &[("skip_networking", "ON")]), None);
        assert_eq!(of(socket, &[("hostname", "of-the-container")]), None);
    }

    #[test]
    fn files_are_those_of_the_server_only_where_its_process_works_in_them() {
        let ours = engine::host_name();
        let data = tempfile::tempdir().unwrap();
        let pid = data.path().join("pid");
        let path = data.path().display().to_string();
        let of = |host: &str| {
            source(&[("hostname", host), ("datadir", &path), ("pid_file", "pid")]).is_elsewhere()
        };
        assert!(of("elsewhere").is_some_and(|why| why.contains("on elsewhere")));
        assert!(of(ours.trim()).is_some_and(|why| why.contains("cannot read")));
        // The path exists on this host, but the number in the pid file is another process's.
        std::fs::write(&pid, std::process::id().to_string()).unwrap();
        assert!(of(ours.trim()).is_some_and(|why| why.contains("no process of this host")));
        let mut server =
            std::process::Command::new("sleep").arg("60").current_dir(data.path()).spawn().unwrap();
        std::fs::write(&pid, format!("{}\n", server.id())).unwrap();
        let found = of(ours.trim());
        server.kill().unwrap();
        server.wait().unwrap();
        assert_eq!(found, None);
    }
}
