//! The sections of `refresh.toml` as structs. The doc comments are the reference: they land in its JSON Schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::brief::{self, OneOrMany};
use super::files::Origin;
use super::host::Host;
use super::length::Length;
use super::mask::MaskConfig;

/// The whole of `refresh.toml`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the data comes from.
    pub source: SourceConfig,
    /// How the nightly snapshot is taken and waited for.
    pub snapshot: SnapshotConfig,
    /// How the throw-away copy is restored.
    pub restore: RestoreConfig,
    /// Which rows come along.
    pub dehydrate: DehydrateConfig,
    /// Which column refers to which: `"child.column" = "parent.column"`.
    pub relations: BTreeMap<String, RelationConfigs>,
    /// What must not leave: `"table.column" = "kind"`.
    pub mask: BTreeMap<String, OneOrMany<MaskConfig>>,
    /// Where dumps are written and how long they stay.
    pub dump: DumpConfig,
    /// The development servers that may be refreshed, by name.
    pub targets: BTreeMap<String, TargetConfig>,
    /// The application's SQL migrations.
    pub migrations: Option<MigrationsConfig>,
    /// Which file this came from, for messages.
    #[serde(skip)]
    #[schemars(skip)]
    pub origin: Origin,
}

/// Where the data comes from: an Aurora cluster, an RDS instance, or a server without AWS.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// Aurora cluster identifier.
    pub cluster: Option<String>,
    /// RDS MySQL instance identifier, instead of a cluster.
    pub instance: Option<String>,
    /// Databases to bring along.
    pub databases: Vec<String>,
    /// Host name.
    pub host: Option<String>,
    /// TCP port, 3306 if not given.
    pub port: Option<u16>,
    /// Unix socket, instead of host and port.
    pub socket: Option<String>,
    /// User; an option file may name it too.
    pub user: Option<String>,
    /// A MySQL option file with a `[client]` group.
    pub defaults_file: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// A secret of AWS Secrets Manager (ARN or name) with the password in it, and the user, host and port if they are
    /// not given here.
    pub secret: Option<String>,
    /// Log in with an RDS IAM token instead of a password: AWS credentials say who that is.
    pub iam_login: bool,
    /// Certificate authorities (PEM) to verify the server with, such as the RDS bundle.
    pub tls_ca: Option<String>,
    /// How the server's certificate is verified, if the server is not on this host.
    pub tls: Tls,
    /// Read-only replicas of this server, as `host` or `host:port`, that share the reading of a whole dump; the same
    /// login and TLS.
    pub readers: Vec<Host>,
}

/// How to reach and log in to a MySQL server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerConfig {
    /// Host name.
    pub host: Option<String>,
    /// TCP port, 3306 if not given.
    pub port: Option<u16>,
    /// Unix socket, instead of host and port.
    pub socket: Option<String>,
    /// User; an option file may name it too.
    pub user: Option<String>,
    /// A MySQL option file with a `[client]` group.
    pub defaults_file: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// A secret of AWS Secrets Manager (ARN or name) with the password in it, and the user, host and port if they are
    /// not given here.
    pub secret: Option<String>,
    /// Log in with an RDS IAM token instead of a password: AWS credentials say who that is.
    pub iam_login: bool,
    /// Certificate authorities (PEM) to verify the server with, such as the RDS bundle.
    pub tls_ca: Option<String>,
    /// How the server's certificate is verified, if the server is not on this host.
    pub tls: Tls,
}

/// How a server's certificate is verified. Servers on this host are reached without TLS unless `tls_ca` is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// The authority and the host name.
    #[default]
    Verify,
    /// The authority only: MySQL makes itself a certificate whose name matches no host.
    VerifyCa,
    /// No TLS at all: everything, the password's hash included, is readable on the way.
    Off,
}

