//! From settings or the document's cluster to a connection.
//!
//! In: host, port or socket, and what proves who logs in. Out: a [`Session`] with known session settings. TLS is
//! verified when the server is not on this host.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mysql::{Conn, Opts, OptsBuilder, SslOpts};

use super::error::Error;
use super::session::Session;
use crate::config::Tls;
use crate::house::Keys;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest row that can be read: the protocol's own limit. What may be sent is the server's to say.
const PACKET_BYTES_MAX: usize = 1 << 30;

/// Session settings of every connection: what is written and compared must not depend on the server's defaults.
const SESSION: &[&str] = &[
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00'",
    // A server's own limit would cut results without a word.
    "SET SESSION sql_select_limit = 18446744073709551615",
    // A server that wants a key in every WHERE would refuse our own UPDATEs.
    "SET SESSION sql_safe_updates = 0",
];

/// What proves who logs in.
#[derive(Clone)]
pub(crate) enum Password {
    /// The same for every connection; nothing for an account without one.
    Fixed(Option<String>),
    /// One for each connection.
    Token(Arc<dyn Keys>),
}

impl Password {
    pub(crate) fn of(password: Option<String>) -> Self {
        Self::Fixed(password)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// A server that can be connected to any number of times.
#[derive(Debug, Clone)]
pub struct Server {
    options: OptsBuilder,
    label: String,
    password: Password,
}

impl Server {
    /// A server at a host and port with a user and a password.
    pub fn at(host: &str, port: u16, user: &str, password: &str) -> Self {
        let address = Address {
            host: Some(host.to_owned()),
            port: Some(port),
            socket: None,
            tls_ca: None,
            tls: Tls::Verify,
        };
        Self::with_password(&address, user, password)
    }

    /// A server on this host behind a Unix socket.
    pub fn at_socket(socket: &Path, user: &str, password: &str) -> Self {
        let socket = Some(socket.display().to_string());
        let address = Address { host: None, port: None, socket, tls_ca: None, tls: Tls::Verify };
        Self::with_password(&address, user, password)
    }

    fn with_password(address: &Address, user: &str, password: &str) -> Self {
        Self::assemble(address, Some(user.to_owned()), Password::Fixed(Some(password.to_owned())))
    }

    /// A server and how to log in to it. A token would be readable on the way, so it wants TLS.
    pub(crate) fn build(address: &Address, user: Option<String>, password: Password) -> Result<Self, Error> {
        let verified = address.socket.is_none() && address.tls == Tls::Verify && address.tls().is_some();
        let server = Self::assemble(address, user, password);
        if matches!(server.password, Password::Token(_)) && !verified {
            return Err(Error::TokenWithoutTls(server.label));
        }
        Ok(server)
    }

    fn assemble(address: &Address, user: Option<String>, password: Password) -> Self {
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
        Self { options, label, password }
    }

    /// The same server for another account.
    pub(crate) fn as_account(&self, user: &str, password: &str) -> Self {
        self.with_login(user, Password::Fixed(Some(password.to_owned())))
    }

    /// The same server for whoever logs in to `other`.
    pub(crate) fn as_whom(&self, other: &Self) -> Self {
        let user = Opts::from(other.options.clone()).get_user().unwrap_or_default().to_owned();
        self.with_login(&user, other.password.clone())
    }

    fn with_login(&self, user: &str, password: Password) -> Self {
        let address = self.label.rsplit_once('@').map_or("", |(_, address)| address);
        let label = format!("{user}@{address}");
        Self { options: self.options.clone().user(Some(user)), label, password }
    }

    /// Opens one connection.
    pub fn connect(&self) -> Result<Session, Error> {
        self.connect_to(None)
    }

    /// Opens one connection with a default database.
    pub fn connect_to(&self, database: Option<&str>) -> Result<Session, Error> {
        let options = Opts::from(self.login()?.db_name(database));
        let secure = options.get_ssl_opts().is_some();
        let connection = Conn::new(options)
            .map_err(|e| Error::Connect { server: self.label.clone(), source: e.into() })?;
        Session::begin(connection, self.label.clone(), secure)
    }

    /// Where the server is and who logs in, without what proves it.
    pub fn options(&self) -> OptsBuilder {
        self.options.clone()
    }

    /// The options of one connection, with the password, or a fresh token that the server gets as it is.
    pub fn login(&self) -> Result<OptsBuilder, Error> {
        let options = self.options.clone();
        let keys = match &self.password {
            Password::Fixed(password) => return Ok(options.pass(password.clone())),
            Password::Token(keys) => keys,
        };
        let opts = Opts::from(options.clone());
        let user = opts.get_user().unwrap_or_default();
        let token = keys.token(&opts.get_ip_or_hostname(), opts.get_tcp_port(), user).map_err(Error::Keys)?;
        Ok(options.pass(Some(token)).enable_cleartext_plugin(true))
    }

    /// `user@host:port`, for messages.
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// Where a server is, and how far the way there is trusted.
pub(crate) struct Address {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) socket: Option<String>,
    pub(crate) tls_ca: Option<String>,
    pub(crate) tls: Tls,
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

pub(crate) fn expand_home(path: &str) -> String {
    match (path.strip_prefix("~/"), crate::config::environment("HOME")) {
        (Some(rest), Some(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}
