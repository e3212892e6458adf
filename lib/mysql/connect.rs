//! Makes a connection from settings or to the copy that a document names.
//!
//! In: host, port or socket, and the password or token of an account. Out: a [`Session`] with known session settings. TLS
//! is verified when the server is not on this host.
//!
//! **Passwords.** Over a socket or TLS the server may read the password. Over plain TCP `caching_sha2_password` wants it
//! encrypted with the server's RSA key, and the driver would take that key from whoever answers. So the driver is always
//! given the path of a key file. Where none is configured, it is a path where no file can be, and the driver sends no
//! password.
//!
//! **Time.** A connection may take ten seconds; connection, login and the first answers thirty in all, however few bytes
//! arrive. After that a statement may take as long as it takes (LOAD, ALTER, `GET_LOCK`), while the server's machine
//! answers: TCP probes it, and gives up after a minute and a half.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use mysql::{Conn, Opts, OptsBuilder, SslOpts};

use super::error::Error;
use super::session::Session;
use crate::config::Tls;
use crate::document::read_text;
use crate::house::SecretStore;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long connection, login and the first answers may take together. A busy server takes a second.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);

/// TCP keepalive: the silence before the first probe, the interval between probes, and how many may stay unanswered.
const KEEPALIVE_MS: u32 = 30_000;
const PROBE_SECONDS: u32 = 10;
const PROBES: u32 = 6;

/// How long what was sent may stay unconfirmed.
const UNCONFIRMED_MS: u32 = 90_000;

/// A path where no file can be: the driver's key file for a server whose public key is not configured.
const NO_KEY: &str = "/dev/null/server_public_key";

/// The largest file that is read as a public key.
const KEY_BYTES_MAX: u64 = 16 << 10;

/// The longest packet that the driver reads: the protocol's own limit. The server decides how long a sent one may be.
const PACKET_BYTES_MAX: usize = 1 << 30;

/// Session settings of every connection: what is written and compared must not depend on the server's defaults.
const SESSION: &[&str] = &[
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00'",
    // A server's own limit would cut results without an error.
    "SET SESSION sql_select_limit = 18446744073709551615",
    // A server that wants a key in every WHERE would refuse our own UPDATEs.
    "SET SESSION sql_safe_updates = 0",
    // A server with a low `max_join_size` would refuse large joins.
    "SET SESSION sql_big_selects = 1",
];

/// The password or token that a login sends.
#[derive(Clone)]
pub(crate) enum Password {
    /// The same password for every connection; nothing for an account without one.
    Fixed(Option<String>),
    /// A new token of this store for each connection.
    Token(Arc<dyn SecretStore>),
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
    /// The file of the server's public key, if passwords may go to it over plain TCP.
    public_key: Option<PathBuf>,
    patience: Duration,
}

impl Server {
    /// A server at a host and port with a user and a password.
    pub fn at(host: &str, port: u16, user: &str, password: &str) -> Self {
        let address = ServerAddress {
            host: Some(host.to_owned()),
            port: Some(port),
            socket: None,
            tls_ca: None,
            tls: Tls::Verify,
            server_public_key: None,
        };
        Self::with_password(&address, user, password)
    }

    /// A server on this host behind a Unix socket.
    pub fn at_socket(socket: &Path, user: &str, password: &str) -> Self {
        let socket = Some(socket.display().to_string());
        let (tls_ca, server_public_key) = (None, None);
        let address =
            ServerAddress { host: None, port: None, socket, tls_ca, tls: Tls::Verify, server_public_key };
        Self::with_password(&address, user, password)
    }

    /// The same server, whose public key is in this file.
    #[must_use]
    pub fn with_public_key(mut self, path: &Path) -> Self {
        self.public_key = Some(path.to_owned());
        self
    }

    fn with_password(address: &ServerAddress, user: &str, password: &str) -> Self {
        Self::assemble(address, Some(user.to_owned()), Password::Fixed(Some(password.to_owned())))
    }

