//! The RDS service ("the service" in this room) as a trait: the calls that we make, and its answers as plain data.
//!
//! In: calls of a [`RdsApi`]. Out: [`Thing`]s as plain data, or a [`CallFailure`] whose class says what to do about it.
//! `aws.rs` implements the trait with the SDK, which nothing here names.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::aws::{CallFailure, label};
use crate::document::ResourceKind;

/// A resource (cluster, instance or snapshot) as the service describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thing {
    pub kind: ResourceKind,
    /// Identifier at the service, unique among resources of its kind.
    pub id: String,
    /// Its Amazon resource name (ARN).
    pub arn: String,
    /// Its status, in the service's word: `available`.
    pub status: String,
    /// `DbClusterResourceId` or `DbiResourceId`; of a snapshot, that of the cluster or instance that it was taken of.
    pub resource_id: String,
    /// All its tags, ours and others', values by key.
    pub tags: BTreeMap<String, String>,
    /// Engine of the cluster or instance, or of the one that a snapshot is of: `aurora-mysql`, `mysql`, …
    pub engine: String,
    /// Engine version, as the service words it.
    pub engine_version: String,
    /// When the resource was made; of a snapshot, the moment of its data.
    pub created_at: Option<Timestamp>,
    /// The moment up to which a point-in-time restore could go.
    pub restorable_to: Option<Timestamp>,
    /// Per cent of the work that is done, where the service says so.
    pub percent: Option<u64>,
    /// The cluster that an instance belongs to; the cluster or instance that a snapshot is of.
    pub parent: Option<String>,
    /// Name of the master user.
    pub user: String,
    /// Host name of an instance, or of a cluster's writer endpoint.
    pub host: String,
    /// TCP port of the endpoint.
    pub port: u16,
    /// The secret with its master password, if the service keeps the password there.
    pub secret: Option<MasterSecret>,
    /// Changes that are accepted but not yet done, by name.
    pub pending: Vec<&'static str>,
    /// The KMS key of its storage, if it is encrypted.
    pub kms_key: Option<String>,
    /// Its parameter group; a cluster's is its cluster parameter group.
    pub parameter_group: Option<String>,
    /// Whether deletion protection is on.
    pub protected: bool,
    /// Identifier or ARN of the cluster or instance that this one is a replica of.
    pub replica_of: Option<String>,
    /// Identifiers or ARNs of the replicas of this one.
    pub replicas: Vec<String>,
    pub global: Option<String>,
    /// The instances of a cluster, the writer first.
    pub members: Vec<String>,
    /// The members for which the cluster parameter group is not in force before a reboot.
    pub unsynced: Vec<String>,
    /// Type of a snapshot: `manual`, `automated`, `awsbackup`, …
    pub snapshot_type: String,
}

/// A secret of AWS Secrets Manager that the service keeps for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MasterSecret {
    pub arn: String,
    /// `creating`, `active`, `rotating` or `impaired`.
    pub status: String,
}

impl Thing {
    /// A resource of which only kind and identifier are known.
    pub(super) fn new(kind: ResourceKind, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            arn: String::new(),
            status: String::new(),
            resource_id: String::new(),
            tags: BTreeMap::new(),
            engine: String::new(),
            engine_version: String::new(),
            created_at: None,
            restorable_to: None,
            percent: None,
            parent: None,
            user: String::new(),
            host: String::new(),
            port: 0,
            secret: None,
            pending: Vec::new(),
            kms_key: None,
            parameter_group: None,
            protected: false,
            replica_of: None,
            replicas: Vec::new(),
            global: None,
            members: Vec::new(),
            unsynced: Vec::new(),
            snapshot_type: String::new(),
        }
    }

    /// The resource id, which the service never gives twice; the identifier where there is none.
    pub(super) fn identity(&self) -> String {
        if self.resource_id.is_empty() { self.id.clone() } else { self.resource_id.clone() }
    }

    /// True for a Multi-AZ DB cluster: of another engine than Aurora, one writer and two readers with storage of their own.
    pub(super) fn is_multi_az(&self) -> bool {
        self.kind == ResourceKind::Cluster && ["mysql", "postgres"].contains(&self.engine.as_str())
    }

    /// `cluster prod-replica`, for messages.
    pub(super) fn label(&self) -> String {
        label(self.kind, &self.id)
    }
}

/// Which resources of a kind to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing<'a> {
    /// All clusters, instances or manual snapshots of the account in this region.
    All,
    /// The automated snapshots of this cluster or instance.
    AutomatedOf(&'a str),
}

