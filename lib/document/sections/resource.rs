//! The resources that a run created and must delete.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The kind of a resource at RDS.
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

/// The kind of a resource in a document: one of RDS that this version knows, or the word of another tool or a newer version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnyKind {
    /// A kind that `rds-drop` can delete.
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

/// A resource that the run created, or is about to create, and must delete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resource {
    /// The kind of the resource.
    pub kind: AnyKind,
    /// Identifier at the service, unique among resources of the same kind.
    pub id: String,
    /// The resource's immutable id, as soon as the service has given it. Only a resource with this id is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// After this moment `rds-drop --expired` of any run may delete the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// The moment before the create call, until its answer is recorded. For a while after it "not found" may mean "not yet".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub intended_at: Option<Timestamp>,
    /// Resource id of the source that the resource is a copy of, as in its tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// A random word of the create call, also in the resource's tag. It distinguishes two runs of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The directory of a throw-away copy on a host of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Name of the host that has `directory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Device number of the disk that has `directory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u64>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Resource {
    /// A resource of which only kind and identifier are known.
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

    /// True if both have the same kind and identifier.
    pub fn same_as(&self, other: &Self) -> bool {
        self.kind == other.kind && self.id == other.id
    }
}
