//! How to reach and log in to a MySQL server: the keys that `[source]` and `[targets.NAME]` share.
//!
//! In: a section with these keys and its own. Out: the section, with a [`ServerConfig`] in it. serde's `flatten` is not used: its
//! errors have no line, and it accepts unknown keys.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

/// How to reach and log in to a MySQL server.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(default)]
pub struct ServerConfig {
    /// Host name or address of the server.
    pub host: Option<String>,
    /// TCP port, 3306 if not given.
    pub port: Option<u16>,
    /// Unix socket, instead of host and port.
    pub socket: Option<String>,
    /// User; an option file may name it too.
    pub user: Option<String>,
    /// A MySQL option file with a `[client]` group.
    pub defaults_file: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// A secret of AWS Secrets Manager (ARN or name) with the password in it. Its user, host and port are used if they are not
    /// given here.
    pub secret: Option<String>,
    /// Log in as `user` with an RDS IAM token, made with the AWS credentials of the tool, instead of a password.
    pub iam_login: bool,
    /// Certificate authorities (PEM) to verify the server with, such as the RDS bundle.
    pub tls_ca: Option<String>,
    /// How the server's certificate is verified, if the server is not on this host.
    pub tls: Tls,
    /// The server's RSA key (its `public_key.pem`), which encrypts a password where there is neither TLS nor a socket. Without it
    /// plain TCP carries only hashes: the login fails if the server asks for the password itself.
    pub server_public_key: Option<String>,
}

/// How a server's certificate is verified. Servers on this host are reached without TLS unless `tls_ca` is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// The certificate's authority and its host name are checked.
    #[default]
    Verify,
    /// Only the authority is checked, for certificates that MySQL makes itself: they name no host.
    VerifyCa,
    /// No TLS at all: everything, the password's hash included, is readable on the network.
    Off,
}

/// The names of the fields of [`ServerConfig`].
const KEYS: &[&str] = &[
    "host",
    "port",
    "socket",
    "user",
    "defaults_file",
    "password_env",
    "secret",
    "iam_login",
    "tls_ca",
    "tls",
    "server_public_key",
];

impl ServerConfig {
    /// Stores the value of `key`, which is one of [`KEYS`].
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "host" => self.host = map.next_value()?,
            "port" => self.port = map.next_value()?,
            "socket" => self.socket = map.next_value()?,
            "user" => self.user = map.next_value()?,
            "defaults_file" => self.defaults_file = map.next_value()?,
            "password_env" => self.password_env = map.next_value()?,
            "secret" => self.secret = map.next_value()?,
            "iam_login" => self.iam_login = map.next_value()?,
            "tls_ca" => self.tls_ca = map.next_value()?,
            "tls" => self.tls = map.next_value()?,
            "server_public_key" => self.server_public_key = map.next_value()?,
            _ => map.next_value::<IgnoredAny>().map(drop)?,
        }
        Ok(())
    }
}

/// A section that has the keys of a server and keys of its own.
pub(super) trait WithServer: Sized {
    /// The text that error messages show as the expected value.
    const EXPECTED: &'static str;
    /// Reads the section's own keys.
    fn own<'de, D: Deserializer<'de>>(section: D) -> Result<Self, D::Error>;
    /// Returns the section with `server` in it.
    fn with(self, server: ServerConfig) -> Self;
}

/// Reads a section that has the keys of a server and keys of its own.
pub(super) fn read<'de, T: WithServer, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(ServerSectionVisitor(PhantomData))
}

struct ServerSectionVisitor<T>(PhantomData<T>);

impl<'de, T: WithServer> Visitor<'de> for ServerSectionVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let mut server = ServerConfig::default();
        let section = T::own(Section { map, server: &mut server })?;
        Ok(section.with(server))
    }
}

/// A deserializer that puts the server's keys into `server` and passes the others on.
struct Section<'a, A> {
    map: A,
    server: &'a mut ServerConfig,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Section<'_, A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(SectionKeys { map: self.map, server: self.server, own: &[] })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        own: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(SectionKeys { map: self.map, server: self.server, own })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The keys of a section without those of the server, which go into `server`.
struct SectionKeys<'a, A> {
    map: A,
    server: &'a mut ServerConfig,
    own: &'static [&'static str],
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for SectionKeys<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let mut seed = Some(seed);
        loop {
            match self.map.next_key_seed(KeySeed { own: self.own, seed: &mut seed })? {
                None => return Ok(None),
                Some(SectionKey::Own(key)) => return Ok(Some(key)),
                Some(SectionKey::Server(key)) => self.server.take(key, &mut self.map)?,
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

enum SectionKey<K> {
    Own(K),
    Server(&'static str),
}

/// Decides whether a key is the section's own or the server's, and refuses others. This happens while the key is read, so the
/// TOML reader adds the key's position to the error.
struct KeySeed<'a, K> {
    own: &'static [&'static str],
    seed: &'a mut Option<K>,
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for KeySeed<'_, K> {
    type Value = SectionKey<K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_identifier(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for KeySeed<'_, K> {
    type Value = SectionKey<K::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        if let Some(of_server) = KEYS.iter().find(|known| **known == key) {
            return Ok(SectionKey::Server(of_server));
        }
        if let Some(seed) = self.seed.take().filter(|_| self.own.contains(&key)) {
            return seed.deserialize(StrDeserializer::new(key)).map(SectionKey::Own);
        }
        let known: Vec<String> = self.own.iter().chain(KEYS).map(|key| format!("`{key}`")).collect();
        Err(E::custom(format_args!("unknown field `{key}`, expected one of {}", known.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_server_is_a_key_that_sections_take() {
        let schema = schemars::schema_for!(ServerConfig).to_value();
        let fields: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, KEYS);
        let text = "host = 'h'\nport = 1\nsocket = 's'\nuser = 'u'\ndefaults_file = 'd'\npassword_env = 'p'\n\
            secret = 's'\niam_login = true\ntls_ca = 't'\ntls = 'off'\nserver_public_key = 'k'\n";
        let taken = toml::from_str::<crate::config::SourceConfig>(text).unwrap().server;
        let none = ServerConfig::default();
        for (field, differs) in KEYS.iter().zip([
            taken.host != none.host,
            taken.port != none.port,
            taken.socket != none.socket,
            taken.user != none.user,
            taken.defaults_file != none.defaults_file,
            taken.password_env != none.password_env,
            taken.secret != none.secret,
            taken.iam_login != none.iam_login,
            taken.tls_ca != none.tls_ca,
            taken.tls != none.tls,
            taken.server_public_key != none.server_public_key,
        ]) {
            assert!(differs, "{field}");
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_all_that_could_be_meant() {
        let error =
            toml::from_str::<crate::config::TargetConfig>("database = 'a'\nhots = 'h'\n").unwrap_err();
        assert_eq!(error.span(), Some(15..19));
        let message = error.message();
        assert!(
            message.starts_with("unknown field `hots`, expected one of `database`, `loader`, "),
            "{message}"
        );
        assert!(message.contains(", `exclude`, `instance`, ") && message.contains(", `host`, "), "{message}");
        let error = toml::from_str::<crate::config::TargetConfig>("port = 'x'\n").unwrap_err();
        assert_eq!(error.span(), Some(7..10));
    }
}