/// The snapshot or source that a copy is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RestoreOrigin {
    Snapshot(String),
    /// The source at its latest restorable time.
    LatestOf(String),
    /// A copy-on-write clone of the source cluster.
    CloneOf(String),
}

impl std::fmt::Display for RestoreOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Snapshot(id) => write!(f, "snapshot {id}"),
            Self::LatestOf(id) => write!(f, "{id} at its latest restorable time"),
            Self::CloneOf(id) => write!(f, "{id}, as a clone"),
        }
    }
}

/// The parameters of a new copy, every one with a harmful default among them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CopyOrder {
    /// [`ResourceKind::Cluster`] or, for plain RDS MySQL, [`ResourceKind::Instance`].
    pub kind: ResourceKind,
    pub id: String,
    pub origin: RestoreOrigin,
    /// The resource id of the source, whatever the origin is.
    pub source: String,
    /// The engine of the origin.
    pub engine: String,
    /// The engine version of the origin: left out, it would be the region's default.
    pub engine_version: String,
    /// DB subnet group: left out, it would be the default VPC.
    pub subnet_group: Option<String>,
    /// VPC security groups: left out, it would be the default one.
    pub security_groups: Vec<String>,
    /// Cluster parameter group (of an instance: its parameter group).
    pub parameter_group: Option<String>,
    /// Instance class of a plain instance; a cluster has none.
    pub instance_class: Option<String>,
    /// KMS key, if not the origin's.
    pub kms_key: Option<String>,
    /// Storage type, `aurora` or `aurora-iopt1`. Not set: `aurora`, or for a plain instance that of the snapshot.
    pub storage_type: Option<String>,
    /// Aurora capacity units for `db.serverless`, least and most.
    pub serverless: Option<(f64, f64)>,
    /// Whether IAM tokens may log in.
    pub iam_login: bool,
    /// Whether to pay for extended support instead of being upgraded.
    pub extended_support: bool,
    /// TCP port, if not the origin's.
    pub port: Option<u16>,
    pub tags: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceOrder {
    pub id: String,
    pub cluster: String,
    pub engine: String,
    /// Instance class, such as `db.r7g.large`.
    pub class: String,
    /// DB parameter group, if not the engine's default.
    pub parameter_group: Option<String>,
    /// Rank at a failover, 0 (the writer) to 15.
    pub promotion_tier: i32,
    pub tags: Vec<(String, String)>,
}

/// An event that the service recorded about a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RdsEvent {
    pub of: String,
    pub at: Option<Timestamp>,
    /// What happened, in the service's words.
    pub message: String,
}

pub(super) trait RdsApi {
    /// Describes one resource; `None` if there is none. A snapshot may be named by its ARN.
    fn look(&self, kind: ResourceKind, id: &str) -> Result<Option<Thing>, CallFailure>;

    fn list(&self, kind: ResourceKind, which: Listing<'_>) -> Result<Vec<Thing>, CallFailure>;

    /// The tags of the resource with this ARN. Its description carries them too, but not always right after the creation.
    fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>, CallFailure>;

    /// Takes a snapshot of kind `kind`, named `id`, of the cluster or instance `source`.
    fn snapshot(
        &self,
        kind: ResourceKind,
        id: &str,
        source: &str,
        tags: &[(String, String)],
    ) -> Result<Thing, CallFailure>;

    /// Copies the instance snapshot `source` to `id`, under the KMS key `key`.
    fn copy_snapshot(
        &self,
        id: &str,
        source: &str,
        key: &str,
        tags: &[(String, String)],
    ) -> Result<Thing, CallFailure>;

    fn copy(&self, order: &CopyOrder) -> Result<Thing, CallFailure>;

    fn add_instance(&self, order: &InstanceOrder) -> Result<Thing, CallFailure>;

    fn set_password(&self, kind: ResourceKind, id: &str, password: &str) -> Result<(), CallFailure>;

    /// Lets the service make a master password and keep it in a secret.
    fn keep_password(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure>;

    /// Starts a stopped cluster or instance, which cannot be deleted while it is stopped.
    fn start(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure>;

    /// Deletes without a final snapshot. Only `guard/removal.rs` calls this, after the guard's check.
    fn delete(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure>;

    /// The events of a resource in the last hours, oldest first.
    fn events(&self, kind: ResourceKind, id: &str) -> Result<Vec<RdsEvent>, CallFailure>;

    /// The events of all resources of a kind, for as long as the service keeps them (two weeks), oldest first.
    fn history(&self, kind: ResourceKind) -> Result<Vec<RdsEvent>, CallFailure>;
}