    /// A server and how to log in to it. Fails for a token without verified TLS: it is sent as it is.
    pub(crate) fn build(
        address: &ServerAddress,
        user: Option<String>,
        password: Password,
    ) -> Result<Self, Error> {
        let verified = address.socket.is_none() && address.tls == Tls::Verify && address.tls().is_some();
        let server = Self::assemble(address, user, password);
        if matches!(server.password, Password::Token(_)) && !verified {
            return Err(Error::TokenWithoutTls(server.label));
        }
        Ok(server)
    }

    fn assemble(address: &ServerAddress, user: Option<String>, password: Password) -> Self {
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
            .tcp_keepalive_time_ms(Some(KEEPALIVE_MS))
            .tcp_keepalive_probe_interval_secs(Some(PROBE_SECONDS))
            .tcp_keepalive_probe_count(Some(PROBES))
            .tcp_user_timeout_ms(Some(UNCONFIRMED_MS))
            .max_allowed_packet(Some(PACKET_BYTES_MAX))
            .tcp_connect_timeout(Some(CONNECT_TIMEOUT))
            .ssl_opts(address.tls());
        let options = match &address.socket {
            Some(socket) => options.socket(Some(socket.clone())),
            None => options
                .ip_or_hostname(Some(address.host.clone().unwrap_or_else(|| "127.0.0.1".to_owned())))
                .tcp_port(address.port.unwrap_or(3306)),
        };
        let public_key = address.server_public_key.as_ref().map(|path| PathBuf::from(expand_home(path)));
        Self { options, label, password, public_key, patience: LOGIN_TIMEOUT }
    }

    /// The same server for another account.
    pub(crate) fn as_account(&self, user: &str, password: &str) -> Self {
        self.with_login(user, Password::Fixed(Some(password.to_owned())))
    }

    /// The same server with the login of `other`.
    pub(crate) fn as_whom(&self, other: &Self) -> Self {
        let user = Opts::from(other.options.clone()).get_user().unwrap_or_default().to_owned();
        self.with_login(&user, other.password.clone())
    }

    fn with_login(&self, user: &str, password: Password) -> Self {
        let address = self.label.rsplit_once('@').map_or("", |(_, address)| address);
        let label = format!("{user}@{address}");
        Self { options: self.options.clone().user(Some(user)), label, password, ..self.clone() }
    }

    /// Opens one connection without a default database.
    pub fn connect(&self) -> Result<Session, Error> {
        self.connect_to(None)
    }

    /// Opens one connection with a default database.
    pub fn connect_to(&self, database: Option<&str>) -> Result<Session, Error> {
        let options = Opts::from(self.login()?.db_name(database));
        let (label, secure) = (self.label.clone(), options.get_ssl_opts().is_some());
        self.check_key(&options)?;
        let begin = move || {
            let connection =
                Conn::new(options).map_err(|e| Error::Connect { server: label.clone(), source: e.into() })?;
            Session::begin(connection, label, secure)
        };
        self.in_time(begin).map_err(|error| self.without_key(error))
    }

    /// Runs the login on a thread of its own, as the driver has no limit for the whole of it. Fails when the answer comes
    /// too late, or the driver panics; the thread is not waited for.
    fn in_time(
        &self,
        begin: impl FnOnce() -> Result<Session, Error> + Send + 'static,
    ) -> Result<Session, Error> {
        let (sender, receiver) = sync_channel(1);
        let failed = |source: io::Error| Error::Connect {
            server: self.label.clone(),
            source: mysql::Error::from(source).into(),
        };
        let login = std::thread::Builder::new().name("login".to_owned());
        login.spawn(move || sender.send(begin())).map_err(failed)?;
        receiver.recv_timeout(self.patience).unwrap_or_else(|why| {
            let (kind, said) = match why {
                RecvTimeoutError::Timeout => (io::ErrorKind::TimedOut, "does not answer in time"),
                RecvTimeoutError::Disconnected => {
                    (io::ErrorKind::InvalidData, "does not answer as a server does")
                }
            };
            Err(failed(io::Error::new(kind, format!("what is there {said}"))))
        })
    }

