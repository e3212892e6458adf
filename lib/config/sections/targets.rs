//! `[targets.NAME]`: the development servers that may be refreshed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::server::{self, ServerConfig, WithServer};
use crate::config::scalar::Scalar;

/// One development server.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct TargetConfig {
    /// The database that is replaced.
    pub database: String,
    /// How to reach and log in to the server.
    #[serde(skip)]
    #[schemars(!skip, flatten)]
    pub server: ServerConfig,
    /// SQL that runs on the refreshed database before the swap.
    pub after: Vec<String>,
    /// What is written into the refreshed database before `after`: `"table.column"` or `"table.column where …"` to a
    /// value.
    pub set: BTreeMap<String, Scalar>,
    /// Tags of RDS, as `key=value` with globs, that mark production: a server that has one is refused. Not given: those
    /// that people commonly use. Empty: the service is not asked.
    pub refuse_tags: Option<Vec<String>>,
    /// What survives a refresh: tables, as names and globs, and single rows, as `"users where email like '%@dev%'"`.
    pub preserve: Vec<String>,
    /// Tables whose rows are loaded, as names and globs; all if there are none. The others are there, but empty.
    pub include: Vec<String>,
    /// Tables whose rows are left out, as names and globs; they are there, but empty.
    pub exclude: Vec<String>,
}

impl WithServer for TargetConfig {
    const EXPECTED: &'static str = "struct TargetConfig";

    fn own<'de, D: Deserializer<'de>>(section: D) -> Result<Self, D::Error> {
        Self::deserialize(section)
    }

    fn with(self, server: ServerConfig) -> Self {
        Self { server, ..self }
    }
}

impl<'de> Deserialize<'de> for TargetConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        server::read(deserializer)
    }
}
