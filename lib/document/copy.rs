//! A throw-away copy as the journal holds it.
//!
//! In: the copy that `rds-restore` or `rds-local copy` has just made and logged in to. Out: the same for later tools. The
//! document names a copy too, but anybody can write a document, so the tools check it against the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sections::{AnyKind, Cluster, Endpoint, Login};

/// A throw-away copy: one that a run of this state directory made, or one whose host a person named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThrowAwayCopy {
    /// The kind of the copy: a cluster, a plain instance, or a copy on this host.
    pub kind: AnyKind,
    /// Identifier of the cluster or instance, as the document's section `cluster` names it.
    pub id: String,
    /// The id that the service gave the copy at its creation. Names are reused, this id is not.
    pub resource_id: String,
    /// Host name at which the writer listens.
    pub host: String,
    /// TCP port of the writer.
    pub port: u16,
    /// Host names and ports at which the readers listen.
    #[serde(default)]
    pub readers: Vec<Endpoint>,
    /// How to log in to the writer and the readers.
    #[serde(default)]
    pub login: Option<Login>,
    /// The tags of refreshkit on the copy.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The random token that is also stored on the copy, in a schema of its own; empty for a copy that a person named.
    #[serde(default)]
    pub token: String,
    /// Directory of the copy, if it is on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

impl ThrowAwayCopy {
    /// The copy that a section `cluster` describes, without tags, token and directory. Only for the tool that made it, or if a
    /// person named it.
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

    /// True if a section `cluster` has the same identifier, resource id, host and port.
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
