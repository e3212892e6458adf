//! What the person decided: `refresh.toml`, then the environment, then flags (later wins).
//!
//! In: a path, or nothing. Out: a [`Config`], or one sentence with file:line and a "did you mean". This room and
//! `cli/` are the only ones that read the environment.

mod brief;
mod error;
mod files;
mod host;
mod length;
mod mask;
mod names;
mod types;

pub use brief::OneOrMany;
pub use error::Error;
pub(crate) use files::nearest;
pub use files::{environment, find, load, parse, state_dir};
pub use length::Length;
pub use mask::MaskConfig;
pub use names::{ColumnsName, NameError, TableName};
pub use types::{
    Config, CopyPassword, Definer, Down, DumpConfig, Fallback, LedgerConfig, LedgerPreset, MigrationsConfig,
    PinnedKey, RelationConfig, RestoreConfig, RootConfig, Scalar, ServerConfig, SourceConfig, TargetConfig,
    Tls, Unclassified, Up,
};

use serde_json::Value;

/// The JSON Schema of `refresh.toml`, for editors.
pub fn json_schema() -> Value {
    schemars::schema_for!(Config).to_value()
}
