//! The owner of an address: a cluster or an instance of RDS, and its tags.

use std::collections::BTreeMap;

use crate::document::ResourceKind;

/// A cluster or an instance that has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressOwner {
    /// Its kind: a cluster or an instance.
    pub kind: ResourceKind,
    /// Identifier at the service, unique among resources of its kind.
    pub id: String,
    /// `DbClusterResourceId` or `DbiResourceId`: names are reused, these ids never.
    pub resource_id: String,
    /// Its tags, all of them: values by key.
    pub tags: BTreeMap<String, String>,
}

impl AddressOwner {
    /// Its kind and identifier for messages: `cluster prod-replica`.
    pub fn label(&self) -> String {
        label(self.kind, &self.id)
    }
}

/// Kind and identifier of a resource for messages: `cluster prod-replica`.
pub(crate) fn label(kind: ResourceKind, id: &str) -> String {
    let word = match kind {
        ResourceKind::Instance => "instance",
        ResourceKind::Cluster => "cluster",
        ResourceKind::ClusterSnapshot | ResourceKind::InstanceSnapshot => "snapshot",
    };
    format!("{word} {id}")
}
