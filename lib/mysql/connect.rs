//! From settings or the document's cluster to a connection.
//!
//! In: host, port or socket, and a reference to a login. Out: a [`Session`] with known session settings. TLS is
//! verified when the server is not on this host.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mysql::{Conn, OptsBuilder, SslOpts};

use super::{Error, OptionFile, Session};
use crate::config::{ServerConfig, Tls};
use crate::document::{Cluster, Login};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest row that can be read: the protocol's own limit. What may be sent is the server's to say.
const PACKET_BYTES_MAX: usize = 1 << 30;

/// Session settings of every connection: what is written and compared must not depend on the server's defaults.
const SESSION: &[&str] = &[
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00'",
    // A server's own limit would cut results without a word.
    "SET SESSION sql_select_limit = 18446744073709551615",
];

/// Which server software answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// MySQL 8 and later, Aurora MySQL 3.
    MySql,
    /// MariaDB.
    MariaDb,
}

/// A server that can be connected to any number of times.
#[derive(Debug, Clone)]
pub struct Server {
    options: OptsBuilder,
    label: String,
}

impl Server {
    /// The server of a configuration section. Its option file is read now, its variable too; without either,
    /// `~/.my.cnf` is what a MySQL user expects.
    pub fn of_config(config: &ServerConfig) -> Result<Self, Error> {
        let file = match &config.defaults_file {
            Some(path) => OptionFile::read(Path::new(&expand_home(path)))?,
            None if config.user.is_none() => OptionFile::of_home()?,
            None => OptionFile::default(),
        };
        let password = match &config.password_env {
            Some(name) => Some(password_of(name)?),
            None => file.password,
        };
        let address = Address {
            // A host that the configuration names is not to be bypassed by a socket of the option file.
            socket: config.socket.clone().or(file.socket.filter(|_| config.host.is_none())),
            host: config.host.clone().or(file.host),
            port: config.port.or(file.port),
            tls_ca: config.tls_ca.clone().or(file.tls_ca),
            tls: config.tls,
        };
        let user = config.user.clone().or(file.user).ok_or(Error::NoUser)?;
        Ok(Self::build(&address, Some(user), password))
    }

    /// The throw-away copy of a document.
    pub fn of_cluster(cluster: &Cluster, tls_ca: Option<&str>) -> Result<Self, Error> {
        let (user, password) = match &cluster.login {
            Some(Login::OptionFile { path, .. }) => {
                let file = OptionFile::read(Path::new(path))?;
                (file.user, file.password)
            }
            Some(Login::Env { name, user, .. }) => (Some(user.clone()), Some(password_of(name)?)),
            Some(Login::SecretsManager { .. }) => return Err(Error::NoSuchLogin("AWS Secrets Manager")),
            Some(Login::Iam { .. }) => return Err(Error::NoSuchLogin("an RDS IAM token")),
            Some(Login::Unknown(_)) => return Err(Error::NoSuchLogin("what the document's login names")),
            None => (None, None),
        };
        let address = Address {
            host: Some(cluster.host.clone()),
            port: Some(cluster.port),
            socket: None,
            tls_ca: tls_ca.map(str::to_owned),
            tls: Tls::Verify,
        };
        Ok(Self::build(&address, user, password))
    }

    /// A server at a host and port with a user and a password.
    pub fn at(host: &str, port: u16, user: &str, password: &str) -> Self {
        let address = Address {
            host: Some(host.to_owned()),
            port: Some(port),
            socket: None,
            tls_ca: None,
            tls: Tls::Verify,
        };
        Self::build(&address, Some(user.to_owned()), Some(password.to_owned()))
    }

    /// A server on this host behind a Unix socket.
    pub fn at_socket(socket: &Path, user: &str, password: &str) -> Self {
        let socket = Some(socket.display().to_string());
        let address = Address { host: None, port: None, socket, tls_ca: None, tls: Tls::Verify };
        Self::build(&address, Some(user.to_owned()), Some(password.to_owned()))
    }

    fn build(address: &Address, user: Option<String>, password: Option<String>) -> Self {
        let who = user.as_deref().unwrap_or_default();
        let label = match (&address.socket, &address.host) {
            (Some(socket), _) => format!("{who}@{socket}"),
            (None, host) => {
                let host = host.as_deref().unwrap_or("127.0.0.1");
                format!("{who}@{host}:{}", address.port.unwrap_or(3306))
            }
        };
        let options = OptsBuilder::new()
            .user(user)
            .pass(password)
            .init(SESSION.to_vec())
            .prefer_socket(false)
            .tcp_keepalive_time_ms(Some(30_000))
            .max_allowed_packet(Some(PACKET_BYTES_MAX))
            .tcp_connect_timeout(Some(CONNECT_TIMEOUT))
            .ssl_opts(address.tls());
        let options = match &address.socket {
            Some(socket) => options.socket(Some(socket.clone())),
            None => options
                .ip_or_hostname(Some(address.host.clone().unwrap_or_else(|| "127.0.0.1".to_owned())))
                .tcp_port(address.port.unwrap_or(3306)),
        };
        Self { options, label }
    }

    /// Opens one connection.
    pub fn connect(&self) -> Result<Session, Error> {
        self.connect_to(None)
    }

    /// Opens one connection with a default database.
    pub fn connect_to(&self, database: Option<&str>) -> Result<Session, Error> {
        let connection = Conn::new(self.options.clone().db_name(database))
            .map_err(|e| Error::Connect { server: self.label.clone(), source: e.into() })?;
        Session::begin(connection, self.label.clone())
    }

    /// The connection options, for what [`Session`] does not do (LOAD DATA LOCAL handlers).
    pub fn options(&self) -> OptsBuilder {
        self.options.clone()
    }

    /// `user@host:port`, for messages.
    pub fn label(&self) -> &str {
        &self.label
    }
}

struct Address {
    host: Option<String>,
    port: Option<u16>,
    socket: Option<String>,
    tls_ca: Option<String>,
    tls: Tls,
}

impl Address {
    /// TLS for servers that are not on this host, or wherever a certificate authority is named.
    fn tls(&self) -> Option<SslOpts> {
        let options = match &self.tls_ca {
            _ if self.tls == Tls::Off => return None,
            Some(ca) => SslOpts::default().with_root_cert_path(Some(PathBuf::from(expand_home(ca)))),
            None if self.is_local() => return None,
            None => SslOpts::default(),
        };
        Some(options.with_danger_skip_domain_validation(self.tls == Tls::VerifyCa))
    }

    fn is_local(&self) -> bool {
        let host = self.host.as_deref().unwrap_or("127.0.0.1");
        let loopback = || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.socket.is_some() || host == "localhost" || loopback()
    }
}

/// The password that a variable of the environment holds: the one secret that is handed in this way.
fn password_of(variable: &str) -> Result<String, Error> {
    crate::config::environment(variable).ok_or_else(|| Error::NoPassword(variable.to_owned()))
}

fn expand_home(path: &str) -> String {
    match (path.strip_prefix("~/"), crate::config::environment("HOME")) {
        (Some(rest), Some(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}
