//! The whole of `refresh.toml`. The doc comments of the sections are their reference for people: they go into the JSON Schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::copy::{RestoreConfig, SnapshotConfig};
use super::dehydrate::DehydrateConfig;
use super::dump::DumpConfig;
use super::mask::MaskSection;
use super::migrations::MigrationsConfig;
use super::relations::RelationConfigs;
use super::source::SourceConfig;
use super::targets::TargetConfig;
use crate::config::origin::ConfigOrigin;

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
    /// Which rows are kept.
    pub dehydrate: DehydrateConfig,
    /// Which column refers to which: `"child.column" = "parent.column"`.
    pub relations: BTreeMap<String, RelationConfigs>,
    /// What must not leave the server: `"table.column" = "kind"`.
    pub mask: MaskSection,
    /// Where dumps are written and how long they are kept.
    pub dump: DumpConfig,
    /// The development servers that may be refreshed, by name.
    pub targets: BTreeMap<String, TargetConfig>,
    /// The application's SQL migrations.
    pub migrations: Option<MigrationsConfig>,
    /// The file that the configuration was read from, for messages.
    #[serde(skip)]
    #[schemars(skip)]
    pub origin: ConfigOrigin,
}
