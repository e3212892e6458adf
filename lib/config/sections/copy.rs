//! `[snapshot]` and `[restore]`: how the nightly snapshot is taken, and how the throw-away copy is restored from it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::brief::OneOrMany;
use crate::config::length::Length;

/// Tags of AWS resources: values by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// How the nightly snapshot is taken and waited for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SnapshotConfig {
    /// The beginning of the names that refreshkit gives; a resource without it is never deleted.
    pub prefix: String,
    /// What to restore when the snapshot fails or takes too long.
    pub fallback: Fallback,
    /// The greatest age of the data of a fallback.
    pub max_age: Length,
    /// How long to wait for a snapshot.
    pub timeout: Length,
    /// How long after it was made `rds-drop --expired` may delete what a run left behind.
    pub expires: Length,
    /// Tags of your organisation for snapshots, besides those of refreshkit: `{ team = "data", "cost-centre" = "42" }`.
    pub tags: Tags,
    /// The owner that resources are tagged with: a resource with another owner's tag is never deleted. If not given, each state
    /// directory has a random one. Set it if a new host must be able to delete what a lost host made. `$REFRESH_OWNER` wins
    /// over it.
    pub owner: Option<String>,
}

impl Default for SnapshotConfig {
    fn default() -> Self {
        Self {
            prefix: "refreshkit".to_owned(),
            fallback: Fallback::Automated,
            max_age: Length::of_seconds(36 * 3_600),
            timeout: Length::of_seconds(2 * 3_600),
            // Resources of a lost run expire before the next night begins.
            expires: Length::of_seconds(20 * 3_600),
            tags: Tags::new(),
            owner: None,
        }
    }
}

/// What to restore when the run's own snapshot cannot be had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// The newest available automated snapshot.
    #[default]
    Automated,
    /// The source at its latest restorable time.
    Pitr,
    /// No other data: the run fails.
    None,
}

/// How the throw-away copy is restored.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestoreConfig {
    /// DB subnet group that the copy is placed in.
    pub subnet_group: Option<String>,
    /// VPC security group ids.
    pub security_groups: Vec<String>,
    /// Instance class, or a list: a later class is tried if the service has no machine of the earlier ones.
    pub instance_class: OneOrMany<String>,
    /// DB cluster parameter group.
    pub parameter_group: Option<String>,
    /// DB parameter group of the instances.
    pub instance_parameter_group: Option<String>,
    /// Number of reader instances besides the writer; they share the reading of the dump.
    pub readers: u8,
    /// How long to wait for the cluster, and then for its instances.
    pub timeout: Length,
    /// Engine version of the copy, for when the service no longer offers the version of the source.
    pub engine_version: Option<String>,
    /// TCP port of the copy, if not the source's.
    pub port: Option<u16>,
    /// Tags of your organisation for the copy and its instances, besides those of refreshkit.
    pub tags: Tags,
    /// Make a copy-on-write clone of the source instead of restoring a snapshot: minutes instead of tens of minutes.
    pub clone: bool,
    /// KMS key of the copy, if not that of the snapshot. For a plain instance the snapshot is first copied with this key.
    pub kms_key: Option<String>,
    /// Storage type: for Aurora `aurora` (default) or `aurora-iopt1`, for plain RDS for example `gp3`.
    pub storage_type: Option<String>,
    /// Capacity for `instance_class = "db.serverless"`.
    pub serverless: Option<ServerlessConfig>,
    /// Allow logins with IAM tokens on the copy.
    pub iam_login: bool,
    /// The database user that the tools after `rds-restore` log in as, with an IAM token. The user must exist in the source.
    /// Implies `iam_login`.
    pub iam_user: Option<String>,
    /// Where the copy's new master password is kept.
    pub password: CopyPassword,
    /// Pay for RDS Extended Support of an old engine version. Without it the service upgrades the copy instead.
    pub extended_support: bool,
    /// Certificate authorities (PEM) to verify the copy with: the RDS bundle.
    pub tls_ca: Option<String>,
    /// The copy's RSA key, for logins without TLS: `rds-local` writes `server_public_key.pem` into its directory.
    pub server_public_key: Option<String>,
}

impl Default for RestoreConfig {
    fn default() -> Self {
        Self {
            subnet_group: None,
            security_groups: Vec::new(),
            instance_class: OneOrMany::One("db.r7g.large".to_owned()),
            parameter_group: None,
            instance_parameter_group: None,
            readers: 0,
            timeout: Length::of_seconds(4 * 3_600),
            engine_version: None,
            port: None,
            tags: Tags::new(),
            clone: false,
            kms_key: None,
            storage_type: None,
            serverless: None,
            iam_login: false,
            iam_user: None,
            password: CopyPassword::default(),
            extended_support: false,
            tls_ca: None,
            server_public_key: None,
        }
    }
}

/// Where the new master password of a copy is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CopyPassword {
    /// In an option file (mode 0600) in the state directory, on this host only.
    #[default]
    OptionFile,
    /// In a secret of AWS Secrets Manager that RDS makes, and deletes with the copy.
    SecretsManager,
}

/// Capacity of a serverless copy in Aurora capacity units (2 GiB of memory each), in steps of a half.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerlessConfig {
    /// The least capacity; at low load the buffer pool shrinks to what fits.
    pub min_acu: f64,
    /// The most capacity; the service scales up to it under load.
    pub max_acu: f64,
}

impl Default for ServerlessConfig {
    fn default() -> Self {
        Self { min_acu: 2.0, max_acu: 16.0 }
    }
}