/// The settings of a server, which `[source]` and `[targets.NAME]` share by name.
macro_rules! server_of {
    ($($section:ty),*) => {$(
        impl $section {
            /// How to reach and log in to the server.
            pub fn server(&self) -> ServerConfig {
                ServerConfig {
                    host: self.host.clone(),
                    port: self.port,
                    socket: self.socket.clone(),
                    user: self.user.clone(),
                    defaults_file: self.defaults_file.clone(),
                    password_env: self.password_env.clone(),
                    secret: self.secret.clone(),
                    iam_login: self.iam_login,
                    tls_ca: self.tls_ca.clone(),
                    tls: self.tls,
                }
            }
        }
    )*};
}

server_of!(SourceConfig, TargetConfig);

impl SourceConfig {
    /// How to reach and log in to the replicas.
    pub fn readers(&self) -> Vec<ServerConfig> {
        let server = |reader: &Host| ServerConfig {
            host: Some(reader.host.clone()),
            port: reader.port.or(self.port),
            socket: None,
            ..self.server()
        };
        self.readers.iter().map(server).collect()
    }
}

/// How the nightly snapshot is taken and waited for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SnapshotConfig {
    /// What our names begin with; nothing without it is ever deleted.
    pub prefix: String,
    /// What to do when the snapshot fails or takes too long.
    pub fallback: Fallback,
    /// The oldest automated snapshot that is acceptable as a fallback.
    pub max_age: Length,
    /// How long to wait for a snapshot.
    pub timeout: Length,
    /// After this, `rds-drop --expired` may delete what a run left behind.
    pub expires: Length,
}

impl Default for SnapshotConfig {
    fn default() -> Self {
        Self {
            prefix: "refreshkit".to_owned(),
            fallback: Fallback::Automated,
            max_age: Length::of_seconds(36 * 3_600),
            timeout: Length::of_seconds(2 * 3_600),
            // Gone before the next night begins, even if the run was lost.
            expires: Length::of_seconds(20 * 3_600),
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
    /// Nothing: fail.
    None,
}

/// How the throw-away copy is restored.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestoreConfig {
    /// DB subnet group.
    pub subnet_group: Option<String>,
    /// VPC security group ids.
    pub security_groups: Vec<String>,
    /// Instance class, or a list: each next one is tried when the service has no machine of the one before.
    pub instance_class: OneOrMany<String>,
    /// DB cluster parameter group.
    pub parameter_group: Option<String>,
    /// DB parameter group of the instances.
    pub instance_parameter_group: Option<String>,
    /// Reader instances besides the writer; they share the reading of the dump.
    pub readers: u8,
    /// How long to wait for cluster and instances.
    pub timeout: Length,
    /// Make a copy-on-write clone of the source instead of restoring a snapshot: minutes instead of tens of minutes.
    pub clone: bool,
    /// KMS key of the copy, if not that of the snapshot.
    pub kms_key: Option<String>,
    /// `aurora` (default) or `aurora-iopt1`; for plain RDS such as `gp3`.
    pub storage_type: Option<String>,
    /// Capacity for `instance_class = "db.serverless"`.
    pub serverless: Option<ServerlessConfig>,
    /// Let IAM tokens log in to the copy.
    pub iam_login: bool,
    /// The database user that the tools after `rds-restore` log in as, with an IAM token; production's data must hold
    /// it. Implies `iam_login`.
    pub iam_user: Option<String>,
    /// Where the copy's new master password is kept.
    pub password: CopyPassword,
    /// Pay for RDS Extended Support of an old engine version. Without it the service upgrades the copy instead.
    pub extended_support: bool,
    /// Certificate authorities (PEM) to verify the copy with: the RDS bundle.
    pub tls_ca: Option<String>,
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
            clone: false,
            kms_key: None,
            storage_type: None,
            serverless: None,
            iam_login: false,
            iam_user: None,
            password: CopyPassword::default(),
            extended_support: false,
            tls_ca: None,
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
    /// The least; the buffer pool shrinks with it.
    pub min_acu: f64,
    /// The most.
    pub max_acu: f64,
}

impl Default for ServerlessConfig {
    fn default() -> Self {
        Self { min_acu: 2.0, max_acu: 16.0 }
    }
}

/// Which rows come along.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DehydrateConfig {
    /// The central entity: one rule, or a list.
    pub root: OneOrMany<RootConfig>,
    /// Tables whose rows stay behind: names, globs, `@groups`.
    pub empty: Vec<String>,
    /// Tables that come whole.
    pub full: Vec<String>,
    /// Tables that do not come at all, not even empty.
    pub ignore: Vec<String>,
    /// Tables that come with what refers to them, though a wider glob says otherwise.
    pub follow: Vec<String>,
    /// What to do with a table that no rule and no relation reaches: `full` or `empty`. Unset: an error.
    pub unclassified: Option<Unclassified>,
    /// Named groups of globs, used as `@name`; `logs`, `sessions`, `queues` are built in.
    pub groups: BTreeMap<String, Vec<String>>,
    /// The schema on the copy that holds key tables and the mask key. It is made, and dropped at the next run.
    pub work_schema: String,
}

