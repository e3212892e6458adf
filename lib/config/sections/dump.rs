//! `[dump]`: where dumps are written and how long they are kept.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::mask::KeyReference;
use crate::config::length::Length;

/// Where dumps are written and how long they are kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DumpConfig {
    /// The directory that dumps are written to and read from.
    pub dir: Option<String>,
    /// The beginning of the file names; the first database of the dump if not given.
    pub name: Option<String>,
    /// Dumps younger than so many days are kept.
    pub keep_days: u32,
    /// So many of the newest dumps are kept, however old they are.
    pub keep_at_least: u32,
    /// Connections that read at the same time; the number of cores if not given.
    pub workers: Option<u16>,
    /// How long a dump waits for a reader to catch up; after this the reader is left out.
    pub reader_wait: Length,
    /// gzip level, 1 to 9.
    pub level: u32,
    /// Whether the DEFINER of views, routines, triggers and events is written.
    pub definer: Definer,
    /// How much of a dump is loaded as a test before it is published, on a scratch server on this host or on the throw-away copy.
    pub prove: Prove,
    /// The private key that signs dumps: `{ file = "/etc/refreshkit/dump.key" }`, `{ env = "DUMP_KEY" }` or `{ secret = "ARN" }`.
    /// `mydump-rotate keygen` makes one.
    pub sign: Option<KeyReference>,
    /// The public keys whose dumps are trusted, as `mydump-rotate keygen` prints them. If there are any, only dumps that one of
    /// them signed are loaded.
    pub trust: Vec<TrustedKey>,
    /// The number (uid) of a user who may own the directory, besides the current user and root.
    pub owner: Option<u32>,
}

/// A public key whose dumps are trusted: `ed25519:` and its base64, then optionally a blank and a name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The Ed25519 public key.
    pub key: [u8; 32],
    /// The name that people gave the key.
    pub name: Option<String>,
}

/// The beginning of an entry of `trust`.
const ALGORITHM: &str = "ed25519:";

impl FromStr for TrustedKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, name) = text.split_once(' ').unwrap_or((text, ""));
        let bytes = key.strip_prefix(ALGORITHM).and_then(|key| BASE64_STANDARD.decode(key).ok());
        let key = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
            format!("{text:?} is no public key: \"{ALGORITHM}…\", as mydump-rotate keygen prints it")
        })?;
        let name = Some(name.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Self { key, name })
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}{}", BASE64_STANDARD.encode(self.key))?;
        self.name.iter().try_for_each(|name| write!(f, " {name}"))
    }
}

impl<'de> Deserialize<'de> for TrustedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for TrustedKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TrustedKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "pattern": "^ed25519:[A-Za-z0-9+/]{43}=( .*)?$",
            "description": "A public key whose dumps are believed: `ed25519:` and its base64, and behind a blank what people call it.",
        })
    }
}

/// Whether the DEFINER of views, routines, triggers and events is written to a dump.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Definer {
    /// The clause is left out: the account that loads the dump becomes the definer. To name another takes a privilege that few
    /// accounts have.
    #[default]
    Drop,
    /// The clause is left out, and views run with the rights of the account that reads them.
    Invoker,
    /// The clause is kept. Loading the dump then takes the privilege to name other definers.
    Keep,
}

/// How much of a dump is loaded as a test before it is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Prove {
    /// Tables, keys and objects without rows. A view that cannot be restored is left out; any other failure ends the dump.
    #[default]
    Schema,
    /// As `schema`, and then the whole file; its rows are compared with those that were read from the source.
    Deep,
    /// Nothing is loaded before the dump is published.
    Off,
}

impl Default for DumpConfig {
    fn default() -> Self {
        Self {
            dir: None,
            name: None,
            keep_days: 7,
            keep_at_least: 3,
            workers: None,
            reader_wait: Length::of_seconds(60),
            level: 1,
            definer: Definer::default(),
            prove: Prove::default(),
            sign: None,
            trust: Vec::new(),
            owner: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_it_is_read_and_other_text_is_none() {
        let text = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= the night";
        let key: TrustedKey = text.parse().unwrap();
        assert_eq!((key.key[31], key.name.as_deref()), (31, Some("the night")));
        assert_eq!(key.to_string(), text);
        assert_eq!(text.strip_suffix(" the night").unwrap().parse::<TrustedKey>().unwrap().name, None);
        for other in
            ["", "ed25519:", "ed25519:AAEC", "rsa:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "hunter2"]
        {
            assert!(other.parse::<TrustedKey>().unwrap_err().contains("is no public key"), "{other}");
        }
    }
}
