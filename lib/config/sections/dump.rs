//! `[dump]`: where dumps are written and how long they stay.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::length::Length;

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
