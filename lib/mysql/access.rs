//! Resolves a reference to a login into a server that can be connected to. Of several places the first that says
//! something counts:
//!
//! ```text
//! user         --defaults-extra-file, the section, the option file, the secret
//! password     --defaults-extra-file, then secret | iam_login | password_env (one of them, or none), the option file
//! host, port   the section, --defaults-extra-file, the option file, the secret
//! option file  defaults_file, else ~/.my.cnf
//! ```
//!
//! In: a configuration section or a copy, and a store of secrets. Out: a [`Server`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connect::{Password, Server, ServerAddress, expand_home};
use super::error::Error;
use super::option_file::OptionFile;
use crate::config::{AccountConfig, RestoreConfig, ServerConfig, Tls};
use crate::document::{Login, ThrowAwayCopy};
use crate::house::{House, NoKeys, SecretStore, ServerSecret};

/// The flags that every tool which logs in to MySQL shares.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LoginOptions {
    /// MySQL option file whose [client] user and password beat those of refresh.toml and of the document
    #[arg(long, value_name = "FILE", global = true)]
    pub defaults_extra_file: Option<PathBuf>,

    /// Certificate authorities (PEM) to verify servers with, such as the RDS bundle [default: tls_ca of refresh.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub tls_ca: Option<String>,
}

/// What decides a login, beside the section that describes the server.
#[derive(Debug, Clone)]
pub struct Access {
    /// The store that fetches secrets and makes tokens.
    pub keys: Arc<dyn SecretStore>,
    /// The option file that a flag names.
    pub extra: Option<PathBuf>,
    /// The certificate authorities that a flag names.
    pub tls_ca: Option<String>,
}

impl Default for Access {
    fn default() -> Self {
        Self { keys: Arc::new(NoKeys), extra: None, tls_ca: None }
    }
}

impl Access {
    /// The access that the flags describe, with the secret store of the house.
    pub fn of(house: &House, options: &LoginOptions) -> Self {
        let LoginOptions { defaults_extra_file: extra, tls_ca } = options.clone();
        Self { keys: Arc::clone(&house.keys), extra, tls_ca }
    }

    /// The server of a configuration section. Its option file, variable and secret are read now. A section without
    /// `defaults_file`, `user` and `secret` takes `~/.my.cnf`, as a MySQL user expects.
    pub fn to_config(&self, config: &ServerConfig) -> Result<Server, Error> {
        require_one_way(config)?;
        let extra = self.extra()?;
        let file = match &config.defaults_file {
            Some(path) => OptionFile::read(Path::new(&expand_home(path)))?,
            None if config.user.is_none() && config.secret.is_none() => OptionFile::of_home()?,
            None => OptionFile::default(),
        };
        // With a password from the flag's option file the secret is not fetched.
        let secret = match &config.secret {
            Some(id) if extra.password.is_none() => self.keys.secret(id).map_err(Error::Keys)?,
            _ => ServerSecret::default(),
        };
        let password = match (&config.password_env, &config.secret) {
            _ if extra.password.is_some() => Password::of(extra.password),
            _ if config.iam_login => Password::Token(Arc::clone(&self.keys)),
            (Some(name), _) => Password::of(Some(password_of(name)?)),
            (None, Some(_)) => Password::of(Some(secret.password)),
            (None, None) => Password::of(file.password),
        };
        let address = ServerAddress {
            // A socket of an option file must not bypass a host that the configuration names.
            socket: config.socket.clone().or(extra.socket.or(file.socket).filter(|_| config.host.is_none())),
            host: config.host.clone().or(extra.host).or(file.host).or(secret.host),
            port: config.port.or(extra.port).or(file.port).or(secret.port),
            tls_ca: self.tls_ca.clone().or_else(|| config.tls_ca.clone()).or(extra.tls_ca).or(file.tls_ca),
            tls: config.tls,
            server_public_key: config
                .server_public_key
                .clone()
                .or(extra.server_public_key)
                .or(file.server_public_key),
        };
        let user = extra.user.or_else(|| config.user.clone()).or(file.user).or(secret.user);
        Server::build(&address, Some(user.ok_or(Error::NoUser)?), password)
    }

    /// A server for another account than that of its section. The flag's option file is about the section's account, and
    /// not used.
    pub fn to_account(&self, server: &Server, account: &AccountConfig) -> Result<Server, Error> {
        let AccountConfig { user, defaults_file, password_env, secret } = account.clone();
        if user.is_none() && defaults_file.is_none() && secret.is_none() {
            return Err(Error::NoUser);
        }
        let config = ServerConfig { user, defaults_file, password_env, secret, ..ServerConfig::default() };
        let own = Self { extra: None, ..self.clone() };
        Ok(server.as_whom(&own.to_config(&config)?))
    }