impl Default for DehydrateConfig {
    fn default() -> Self {
        Self {
            root: OneOrMany::default(),
            empty: Vec::new(),
            full: Vec::new(),
            ignore: Vec::new(),
            follow: Vec::new(),
            unclassified: None,
            groups: BTreeMap::new(),
            work_schema: "refreshkit_work".to_owned(),
        }
    }
}

/// What to do with a table that no rule and no relation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unclassified {
    /// All rows.
    Full,
    /// Structure only.
    Empty,
}

/// One root table and the rows of it that are chosen.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RootConfig {
    /// The table.
    pub table: String,
    /// The column that says when a row came to be.
    pub date: Option<String>,
    /// How far the trailing window reaches back from the snapshot.
    pub window: Option<Length>,
    /// At least so many rows, the newest first.
    pub at_least: u64,
    /// A further condition, SQL over alias `t`.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// At least so many rows of each value of a column.
    pub per_value: BTreeMap<String, u64>,
    /// Primary keys that always come along.
    pub pinned: Vec<PinnedKey>,
}

/// A primary key value: a number or a text.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PinnedKey {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// A composite key, in the key's order.
    Composite(Vec<PinnedKey>),
}

/// The relations of one child column (or columns): one parent, or one per condition.
pub(super) type RelationConfigs = OneOrMany<RelationConfig>;

/// What the child column refers to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
#[schemars(transform = brief::or_text)]
pub struct RelationConfig {
    /// The parent: `table.column` or `table(column, column)`.
    pub to: String,
    /// Which child rows the relation is about, SQL over alias `c`: `owner_type = 'producer'`.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Whether children come along with a kept parent.
    pub down: Option<Down>,
    /// Whether parents come along with a kept child.
    pub up: Up,
    /// At most so many children for each parent.
    pub cap: Option<u64>,
    /// Which children are first under a cap: `created_at DESC`. The primary key decides ties.
    pub order: Option<String>,
    /// How the child's value becomes the parent's: a column type such as `unsigned`, or `json`, `list`.
    pub cast: Option<String>,
}

/// Whether children come along with a kept parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    /// The parent owns its children. The default, except for a table that refers to itself.
    Own,
    /// Never.
    Never,
}

/// Whether parents come along with a kept child.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Up {
    /// Always: the reference stays whole.
    #[default]
    Always,
    /// The reference is set to NULL where the parent does not come for another reason.
    Nullify,
    /// The child stays behind where the parent does not come for another reason.
    Drop,
    /// The reference may dangle.
    Never,
}

/// Where dumps are written and how long they stay.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DumpConfig {
    /// The directory.
    pub dir: Option<String>,
    /// What file names begin with; the source's first database if not given.
    pub name: Option<String>,
    /// Dumps younger than this stay.
    pub keep_days: u32,
    /// So many of the newest stay whatever their age.
    pub keep_at_least: u32,
    /// Connections that read at the same time; the number of cores if not given.
    pub workers: Option<u16>,
    /// How far behind a reader may be: after this it is left out.
    pub reader_wait: Length,
    /// gzip level, 1 to 9.
    pub level: u32,
    /// What becomes of the DEFINER of views, routines, triggers and events.
    pub definer: Definer,
}

