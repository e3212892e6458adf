//! The flags of `mydehydrate`.

use std::path::PathBuf;

use jiff::Timestamp;

/// What the flags say.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Read the [source] server of refresh.toml instead of a document's copy, and start a new chain.
    /// Only key tables are written there, in a schema of their own ([dehydrate] `work_schema`)
    #[arg(long, global = true)]
    pub source: bool,

    /// Read this document instead of stdin, for the commands below (/dev/stdin works)
    #[arg(long, value_name = "FILE", global = true)]
    pub document: Option<PathBuf>,

    /// The moment that windows count back from [default: when the snapshot was taken]
    #[arg(long, value_name = "TIME", global = true)]
    pub as_of: Option<Timestamp>,

    /// Rewrite the copy itself: only the kept rows stay in its tables, masked. For throw-away copies
    #[arg(long, global = true)]
    pub in_place: bool,

    /// Yes, HOST is a server that may be written to, though no document proves that it is a throw-away copy
    #[arg(long, value_name = "HOST", global = true)]
    pub i_own_this_server: Option<String>,
}
