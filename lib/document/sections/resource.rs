//! What a run created and owes a deletion.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What kind of thing a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// A DB instance: deleted first.
    Instance,
    /// A DB cluster: deleted after its instances.
    Cluster,
    /// A manual cluster snapshot.
    ClusterSnapshot,
    /// A manual instance snapshot.
    InstanceSnapshot,
}

/// The word for a throw-away copy on this host, which `rds-local copy` makes and `rds-local drop` removes.
pub const LOCAL_COPY: &str = "local-copy";

/// The kind of a resource as a document names it: one of RDS that this version knows, or another tool's or a newer version's word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnyKind {
    /// `rds-drop` can delete it.
    Known(ResourceKind),
    /// A kind that `rds-drop` of this version cannot delete: carried untouched.
    Unknown(String),
}

impl From<ResourceKind> for AnyKind {
    fn from(kind: ResourceKind) -> Self {
        Self::Known(kind)
    }
}

impl From<&str> for AnyKind {
    fn from(word: &str) -> Self {
        Self::Unknown(word.to_owned())
    }
}

impl PartialEq<ResourceKind> for AnyKind {
    fn eq(&self, other: &ResourceKind) -> bool {
        matches!(self, Self::Known(kind) if kind == other)
    }
}

impl PartialEq<str> for AnyKind {
    fn eq(&self, other: &str) -> bool {
        matches!(self, Self::Unknown(word) if word == other)
    }
}

/// Something this run created and owes a deletion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resource {
    /// What kind of thing it is.
    pub kind: AnyKind,
    /// Identifier at the service, unique among resources of its kind.
    pub id: String,
    /// Its immutable id, once the service told us. Deletion asks for it to match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// After this moment `rds-drop --expired` may remove it whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// When its creation was about to be asked for, until an answer is recorded: for a while after it, "not found" may
    /// mean "not yet".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub intended_at: Option<Timestamp>,
    /// What it is a copy of, as its tag says: the resource id of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The random word that its creation was asked for with, and that its tag says: two runs of one name are told apart
    /// by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// Where a copy on this host is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The name of the host that this directory is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The device of the disk that this directory is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u64>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Resource {
    /// A resource with nothing known but its name.
    pub fn new(kind: impl Into<AnyKind>, id: &str) -> Self {
        Self {
            kind: kind.into(),
            id: id.to_owned(),
            resource_id: None,
            expires_at: None,
            intended_at: None,
            source: None,
            intent: None,
            directory: None,
            host: None,
            device: None,
            other: Map::new(),
        }
    }

    /// Whether both name the same thing.
    pub fn same_as(&self, other: &Self) -> bool {
        self.kind == other.kind && self.id == other.id
    }
}
