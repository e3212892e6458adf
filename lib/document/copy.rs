//! A throw-away copy as the one who made it knows it: what the journal says beside its debts.
//!
//! In: what `rds-restore` or `rds-local copy` has just made and logged in to. Out: the same for the tools after it, who are told by a document
//! that anybody can write where the copy is, and look here whether that is so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sections::{AnyKind, Cluster, Endpoint, Login};

/// A copy that this host made, or whose host a person named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThrowAwayCopy {
    /// A cluster, a plain instance, or a copy on this host.
    pub kind: AnyKind,
    /// Identifier of the cluster or instance, as its section `cluster` names it.
    pub id: String,
    /// The id that the service gave it at creation and never gives again: names are reused, this is not.
    pub resource_id: String,
    /// Host name at which the writer listens.
    pub host: String,
    /// TCP port of the writer.
    pub port: u16,
    /// Host names and ports at which its readers listen.
    #[serde(default)]
    pub readers: Vec<Endpoint>,
    /// How to log in to all of them.
    #[serde(default)]
    pub login: Option<Login>,
    /// What it is tagged with, as far as the tags are ours.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What lies on the copy itself, in a schema of its own; empty for a copy that a person named.
    #[serde(default)]
    pub token: String,
    /// Where it is, if it is on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

impl ThrowAwayCopy {
    /// The copy that a section describes, for who made it or was told by a person that it is one.
    pub fn described(kind: impl Into<AnyKind>, cluster: &Cluster) -> Self {
        Self {
            kind: kind.into(),
            id: cluster.id.clone(),
            resource_id: cluster.resource_id.clone(),
            host: cluster.host.clone(),
            port: cluster.port,
            readers: cluster.readers.clone(),
            login: cluster.login.clone(),
            tags: BTreeMap::new(),
            token: String::new(),
            directory: None,
        }
    }

    /// Whether a section is about this very copy.
    pub fn is(&self, cluster: &Cluster) -> bool {
        (&self.id, &self.resource_id, &self.host, self.port)
            == (&cluster.id, &cluster.resource_id, &cluster.host, cluster.port)
    }

    /// The same copy, reached through one of its readers.
    #[must_use]
    pub fn through(&self, reader: &Endpoint) -> Self {
        Self { host: reader.host.clone(), port: reader.port, ..self.clone() }
    }
}
