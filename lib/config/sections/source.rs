//! `[source]`: where the data comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::host::Host;
use super::server::{self, ServerConfig, WithServer};

/// Where the data comes from: an Aurora cluster, an RDS instance, or a server without AWS.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct SourceConfig {
    /// Identifier of the Aurora cluster.
    pub cluster: Option<String>,
    /// RDS MySQL instance identifier, instead of a cluster.
    pub instance: Option<String>,
    /// The databases of the source that are dumped.
    pub databases: Vec<String>,
    /// How to reach and log in to the server.
    #[serde(skip)] // `server::read` fills this field
    #[schemars(!skip, flatten)]
    pub server: ServerConfig,
    /// Read-only replicas of this server, as `host` or `host:port`, that share the reading of a `--whole` dump, with the
    /// same login and TLS.
    pub readers: Vec<Host>,
}

impl SourceConfig {
    /// How to reach and log in to the replicas.
    pub fn readers(&self) -> Vec<ServerConfig> {
        let server = |reader: &Host| ServerConfig {
            host: Some(reader.host.clone()),
            port: reader.port.or(self.server.port),
            socket: None,
            ..self.server.clone()
        };
        self.readers.iter().map(server).collect()
    }
}

impl WithServer for SourceConfig {
    const EXPECTED: &'static str = "struct SourceConfig";

    fn own<'de, D: Deserializer<'de>>(section: D) -> Result<Self, D::Error> {
        Self::deserialize(section)
    }

    fn with(self, server: ServerConfig) -> Self {
        Self { server, ..self }
    }
}

impl<'de> Deserialize<'de> for SourceConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        server::read(deserializer)
    }
}
