//! Settings of a target that is an instance (a server of its own on this host): a range of ports, an amount of memory.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A range of ports, both ends included: `3310-3399`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRange(RangeInclusive<u16>);

impl PortRange {
    /// All ports of the range, in order.
    pub fn ports(&self) -> impl Iterator<Item = u16> + use<> {
        self.0.clone()
    }
}

impl std::str::FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a range of ports such as \"3310-3399\"");
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong);
        let (from, to) = (port(from)?, port(to)?);
        if from > to { Err(wrong()) } else { Ok(Self(from..=to)) }
    }
}

/// An amount of memory as servers take it: `128M`, `1G`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory(String);

impl Memory {
    /// Returns the text, as an option of the server takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(['K', 'M', 'G', 'k', 'm', 'g']);
        let number = digits.parse::<u32>().ok().filter(|number| *number > 0);
        match number {
            Some(_) if text.len() - digits.len() == 1 => Ok(Self(text.to_owned())),
            _ => Err(format!("{text:?} is not an amount of memory such as \"128M\"")),
        }
    }
}

macro_rules! from_text {
    ($kind:ident, $example:literal) => {
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "examples": [$example]})
            }
        }
    };
}

from_text!(PortRange, "3310-3399");
from_text!(Memory, "128M");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_memory_are_read_or_refused_with_an_example() {
        let range: PortRange = "3310-3312".parse().unwrap();
        assert_eq!(range.ports().collect::<Vec<_>>(), [3310, 3311, 3312]);
        for wrong in ["3310", "3312-3310", "0-9", "a-b", "1-70000"] {
            assert!(wrong.parse::<PortRange>().unwrap_err().contains("\"3310-3399\""), "{wrong}");
        }
        assert_eq!("1G".parse::<Memory>().unwrap().as_str(), "1G");
        for wrong in ["", "128", "M", "0M", "1MG", "1 M", "64M\nuser=root"] {
            assert!(wrong.parse::<Memory>().is_err(), "{wrong}");
        }
    }
}
