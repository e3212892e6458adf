//! The words and flags of `dev-restore`, for both kinds of targets.

use crate::restore::{
    DumpListOptions, RefsOptions, RunOptions, StatusOptions, TargetName, TargetsOptions, UndoOptions,
};

/// What to do; without a word, `run`.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum InstanceCommand {
    /// Replace a development database, or an instance, with a dump, and run a branch's migrations on it
    Run(RunOptions),
    /// Show the dumps that are there, newest first
    #[command(visible_alias = "dumps")]
    List(DumpListOptions),
    /// Show the targets that may be replaced, and what they are now
    Targets(TargetsOptions),
    /// Show the branches and tags whose migrations may run
    Refs(RefsOptions),
    /// Say what works here and what does not: dumps, branches, the logins of targets, their servers
    Doctor,
    /// Put the database back that was there before the last refresh (again: the refreshed one)
    Undo(UndoOptions),
    /// Show what a target's database was refreshed from; finish or revert an interrupted refresh
    Status(StatusOptions),
    /// Load a dump into a template once, so that refreshes of instances are copies of it
    Bake(BakeOptions),
    /// Put an instance back to what it was right after its last refresh, migrations included
    Reset(OneOptions),
    /// Start instances that were up, after a reboot; or one that is down
    Up(SomeOptions),
    /// Stop an instance; its data stays
    Down(OneOptions),
    /// Remove an instance with its data, or all that are expired
    Drop(InstanceDropOptions),
}

impl InstanceCommand {
    /// True when the command writes a document to stdout, false when it writes a text of its own.
    pub fn gives_a_document(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Targets(_) | Self::Refs(_) | Self::Status(_) | Self::Doctor)
    }
}

/// Which dump becomes a template.
#[derive(Debug, Clone, clap::Args)]
pub struct BakeOptions {
    /// Dump to load: latest, a file name, a day such as 2026-11-22 (UTC), or a path
    #[arg(long, short, value_name = "DUMP", default_value = "latest")]
    pub dump: String,

    /// Load the file that --dump names by its path although no key of [dump] trust has signed it
    #[arg(long)]
    pub unsigned: bool,

    /// Bake for this target [default: for every directory and server program of [targets]]
    #[arg(long, short, value_name = "NAME")]
    pub target: Option<String>,
}

/// The one target that a word is about.
#[derive(Debug, Clone, clap::Args)]
pub struct OneOptions {
    /// Name of the target.
    #[command(flatten)]
    pub target: TargetName,
}

/// One target, or all.
#[derive(Debug, Clone, clap::Args)]
pub struct SomeOptions {
    /// Name of the target in refresh.toml [default: all that were up]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// The same, as a flag
    #[arg(long, short, value_name = "NAME", conflicts_with = "name")]
    pub target: Option<String>,
}

/// Which instances are removed, and with how little asking.
#[derive(Debug, Clone, clap::Args)]
pub struct InstanceDropOptions {
    /// Name of the target in refresh.toml
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// The same, as a flag
    #[arg(long, short, value_name = "NAME", conflicts_with = "name", required_unless_present_any = ["name", "expired"])]
    pub target: Option<String>,

    /// All whose time is over (expires = …) and that nobody is connected to
    #[arg(long, conflicts_with_all = ["name", "target"])]
    pub expired: bool,

    /// Also while somebody is connected
    #[arg(long)]
    pub force: bool,
}
