//! The server that is copied: what it is, and what its copy must have in common with it.
//!
//! In: an option file. Out: version, databases, settings. Nothing is changed there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mysql::Row;

use crate::config::ServerConfig;
use crate::engine::{self, Brand};
use crate::mysql::{Access, Engine, OptionFile, Session, expand_home};
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
/// SQL modes that MySQL 8.0 took away.
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
/// Variables that are asked for beside those.
const FACTS: &[&str] =
    &["lower_case_table_names", "datadir", "port", "skip_networking", "time_zone", "hostname", "pid_file"];
/// Lines that keep a copy's tables from being those of another server: engines that read and write elsewhere, which the files or
/// the plugins of a source may bring. Not CONNECT: where it is not loaded, its option would be taken for `connect-timeout`.
pub(super) const NOTHING_REMOTE: &str =
    "loose-federated=OFF\nloose-spider=OFF\nloose-s3=OFF\nloose-sphinx=OFF\n";

/// The way to a server: the one that is looked at is the one that is copied, so every program is told it whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    Socket(String),
    Port(String, u16),
}

impl Reach {
    /// As the option file says it, and as we log in ourselves.
    fn of(options: &OptionFile) -> Self {
        let host = options.host.as_deref().filter(|host| *host != "localhost");
        match &options.socket {
            Some(socket) => Self::Socket(socket.clone()),
            None => Self::Port(host.unwrap_or("127.0.0.1").to_owned(), options.port.unwrap_or(3306)),
        }
    }

    /// For a client program, whatever else its option file says.
    pub(super) fn arguments(&self) -> Vec<String> {
        match self {
            // Without this name it would not take the socket.
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

    /// Whether it ends on this host, where no TLS is wanted. What answers there may still be the end of a tunnel.
    fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Port(host, _) => {
                host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// A server to copy.
#[derive(Debug)]
pub(super) struct CopySource {
    /// Its option file, with the whole path.
    pub(super) file: PathBuf,
    /// What the option file says.
    pub(super) options: OptionFile,
    pub(super) brand: Brand,
    /// The server's version as it says it itself: `10.11.19-MariaDB-log`.
    pub(super) version: String,
    /// The way to it.
    pub(super) reach: Reach,
    /// Whether that ends on this host.
    pub(super) local: bool,
    /// The databases that are not the server's own.
    pub(super) databases: Vec<String>,
    /// How far its time is from UTC now: `+01:00`.
    offset: Option<String>,
    variables: BTreeMap<String, String>,
}

impl CopySource {
    /// Logs in and looks.
    pub(super) fn look(file: &Path) -> Result<(Self, Session), Error> {
        let file = file.canonicalize().map_err(Error::file("read", file))?;
        let mut options = OptionFile::read(&file)?;
        if let Some(ca) = &mut options.tls_ca {
            // As every client reads it: from where it was started. Who works for us is started elsewhere.
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

    /// The value of one of the source's variables; empty if it has none.
    pub(super) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Where it listens, if it does. One behind a socket listens at its own port of this host, if it is here at all.
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

    /// Whether it says that it is on this host.
    pub(super) fn says_this_host(&self) -> bool {
        let ours = engine::host_name();
        !ours.is_empty() && ours == self.variable("hostname")
    }

    /// Why the files of its data directory cannot be read here, if that is so. A tunnel leads to another host, a socket may be a
    /// container's, and the same path is there too: so the process that it names has to be at work in the directory that it names.
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
        // A server stands in its data directory.
        let works = |process: u32| engine::is_same(Path::new(&format!("/proc/{process}/cwd")), &data);
        (!process.is_some_and(works)).then(|| {
            format!(
                "no process of this host, as {} names it, works in {}",
                pid_file.display(),
                data.display()
            )
        })
    }

    /// Whether it writes all names in lower case.
    pub(super) fn lower_case(&self) -> bool {
        self.variable("lower_case_table_names") == "1"
    }

    /// Lines of an option file that make the copy mean what it says as the source does, and, where it has the files of that, read
    /// them. A server on files of its own is of any version, and knows no time zone by its name.
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

    /// How many bytes its tables take, as it says.
    pub(super) fn bytes(&self, session: &mut Session) -> Result<u64, Error> {
        let mut bytes = 0_u64;
        for database in &self.databases {
            let sql = format!("SHOW TABLE STATUS FROM {}", name(database));
            let rows: Vec<Row> = session.rows("adding up the sizes of tables", &sql)?;
            for size in
                rows.iter().flat_map(|row| ["Data_length", "Index_length"].map(|name| row.get_opt(name)))
            {
                // A view has none.
                let size: u64 = size.and_then(Result::ok).unwrap_or_default();
                bytes = bytes.saturating_add(size);
            }
        }
        Ok(bytes)
    }

    /// The first table of none of these engines. One that cannot be opened says of none, and may be of any.
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

/// Minutes from UTC as a server writes them.
fn offset_of(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// SQL modes of MySQL without those that 8.0 does not start with.
fn without_removed(modes: &str) -> String {
    let kept: Vec<&str> = modes.split(',').filter(|mode| !REMOVED_MODES.contains(mode)).collect();
    kept.join(",")
}

/// Whether a value of the source's can stand in an option file: nothing that ends a line or begins a comment.
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
        // The socket is what we take ourselves, whatever host is named beside it.
        assert_eq!(of(Some("db.internal"), Some(3307), Some("/run/s")), socket);
        // A client program would take its own socket for that name.
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
        // The same path is on this host too, and another process has the number.
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
