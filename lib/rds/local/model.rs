//! The resources as plain data, the way they are kept in `meta.json`. No secret is in here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The account and region of every ARN.
pub(super) const ARN_PREFIX: &str = "arn:aws:rds:us-east-1:123456789012";

/// A key and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// A state that a fault put over the real one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Forced {
    pub(super) state: String,
    pub(super) until: Option<Timestamp>,
}

/// What a resource is doing: the real state, and what a fault shows instead.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) real: String,
    pub(super) forced: Option<Forced>,
}

impl Status {
    pub(super) fn new(state: &str) -> Self {
        Self { real: state.to_owned(), forced: None }
    }

    /// What callers see, and what decides whether an action is allowed.
    pub(super) fn shown(&self) -> &str {
        match &self.forced {
            Some(forced) if forced.until.is_none_or(|until| Timestamp::now() < until) => &forced.state,
            _ => &self.real,
        }
    }

    pub(super) fn is(&self, state: &str) -> bool {
        self.shown() == state
    }
}

/// Where the data of a cluster comes from: what to copy again if the copying was interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    /// An SQL file, or nothing: a fresh data directory.
    Fresh,
    /// The snapshot with this key.
    Snapshot(String),
    /// The live data of the cluster with this key.
    Cluster(String),
}

/// A cluster: one data directory, at most one server process. A plain RDS instance has a hidden one of the same name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of the API")]
pub(super) struct Cluster {
    pub(super) id: String,
    /// Hidden behind a plain RDS instance.
    pub(super) plain: bool,
    /// `cluster-…`: new for each cluster, whatever its name.
    pub(super) resource_id: String,
    pub(super) engine: String,
    pub(super) engine_version: String,
    pub(super) status: Status,
    pub(super) port: u16,
    pub(super) created_at: Timestamp,
    pub(super) master_user: String,
    /// A new master password is set but not yet in force.
    pub(super) password_pending: bool,
    /// The service made the master password and keeps it in Secrets Manager.
    #[serde(default)]
    pub(super) password_kept: bool,
    pub(super) deletion_protection: bool,
    pub(super) retention_days: u32,
    pub(super) subnet_group: String,
    pub(super) parameter_group: String,
    pub(super) security_groups: Vec<String>,
    pub(super) storage_type: String,
    pub(super) copy_tags: bool,
    pub(super) iam_authentication: bool,
    /// Serverless v2 capacity, least and most.
    pub(super) capacity: Option<(f64, f64)>,
    pub(super) replication_source: Option<String>,
    pub(super) clone_group: Option<String>,
    pub(super) origin: Origin,
    pub(super) tags: Vec<Tag>,
}

/// An instance. Those of a cluster share its server; the first is the writer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) resource_id: String,
    /// The key of the cluster that it belongs to, or of the hidden one.
    pub(super) cluster: String,
    pub(super) plain: bool,
    pub(super) writer: bool,
    pub(super) class: String,
    pub(super) status: Status,
    pub(super) created_at: Timestamp,
    pub(super) public: bool,
    pub(super) promotion_tier: u32,
    pub(super) parameter_group: String,
    pub(super) tags: Vec<Tag>,
}

/// A snapshot: a copy of a data directory, or only a record of one (`data` false) for tests with many.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) plain: bool,
    pub(super) resource_id: String,
    pub(super) automated: bool,
    pub(super) source: String,
    pub(super) source_resource_id: String,
    pub(super) source_created_at: Timestamp,
    pub(super) engine: String,
    pub(super) engine_version: String,
    pub(super) master_user: String,
    pub(super) retention_days: u32,
    pub(super) port: u16,
    pub(super) status: Status,
    pub(super) percent: u32,
    pub(super) created_at: Timestamp,
    pub(super) data: bool,
    pub(super) tags: Vec<Tag>,
}

/// What happened to a resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) message: String,
}

/// The kinds of resources that faults and events name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cluster,
    Instance,
    Snapshot,
}

impl Kind {
    /// The word of faults.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Instance => "instance",
            Self::Snapshot => "snapshot",
        }
    }
}

/// The key of a cluster or snapshot. A colon is in no name, so those of plain RDS never collide.
pub(super) fn key(plain: bool, id: &str) -> String {
    if plain { format!("plain:{id}") } else { id.to_owned() }
}

/// `cluster-3F…`: 26 characters, like the service's.
pub(super) fn resource_id(word: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = (0..26).map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>()) % ALPHABET.len()]));
    format!("{word}-{}", letters.collect::<String>())
}

impl Cluster {
    pub(super) fn key(&self) -> String {
        key(self.plain, &self.id)
    }

    pub(super) fn arn(&self) -> String {
        format!("{ARN_PREFIX}:cluster:{}", self.id)
    }

    /// The name of the secret with its master password, if the service keeps one.
    pub(super) fn secret_name(&self) -> Option<String> {
        let kind = if self.plain { "db" } else { "cluster" };
        let id = self.resource_id.trim_start_matches("cluster-").to_lowercase();
        self.password_kept.then(|| format!("rds!{kind}-{id}"))
    }

    /// Its ARN, which ends with characters that the name does not have.
    pub(super) fn secret_arn(&self) -> Option<String> {
        let prefix = ARN_PREFIX.replacen(":rds:", ":secretsmanager:", 1);
        Some(format!("{prefix}:secret:{}-LoCaL0", self.secret_name()?))
    }
}

impl Instance {
    pub(super) fn arn(&self) -> String {
        format!("{ARN_PREFIX}:db:{}", self.id)
    }
}

impl Snapshot {
    pub(super) fn key(&self) -> String {
        key(self.plain, &self.id)
    }

    pub(super) fn arn(&self) -> String {
        let kind = if self.plain { "snapshot" } else { "cluster-snapshot" };
        format!("{ARN_PREFIX}:{kind}:{}", self.id)
    }

    pub(super) fn type_word(&self) -> &'static str {
        if self.automated { "automated" } else { "manual" }
    }
}