    /// A throw-away copy: that of the journal, or one that a person named (see the room `claim`).
    pub fn to_copy(&self, copy: &ThrowAwayCopy, restore: &RestoreConfig) -> Result<Server, Error> {
        let extra = self.extra()?;
        let (user, password, key) = match &copy.login {
            _ if extra.password.is_some() => (None, Password::of(extra.password), None),
            Some(login) => self.of_login(login)?,
            None => (None, Password::of(None), None),
        };
        let tls_ca = self.tls_ca.clone().or_else(|| restore.tls_ca.clone()).or(extra.tls_ca);
        // A copy on this host (it has a directory) was made a moment ago: the configured key is about copies of the RDS
        // service.
        let configured = restore.server_public_key.clone().filter(|_| copy.directory.is_none());
        let address = ServerAddress {
            host: Some(copy.host.clone()),
            port: Some(copy.port),
            socket: None,
            tls_ca,
            tls: Tls::Verify,
            server_public_key: configured.or(extra.server_public_key).or(key),
        };
        Server::build(&address, extra.user.or(user), password)
    }

    fn of_login(&self, login: &Login) -> Result<LoggedIn, Error> {
        Ok(match login {
            Login::OptionFile { path, .. } => {
                let file = OptionFile::read(Path::new(path))?;
                (file.user, Password::of(file.password), file.server_public_key)
            }
            Login::Env { name, user, .. } => {
                (Some(user.clone()), Password::of(Some(password_of(name)?)), None)
            }
            Login::SecretsManager { arn, .. } => {
                let secret = self.keys.secret(arn).map_err(Error::Keys)?;
                (secret.user, Password::of(Some(secret.password)), None)
            }
            Login::Iam { user, .. } => (Some(user.clone()), Password::Token(Arc::clone(&self.keys)), None),
            Login::Unknown(_) => return Err(Error::NoSuchLogin),
        })
    }

    fn extra(&self) -> Result<OptionFile, Error> {
        self.extra.as_deref().map_or_else(|| Ok(OptionFile::default()), OptionFile::read)
    }
}

impl Server {
    /// The server of a configuration section whose login needs no secret store.
    pub fn of_config(config: &ServerConfig) -> Result<Self, Error> {
        Access::default().to_config(config)
    }

    /// The server of a copy whose login needs no secret store.
    pub fn of_copy(copy: &ThrowAwayCopy) -> Result<Self, Error> {
        Access::default().to_copy(copy, &RestoreConfig::default())
    }
}

/// The user, the password or token, and the file of the server's public key, as far as a login names them.
type LoggedIn = (Option<String>, Password, Option<String>);

/// Fails when a section names two ways to log in.
fn require_one_way(config: &ServerConfig) -> Result<(), Error> {
    let ways = [
        ("password_env", config.password_env.is_some()),
        ("secret", config.secret.is_some()),
        ("iam_login", config.iam_login),
    ];
    let mut named = ways.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name);
    match (named.next(), named.next()) {
        (Some(one), Some(other)) => Err(Error::TwoLogins(one, other)),
        _ => Ok(()),
    }
}

