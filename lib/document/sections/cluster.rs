//! The throw-away copy, where it listens and how to log in there (rds-restore, rds-local copy).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How to log in, by reference. A secret is never in the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Login {
    /// A MySQL option file with a `[client]` group, mode 0600.
    OptionFile {
        /// Absolute path on this host.
        path: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// An environment variable that holds the password.
    Env {
        /// Name of the environment variable.
        name: String,
        /// Database user to log in as.
        user: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// A secret in AWS Secrets Manager.
    SecretsManager {
        /// ARN of the secret that holds user and password.
        arn: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// An RDS IAM token, made anew for each connection.
    Iam {
        /// Database user that the token is made for.
        user: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// A way to log in that this version does not know, carried untouched.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

impl Login {
    /// A login by an option file.
    pub fn option_file(path: &std::path::Path) -> Self {
        Self::OptionFile { path: path.display().to_string(), other: Map::new() }
    }
}

/// A throw-away copy that accepts a login.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cluster {
    /// Cluster (or instance) identifier.
    pub id: String,
    /// `DbClusterResourceId` or `DbiResourceId` of the copy. Names are reused, these ids are not.
    pub resource_id: String,
    /// Host name of the writer endpoint.
    pub host: String,
    /// TCP port of the endpoint.
    pub port: u16,
    /// Engine of the copy: `aurora-mysql`, `mysql`, …
    pub engine: String,
    /// Engine version of the copy.
    pub engine_version: String,
    /// The instances of the cluster, the writer first.
    pub instances: Vec<String>,
    /// Endpoints of the readers, which have the same storage and logins as the writer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Endpoint>,
    /// How to log in to the writer and the readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// True if this run restored the copy itself: then `mydehydrate` may keep keys on it. The field allows no writing there: for
    /// that, tools check the journal and the token.
    pub throw_away: bool,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where one reader instance of a copy listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Endpoint {
    /// Identifier of the reader instance.
    pub id: String,
    /// Host name of the reader's endpoint.
    pub host: String,
    /// TCP port of the reader's endpoint.
    pub port: u16,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
