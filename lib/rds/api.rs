//! The service in our own words: what we ask of it and what it answers.
//!
//! In: verbs on a [`RdsApi`]. Out: [`Thing`]s as plain data, or a [`CallFailure`] whose class says what to do about it.
//! `aws.rs` is the real one. Nothing here names the SDK.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::aws::{CallFailure, label};
use crate::document::ResourceKind;

/// A cluster, an instance or a snapshot as the service describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thing {
    /// What kind of resource it is.
    pub kind: ResourceKind,
    /// Identifier at the service, unique among resources of its kind.
    pub id: String,
    /// Amazon resource name of it.
    pub arn: String,
    /// As the service words it.
    pub status: String,
    /// `DbClusterResourceId` or `DbiResourceId`; of a snapshot, that of what it was taken of.
    pub resource_id: String,
    /// Our tags and others'.
    pub tags: BTreeMap<String, String>,
    /// Engine of it, or of what a snapshot is of: `aurora-mysql`, `mysql`, …
    pub engine: String,
    /// Engine version, as the service words it.
    pub engine_version: String,
    /// When it was made; of a snapshot, the moment of its data.
    pub created_at: Option<Timestamp>,
    /// The moment up to which a point-in-time restore could go.
    pub restorable_to: Option<Timestamp>,
    /// How far it is, where the service says so.
    pub percent: Option<u64>,
    /// The cluster that an instance belongs to; the cluster or instance that a snapshot is of.
    pub parent: Option<String>,
    /// Name of the master user.
    pub user: String,
    /// Host name of the writer endpoint.
    pub host: String,
    /// TCP port of the endpoint.
    pub port: u16,
    /// The secret with its master password, if the service keeps it.
    pub secret: Option<MasterSecret>,
    /// Changes that are accepted but not yet done, by name.
    pub pending: Vec<&'static str>,
    /// The KMS key of its storage, if it is encrypted.
    pub kms_key: Option<String>,
    /// Its parameter group: of a cluster that of the cluster.
    pub parameter_group: Option<String>,
    /// Whether deletion protection is on.
    pub protected: bool,
    /// Identifier or ARN of what this is a replica of.
    pub replica_of: Option<String>,
    /// Identifiers or ARNs of what replicates from this.
    pub replicas: Vec<String>,
    /// The global database it is part of.
    pub global: Option<String>,
    /// The instances of a cluster, the writer first.
    pub members: Vec<String>,
    /// Those of them whose parameter group is not in force before a reboot.
    pub unsynced: Vec<String>,
    /// `manual`, `automated`, `awsbackup`, … of a snapshot.
    pub snapshot_type: String,
}

/// A secret of AWS Secrets Manager that the service keeps for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MasterSecret {
    /// ARN of the secret.
    pub arn: String,
    /// `creating`, `active`, `rotating` or `impaired`.
    pub status: String,
}

impl Thing {
    /// A thing with nothing known but its name.
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

    /// What tells it from everything that ever had its name.
    pub(super) fn identity(&self) -> String {
        if self.resource_id.is_empty() { self.id.clone() } else { self.resource_id.clone() }
    }

    /// A cluster of another engine than Aurora: one writer and two readers with storage of their own.
    pub(super) fn is_multi_az(&self) -> bool {
        self.kind == ResourceKind::Cluster && ["mysql", "postgres"].contains(&self.engine.as_str())
    }

    /// `cluster prod-replica`, for messages.
    pub(super) fn label(&self) -> String {
        label(self.kind, &self.id)
    }
}

/// Which snapshots to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing<'a> {
    /// Everything of this kind in the account and region that is not automated.
    All,
    /// The automated snapshots of this cluster or instance.
    AutomatedOf(&'a str),
}

/// What a copy is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RestoreOrigin {
    /// A snapshot, by id or ARN.
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

/// What a copy must be like: every parameter with a bad default is here.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CopyOrder {
    /// [`ResourceKind::Cluster`] or, for plain RDS MySQL, [`ResourceKind::Instance`].
    pub kind: ResourceKind,
    /// Identifier that the copy is to have.
    pub id: String,
    /// Where the data comes from.
    pub origin: RestoreOrigin,
    /// The resource id of the source, whatever it is restored from.
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
    /// Instance class, for plain RDS only.
    pub instance_class: Option<String>,
    /// KMS key, if not the origin's.
    pub kms_key: Option<String>,
    /// `aurora` or `aurora-iopt1`; for plain RDS that of the snapshot.
    pub storage_type: Option<String>,
    /// Aurora capacity units for `db.serverless`, least and most.
    pub serverless: Option<(f64, f64)>,
    /// Whether IAM tokens may log in.
    pub iam_login: bool,
    /// Whether to pay for extended support instead of being upgraded.
    pub extended_support: bool,
    /// TCP port, if not the origin's.
    pub port: Option<u16>,
    /// Tags that the copy gets at creation.
    pub tags: Vec<(String, String)>,
}

/// An instance of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceOrder {
    /// Identifier that the instance is to have.
    pub id: String,
    /// Identifier of the cluster that it joins.
    pub cluster: String,
    /// Engine of that cluster.
    pub engine: String,
    /// Instance class, such as `db.r7g.large`.
    pub class: String,
    /// DB parameter group, if not the engine's default.
    pub parameter_group: Option<String>,
    /// 0 for the writer.
    pub promotion_tier: i32,
    /// Tags that the instance gets at creation.
    pub tags: Vec<(String, String)>,
}

/// One of the service's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RdsEvent {
    /// The identifier of the thing that it happened to.
    pub of: String,
    /// When it happened, if the service says so.
    pub at: Option<Timestamp>,
    /// What happened, in the service's words.
    pub message: String,
}

/// The RDS service, as our tools see it.
pub(super) trait RdsApi {
    /// Describes one thing, or nothing if there is none. A snapshot may be named by its ARN.
    fn look(&self, kind: ResourceKind, id: &str) -> Result<Option<Thing>, CallFailure>;

    /// All things of a kind, all pages.
    fn list(&self, kind: ResourceKind, which: Listing<'_>) -> Result<Vec<Thing>, CallFailure>;

    /// The tags of what this ARN names. Descriptions carry them too, but not always right after the creation.
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

    /// Makes a copy, as ordered.
    fn copy(&self, order: &CopyOrder) -> Result<Thing, CallFailure>;

    /// Adds an instance to a cluster.
    fn add_instance(&self, order: &InstanceOrder) -> Result<Thing, CallFailure>;

    /// Sets the master password.
    fn set_password(&self, kind: ResourceKind, id: &str, password: &str) -> Result<(), CallFailure>;

    /// Lets the service make a master password and keep it in a secret.
    fn keep_password(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure>;

    /// Starts a stopped cluster: it cannot be deleted while it is stopped.
    fn start(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure>;

    /// Deletes without a final snapshot. Only [`super::drop`] calls this, after the guard.
    fn delete(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure>;

    /// What happened to a thing lately, oldest first.
    fn events(&self, kind: ResourceKind, id: &str) -> Result<Vec<RdsEvent>, CallFailure>;

    /// What happened to all things of a kind for as long as the service remembers (two weeks), oldest first.
    fn history(&self, kind: ResourceKind) -> Result<Vec<RdsEvent>, CallFailure>;
}