/// The password in an environment variable. Fails when the variable is not set.
fn password_of(variable: &str) -> Result<String, Error> {
    crate::config::environment(variable).ok_or_else(|| Error::NoPassword(variable.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::document::{AnyFailure, Cluster, Exit, Failure, ResourceKind, chain};

    /// Knows one secret and counts its tokens.
    #[derive(Debug, Default)]
    struct Fake(AtomicU32);

    impl SecretStore for Fake {
        fn content(&self, _id: &str) -> Result<Vec<u8>, AnyFailure> {
            unreachable!("no login is more than a secret about a server")
        }

        fn secret(&self, id: &str) -> Result<ServerSecret, AnyFailure> {
            assert_eq!(id, "arn:x");
            let (user, host) = (Some("keeper".to_owned()), Some("db.internal".to_owned()));
            Ok(ServerSecret { user, password: "clear".to_owned(), host, port: Some(3307) })
        }

        fn token(&self, host: &str, port: u16, user: &str) -> Result<String, AnyFailure> {
            assert_eq!((host, port, user), ("127.0.0.1", 9, "masker"));
            Ok(format!("token-{}", self.0.fetch_add(1, Ordering::Relaxed)))
        }
    }

    fn access(extra: Option<PathBuf>) -> (Arc<Fake>, Access) {
        let fake = Arc::new(Fake::default());
        (Arc::clone(&fake), Access { keys: fake, extra, tls_ca: None })
    }

    fn copy(host: &str, port: u16, login: Option<Login>) -> ThrowAwayCopy {
        let cluster = Cluster { host: host.to_owned(), port, login, ..Cluster::default() };
        ThrowAwayCopy::described(ResourceKind::Cluster, &cluster)
    }

    fn config() -> ServerConfig {
        ServerConfig { secret: Some("arn:x".to_owned()), ..ServerConfig::default() }
    }

    fn password(server: &Server) -> String {
        mysql::Opts::from(server.login().unwrap()).get_pass().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_secret_says_who_logs_in_and_where_unless_the_configuration_does() {
        let (_, access) = access(None);
        let server = access.to_config(&config()).unwrap();
        assert_eq!((server.label(), password(&server).as_str()), ("keeper@db.internal:3307", "clear"));
        let own = ServerConfig { host: Some("10.0.0.1".into()), user: Some("me".into()), ..config() };
        assert_eq!(access.to_config(&own).unwrap().label(), "me@10.0.0.1:3307");
    }

    #[test]
    fn the_flags_option_file_beats_the_configuration_and_never_changes_its_host() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("extra.cnf");
        crate::mysql::option_file::write(&path, "night", "owl").unwrap();
        let text = std::fs::read_to_string(&path).unwrap() + "host=elsewhere\nport=1\n";
        std::fs::write(&path, text).unwrap();
        let (_, access) = access(Some(path));
        let own = ServerConfig { host: Some("10.0.0.1".into()), user: Some("me".into()), ..config() };
        let server = access.to_config(&own).unwrap();
        assert_eq!((server.label(), password(&server).as_str()), ("night@10.0.0.1:1", "owl"));
        let server = access.to_copy(&copy("copy", 3306, None), &RestoreConfig::default()).unwrap();
        assert_eq!((server.label(), password(&server).as_str()), ("night@copy:3306", "owl"));
    }

    #[test]
    fn a_token_is_made_for_each_connection() {
        let (fake, access) = access(None);
        let login = Login::Iam { user: "masker".to_owned(), other: serde_json::Map::new() };
        let restore = RestoreConfig { tls_ca: Some("/ca.pem".to_owned()), ..RestoreConfig::default() };
        let server = access.to_copy(&copy("127.0.0.1", 9, Some(login)), &restore).unwrap();
        assert!(server.connect().is_err() && server.connect().is_err());
        assert_eq!(fake.0.load(Ordering::Relaxed), 2);
        assert_eq!(password(&server), "token-2");
        assert!(mysql::Opts::from(server.login().unwrap()).get_enable_cleartext_plugin());
    }

    #[test]
    fn a_token_goes_over_verified_tls_or_not_at_all() {
        let (_, access) = access(None);
        let iam = ServerConfig {
            iam_login: true,
            user: Some("masker".into()),
            tls_ca: Some("/ca.pem".into()),
            host: Some("db.internal".into()),
            ..ServerConfig::default()
        };
        assert!(access.to_config(&iam).is_ok());
        for wrong in [
            ServerConfig { tls: Tls::Off, ..iam.clone() },
            ServerConfig { tls: Tls::VerifyCa, ..iam.clone() },
            ServerConfig { tls_ca: None, host: Some("127.0.0.1".into()), ..iam.clone() },
            ServerConfig { host: None, socket: Some("/run/mysqld.sock".into()), ..iam.clone() },
        ] {
            let error = access.to_config(&wrong).unwrap_err();
            assert!(matches!(error, Error::TokenWithoutTls(_)), "{error}");
            assert_eq!(error.exit(), Exit::BadConfig);
        }
    }

    #[test]
    fn the_keys_are_those_that_the_house_was_handed() {
        let (settings, silent) = (crate::config::Config::default(), crate::progress::Progress::silent());
        let mut house = House::new("tool", settings, silent, std::env::temp_dir());
        let options = LoginOptions { tls_ca: Some("/ca.pem".to_owned()), ..LoginOptions::default() };
        assert!(Access::of(&house, &options).to_config(&config()).is_err());
        house.keys = Arc::new(Fake::default());
        let access = Access::of(&house, &options);
        assert_eq!(access.to_config(&config()).unwrap().label(), "keeper@db.internal:3307");
        assert_eq!(access.tls_ca, options.tls_ca);
    }

    #[test]
    fn passwords_are_never_sent_as_they_are() {
        let (_, access) = access(None);
        let server = access.to_config(&config()).unwrap();
        assert!(!mysql::Opts::from(server.login().unwrap()).get_enable_cleartext_plugin());
    }

    #[test]
    fn two_ways_to_log_in_and_no_keys_are_one_sentence_each() {
        let (_, access) = access(None);
        let two = ServerConfig { iam_login: true, ..config() };
        assert_eq!(
            access.to_config(&two).unwrap_err().to_string(),
            "secret and iam_login are two ways to log in: keep one"
        );
        let error = Access::default().to_config(&config()).unwrap_err();
        assert_eq!(error.exit(), Exit::BadConfig);
        let said = chain(&error);
        assert_eq!(
            said,
            "this build has no AWS in it: it cannot log in with a secret of AWS Secrets Manager"
        );
    }
}
