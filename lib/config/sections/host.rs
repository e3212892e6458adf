//! A server's address as people write it: `db.internal`, `db.internal:3307`, `[::1]:3307`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A host, and its port if the text has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Host name or address.
    pub host: String,
    /// TCP port, if the text has one.
    pub port: Option<u16>,
}

impl std::str::FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a host such as \"db.internal\" or \"db.internal:3307\"");
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, rest)) => (address, Some(rest.strip_prefix(':').ok_or_else(wrong)?)),
            // More than one colon without brackets is an IPv6 address.
            None if text.matches(':').count() == 1 => {
                text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
            }
            None => (text, None),
        };
        let strange = |c: char| c.is_whitespace() || "@/[]".contains(c);
        if host.is_empty() || host.contains(strange) {
            return Err(wrong());
        }
        let port = port.map(|port| port.parse::<u16>().map_err(|_| wrong())).transpose()?;
        Ok(Self { host: host.to_owned(), port })
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Host {
    fn schema_name() -> Cow<'static, str> {
        "Host".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "host, or host:port", "examples": ["db.internal:3307"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_addresses_with_and_without_a_port() {
        let read = |text: &str| text.parse::<Host>().map(|found| (found.host, found.port));
        assert_eq!(read("db.internal"), Ok(("db.internal".into(), None)));
        assert_eq!(read("10.0.0.7:3307"), Ok(("10.0.0.7".into(), Some(3307))));
        assert_eq!(read("fe80::1"), Ok(("fe80::1".into(), None)));
        assert_eq!(read("[fe80::1]:3307"), Ok(("fe80::1".into(), Some(3307))));
        assert_eq!(read("[fe80::1]"), Ok(("fe80::1".into(), None)));
        for wrong in ["", ":3306", "db:", "db:port", "db:70000", "user@db", "[fe80::1", "[::1]3306", "a b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