    /// Fails when the key file holds no public key: the driver would panic on it.
    fn check_key(&self, options: &Opts) -> Result<(), Error> {
        let Some(path) = self.public_key.as_ref().filter(|_| is_plain(options)) else { return Ok(()) };
        let wrong = |source| Error::PublicKey { server: self.label.clone(), path: path.clone(), source };
        match read_text(path, KEY_BYTES_MAX) {
            Ok(text) if text.contains("-----BEGIN PUBLIC KEY-----") => Ok(()),
            Ok(_) => Err(wrong(io::Error::new(io::ErrorKind::InvalidData, "it holds no PUBLIC KEY"))),
            // A missing file is no error here, as not every server asks for the key: `without_key` reports it.
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(wrong(source)),
        }
    }

    /// Turns the driver's error of a missing key file into ours.
    fn without_key(&self, error: Error) -> Error {
        let Error::Connect { source, .. } = &error else { return error };
        if !is_plain(&Opts::from(self.options.clone())) {
            return error;
        }
        let Some(kind) = source.kind() else { return error };
        match (kind, &self.public_key) {
            (io::ErrorKind::NotADirectory, None) => Error::NoPublicKey(self.label.clone()),
            (io::ErrorKind::NotFound, Some(path)) => Error::PublicKey {
                server: self.label.clone(),
                path: path.clone(),
                source: io::Error::from(io::ErrorKind::NotFound),
            },
            _ => error,
        }
    }

    /// Where the server is and who logs in, without password or token.
    pub fn options(&self) -> OptsBuilder {
        self.options.clone()
    }

    /// The options of one connection: with the password, or with a fresh token, which the server gets as it is.
    pub fn login(&self) -> Result<OptsBuilder, Error> {
        let mut options = self.options.clone();
        if is_plain(&Opts::from(options.clone())) {
            // With a path set, the driver never asks the server for its key.
            let key = self.public_key.clone().unwrap_or_else(|| PathBuf::from(NO_KEY));
            options = options.server_key_path(Some(key));
        }
        let keys = match &self.password {
            Password::Fixed(password) => return Ok(options.pass(password.clone())),
            Password::Token(keys) => keys,
        };
        let opts = Opts::from(options.clone());
        let user = opts.get_user().unwrap_or_default();
        let token = keys.token(&opts.get_ip_or_hostname(), opts.get_tcp_port(), user).map_err(Error::Keys)?;
        Ok(options.pass(Some(token)).enable_cleartext_plugin(true))
    }

    /// `user@host:port` or `user@socket`, as messages name the login.
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// Whether the connection is plain TCP: neither TLS nor a Unix socket.
fn is_plain(options: &Opts) -> bool {
    options.get_ssl_opts().is_none() && options.get_socket().is_none()
}

/// Where a server is, and how its TLS is checked.
pub(crate) struct ServerAddress {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) socket: Option<String>,
    pub(crate) tls_ca: Option<String>,
    pub(crate) tls: Tls,
    pub(crate) server_public_key: Option<String>,
}

impl ServerAddress {
    /// TLS for servers that are not on this host, or wherever a certificate authority is named; none if it is off.
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

/// Counts the certificates in a file of authorities (PEM), or says why it cannot be used.
pub fn authorities(path: &str) -> Result<usize, String> {
    use base64::Engine;
    let text = std::fs::read_to_string(expand_home(path)).map_err(|error| error.to_string())?;
    let mut count = 0;
    for block in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let (body, _) =
            block.split_once("-----END CERTIFICATE-----").ok_or("a certificate in it has no end")?;
        let body: String = body.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(body).unwrap_or_default();
        // A certificate in DER begins with the tag of a sequence.
        if bytes.first() != Some(&0x30) {
            return Err(format!("certificate {} in it cannot be read", count + 1));
        }
        count += 1;
    }
    if count == 0 { Err("it holds no certificate (PEM)".to_owned()) } else { Ok(count) }
}

pub(crate) fn expand_home(path: &str) -> String {
    match (path.strip_prefix("~/"), crate::config::environment("HOME")) {
        (Some(rest), Some(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
