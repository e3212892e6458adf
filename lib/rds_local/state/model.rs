//! The resources as plain data, as `meta.json` holds them. No password is among the data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Name of the file that marks a directory as ours.
pub(crate) const MARKER: &str = "rds-local.json";

/// The account and region of every ARN.
pub(crate) const ARN_PREFIX: &str = "arn:aws:rds:us-east-1:123456789012";

/// A tag of a resource: key and value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// A state that a fault shows instead of the real one, until a time or without end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Forced {
    pub(crate) state: String,
    pub(crate) until: Option<Timestamp>,
}

/// The state of a resource: the real one, and the one that a fault shows instead.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) real: String,
    pub(crate) forced: Option<Forced>,
}

impl Status {
    pub(crate) fn new(state: &str) -> Self {
        Self { real: state.to_owned(), forced: None }
    }

    /// Returns the state that callers see; it also decides whether an action is allowed.
    pub(crate) fn shown(&self) -> &str {
        match &self.forced {
            Some(forced) if forced.until.is_none_or(|until| Timestamp::now() < until) => &forced.state,
            _ => &self.real,
        }
    }

    pub(crate) fn is(&self, state: &str) -> bool {
        self.shown() == state
    }
}

/// Where the data of a cluster comes from. An interrupted copy is made again from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClusterOrigin {
    /// Nothing is copied: the data directory is empty, or `init` has filled it from an SQL file.
    Fresh,
    /// The snapshot with this key.
    Snapshot(String),
    /// The live data of the cluster with this key.
    Cluster(String),
}

/// A cluster: one data directory, at most one server process. A plain RDS instance has a hidden cluster of the same name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of the API")]
pub(crate) struct LocalCluster {
    pub(crate) id: String,
    /// True for the hidden cluster of a plain RDS instance.
    pub(crate) plain: bool,
    /// `cluster-…`: unique, also among clusters that have the same name one after the other.
    pub(crate) resource_id: String,
    pub(crate) engine: String,
    pub(crate) engine_version: String,
    pub(crate) status: Status,
    pub(crate) port: u16,
    pub(crate) created_at: Timestamp,
    pub(crate) master_user: String,
    /// A new master password is set but not yet in force.
    pub(crate) password_pending: bool,
    /// The service made the master password and keeps it in Secrets Manager.
    #[serde(default)]
    pub(crate) password_kept: bool,
    pub(crate) deletion_protection: bool,
    pub(crate) retention_days: u32,
    pub(crate) subnet_group: String,
    pub(crate) parameter_group: String,
    pub(crate) security_groups: Vec<String>,
    pub(crate) storage_type: String,
    pub(crate) copy_tags: bool,
    pub(crate) iam_authentication: bool,
    /// Serverless v2 capacity: the least and the most.
    pub(crate) capacity: Option<(f64, f64)>,
    pub(crate) replication_source: Option<String>,
    pub(crate) clone_group: Option<String>,
    pub(crate) origin: ClusterOrigin,
    pub(crate) tags: Vec<Tag>,
}

/// An instance. All instances of a cluster share one server; the first one is the writer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LocalInstance {
    pub(crate) id: String,
    pub(crate) resource_id: String,
    /// The key of its cluster; for a plain instance that of its hidden cluster.
    pub(crate) cluster: String,
    pub(crate) plain: bool,
    pub(crate) writer: bool,
    pub(crate) class: String,
    pub(crate) status: Status,
    pub(crate) created_at: Timestamp,
    pub(crate) public: bool,
    pub(crate) promotion_tier: u32,
    pub(crate) parameter_group: String,
    pub(crate) tags: Vec<Tag>,
}

/// A snapshot: a copy of a data directory, or only a record without data (`data` false) for tests that need many.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LocalSnapshot {
    pub(crate) id: String,
    pub(crate) plain: bool,
    pub(crate) resource_id: String,
    pub(crate) automated: bool,
    /// Name, not key, of the cluster or plain instance whose data the snapshot holds.
    pub(crate) source: String,
    pub(crate) source_resource_id: String,
    pub(crate) source_created_at: Timestamp,
    pub(crate) engine: String,
    pub(crate) engine_version: String,
    pub(crate) master_user: String,
    pub(crate) retention_days: u32,
    pub(crate) port: u16,
    pub(crate) status: Status,
    pub(crate) percent: u32,
    pub(crate) created_at: Timestamp,
    pub(crate) data: bool,
    pub(crate) tags: Vec<Tag>,
    /// The key of the snapshot that it is a copy of, if any.
    #[serde(default)]
    pub(crate) copied_from: Option<String>,
    /// The KMS key that a copied snapshot shows as its own; nothing is encrypted here.
    #[serde(default)]
    pub(crate) kms_key: Option<String>,
}

/// An event of a resource, as `DescribeEvents` lists it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LocalEvent {
    pub(crate) at: Timestamp,
    /// RDS's word for the kind of resource: `db-instance`, `db-cluster-snapshot` …
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) message: String,
}

/// The kinds of resources that a fault rule can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocalKind {
    Cluster,
    Instance,
    Snapshot,
}

impl LocalKind {
    /// The word for the kind in a fault rule.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Instance => "instance",
            Self::Snapshot => "snapshot",
        }
    }
}

/// Makes the key of a cluster or snapshot. Keys of plain RDS begin with `plain:` and never collide with a name: the only names
/// with a colon begin with `rds:`.
pub(crate) fn key(plain: bool, id: &str) -> String {
    if plain { format!("plain:{id}") } else { id.to_owned() }
}

/// Makes a resource id such as `cluster-3F…`, with 26 random characters as in RDS.
pub(crate) fn resource_id(word: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = (0..26).map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>()) % ALPHABET.len()]));
    format!("{word}-{}", letters.collect::<String>())
}

impl LocalCluster {
    pub(crate) fn key(&self) -> String {
        key(self.plain, &self.id)
    }

    pub(crate) fn arn(&self) -> String {
        format!("{ARN_PREFIX}:cluster:{}", self.id)
    }

    /// Name of the secret that holds the master password, if the service keeps it.
    pub(crate) fn secret_name(&self) -> Option<String> {
        let kind = if self.plain { "db" } else { "cluster" };
        let id = self.resource_id.trim_start_matches("cluster-").to_lowercase();
        self.password_kept.then(|| format!("rds!{kind}-{id}"))
    }

    /// ARN of that secret: its name and a suffix, as Secrets Manager adds one.
    pub(crate) fn secret_arn(&self) -> Option<String> {
        let prefix = ARN_PREFIX.replacen(":rds:", ":secretsmanager:", 1);
        Some(format!("{prefix}:secret:{}-LoCaL0", self.secret_name()?))
    }
}

impl LocalInstance {
    pub(crate) fn arn(&self) -> String {
        format!("{ARN_PREFIX}:db:{}", self.id)
    }
}

impl LocalSnapshot {
    pub(crate) fn key(&self) -> String {
        key(self.plain, &self.id)
    }

    pub(crate) fn arn(&self) -> String {
        let kind = if self.plain { "snapshot" } else { "cluster-snapshot" };
        format!("{ARN_PREFIX}:{kind}:{}", self.id)
    }

    pub(crate) fn type_word(&self) -> &'static str {
        if self.automated { "automated" } else { "manual" }
    }
}