/// What becomes of the DEFINER of views, routines, triggers and events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Definer {
    /// It goes: whoever loads the dump becomes the definer. Naming somebody else takes a privilege that few have.
    #[default]
    Drop,
    /// It goes, and views run with the rights of whoever reads them.
    Invoker,
    /// It stays; loading then takes the privilege to name other definers.
    Keep,
}

impl Default for DumpConfig {
    fn default() -> Self {
        Self {
            dir: None,
            name: None,
            keep_days: 7,
            keep_at_least: 3,
            workers: None,
            reader_wait: Length::of_seconds(60),
            level: 1,
            definer: Definer::default(),
        }
    }
}

/// One development server.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TargetConfig {
    /// The database that is replaced.
    pub database: String,
    /// Host name.
    pub host: Option<String>,
    /// TCP port, 3306 if not given.
    pub port: Option<u16>,
    /// Unix socket, instead of host and port.
    pub socket: Option<String>,
    /// User; an option file may name it too.
    pub user: Option<String>,
    /// A MySQL option file with a `[client]` group.
    pub defaults_file: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// A secret of AWS Secrets Manager (ARN or name) with the password in it, and the user, host and port if they are
    /// not given here.
    pub secret: Option<String>,
    /// Log in with an RDS IAM token instead of a password: AWS credentials say who that is.
    pub iam_login: bool,
    /// Certificate authorities (PEM) to verify the server with, such as the RDS bundle.
    pub tls_ca: Option<String>,
    /// How the server's certificate is verified, if the server is not on this host.
    pub tls: Tls,
    /// SQL that runs on the refreshed database before the swap.
    pub after: Vec<String>,
    /// What is written into the refreshed database before `after`: `"table.column"` or `"table.column where …"` to a
    /// value.
    pub set: BTreeMap<String, Scalar>,
    /// Tags of RDS, as `key=value` with globs, that mark production: a server that has one is refused. Not given: those
    /// that people commonly use. Empty: the service is not asked.
    pub refuse_tags: Option<Vec<String>>,
    /// What survives a refresh: tables, as names and globs, and single rows, as `"users where email like '%@dev%'"`.
    pub preserve: Vec<String>,
    /// Tables whose rows are loaded, as names and globs; all if there are none. The others are there, but empty.
    pub include: Vec<String>,
    /// Tables whose rows are left out, as names and globs; they are there, but empty.
    pub exclude: Vec<String>,
}

/// The application's SQL migrations.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationsConfig {
    /// The git repository: anything that `git clone` takes.
    pub repository: String,
    /// Which files are migrations, a glob in the repository.
    pub path: Option<String>,
    /// The table that says which migrations ran already, and its column.
    pub ledger: LedgerConfig,
    /// A command that runs the migrations instead, in the exported worktree.
    pub command: Option<String>,
}

/// The table that says which migrations ran already.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// Whose table it is: `plain` (ours), `flyway`, `phinx`, `rails`, `laravel` or `doctrine`.
    pub preset: LedgerPreset,
    /// Table name, if it is not the preset's own; created if it is not there.
    pub table: Option<String>,
    /// The column that holds the migration's name or version, if it is not the preset's own.
    pub column: Option<String>,
}

/// The framework whose ledger it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LedgerPreset {
    /// `schema_migrations (name)`: the file's path below the folder that the glob begins with.
    #[default]
    Plain,
    /// `flyway_schema_history`: `V1_2__words.sql`, and `R__words.sql` again whenever it changed.
    Flyway,
    /// `phinxlog (version)`: the digits that the file's name begins with.
    Phinx,
    /// `schema_migrations (version)`: the digits that the file's name begins with.
    Rails,
    /// `migrations (migration)`: the file's name without its extension.
    Laravel,
    /// `doctrine_migration_versions (version)`: the file's name without its extension is the class.
    Doctrine,
}

/// A text, a number or a truth value.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(String),
}
