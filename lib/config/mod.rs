//! The settings of `refresh.toml`. A variable of the environment wins over the file, and a flag over both.
//!
//! In: a path, or nothing, and the words of the kinds of masks. Out: a [`Config`], or an error for each wrong line, with a "did
//! you mean". Other rooms read the environment only through [`environment`].

mod brief;
mod error;
mod files;
mod length;
mod load;
mod names;
mod origin;
mod problem;
mod scalar;
mod schema;
mod sections;
mod vocabulary;

pub use brief::OneOrMany;
pub use error::Error;
pub use files::{environment, find, state_dir};
pub use length::Length;
pub use load::{load, load_without_mask, parse};
pub use names::{ColumnsName, NameError, TableName};
pub use problem::Wrong;
pub(crate) use problem::nearest;
pub use scalar::{Scalar, toml_comment, toml_once, toml_text};
pub use schema::json_schema;
pub use sections::config::Config;
pub use sections::copy::{CopyPassword, Fallback, RestoreConfig};
pub use sections::dehydrate::{PinnedKey, RootConfig, Unclassified};
pub use sections::dump::{Definer, DumpConfig, Prove, TrustedKey};
pub use sections::mask::{
    Canaries, KeyReference, Leaks, MaskCase, MaskConfig, MaskPolicy, MaskRule, MaskSection,
};
pub use sections::migrations::{LedgerConfig, LedgerPreset, MigrationsConfig};
pub use sections::relations::{Down, RelationConfig, Up};
pub use sections::server::{ServerConfig, Tls};
pub use sections::source::SourceConfig;
pub use sections::targets::{AccountConfig, Memory, PortRange, TargetConfig};
pub use vocabulary::{KindVocabulary, KindWords};
