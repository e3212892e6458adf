//! The options of `dev-restore`'s subcommands. They stand here because `bins/dev-restore.rs` holds no logic.

use crate::config::Length;
use crate::mysql::LoginOptions;

/// Which target, as the first word or as a flag.
#[derive(Debug, Clone, clap::Args)]
pub struct TargetName {
    /// Name of the target in refresh.toml
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// The same, as a flag
    #[arg(long, short, value_name = "NAME", conflicts_with = "name", required_unless_present = "name")]
    target: Option<String>,
}

impl TargetName {
    /// Name of the target, whether it came as an argument or with `--target`.
    pub fn get(&self) -> &str {
        self.name.as_deref().or(self.target.as_deref()).unwrap_or_default()
    }
}

/// Which target gets which dump.
#[derive(Debug, Clone, clap::Args)]
pub struct RunOptions {
    /// Name of the target in refresh.toml
    #[arg(long, short, value_name = "NAME", required_unless_present_any = ["get", "schema", "config_schema"])]
    pub target: Option<String>,

    /// Dump to load: latest, a file name, a day such as 2026-11-22 (UTC), or a path
    #[arg(long, short, value_name = "DUMP", default_value = "latest")]
    pub dump: String,

    /// Which database of the dump, if it holds several; for SQL of another tool, the name that it qualifies its tables with
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// Load the file that --dump names by its path although no key of [dump] trust has signed it
    #[arg(long)]
    pub unsigned: bool,

    /// Branch, tag or commit whose migrations run on the refreshed database
    #[arg(long = "ref", short = 'r', value_name = "REF")]
    pub reference: Option<String>,

    /// Wait for another refresh of the target to end, at most so long [without a value: 30m]
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "30m")]
    pub wait: Option<Length>,

    /// How the loaded tables are compared with the dump before the swap
    #[arg(long, value_name = "HOW", default_value = "digest")]
    pub verify: Verify,

    /// Connections that load at the same time, at most 8 [default: twice the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub workers: Option<u8>,

    /// Replace these tables only, as names and globs, with commas between them; the others stay as they are
    ///
    /// They must have the columns that they have now (with --ref, after the migrations), and no foreign key to a table that stays.
    #[arg(long, value_name = "TABLE[,TABLE…]", value_delimiter = ',', value_parser = table_name, conflicts_with_all = ["include", "exclude"])]
    pub only: Vec<String>,

    /// Load the rows of these tables only, as names and globs; the others will be EMPTY (to leave them as they are: --only)
    #[arg(long, value_name = "TABLE")]
    pub include: Vec<String>,

    /// Leave the rows of these tables out, as names and globs: they will be EMPTY
    #[arg(long, value_name = "TABLE")]
    pub exclude: Vec<String>,

    /// Write the migrations as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<std::path::PathBuf>,

    /// Load with the redo log of the server off (MySQL 8.0.21+; refused if the server holds other databases than the
    /// target's). It is switched on again even after a crash of this tool; a crash of the server meanwhile loses all of it
    #[arg(long)]
    pub fast: bool,

    /// Load with INSERT even where the server takes LOAD DATA LOCAL
    #[arg(long)]
    pub insert: bool,

    /// How to log in to the target.
    #[command(flatten)]
    pub login: LoginOptions,
}

/// Reads one name or glob of `--only`, without the blanks around it. Fails if nothing is left.
fn table_name(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a table's name is empty"),
        name => Ok(name.to_owned()),
    }
}

/// How the loaded tables are compared with the dump.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Verify {
    /// Read every table again and compare the digest of its rows
    #[default]
    Digest,
    /// Count the rows of every table
    Count,
}

/// How dumps are listed.
#[derive(Debug, Clone, clap::Args)]
pub struct DumpListOptions {
    /// One name a line; `none` if there is nothing
    #[arg(long, conflicts_with = "json")]
    pub plain: bool,

    /// A JSON list of the dumps
    #[arg(long)]
    pub json: bool,
}

/// How targets are listed.
#[derive(Debug, Clone, clap::Args)]
pub struct TargetsOptions {
    /// One name a line; `none` if there is nothing
    #[arg(long, conflicts_with = "json")]
    pub plain: bool,

    /// A JSON list of the targets
    #[arg(long)]
    pub json: bool,
}

/// How branches and tags are listed.
#[derive(Debug, Clone, clap::Args)]
pub struct RefsOptions {
    /// One name a line, `[migrations] default_ref` first; `(none)` stands for no migrations at all
    #[arg(long)]
    pub plain: bool,

    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}

/// Which target goes back.
#[derive(Debug, Clone, clap::Args)]
pub struct UndoOptions {
    /// Name of the target.
    #[command(flatten)]
    pub target: TargetName,

    /// Wait for a refresh of the target to end, at most so long [without a value: 30m]
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "30m")]
    pub wait: Option<Length>,

    /// How to log in to the target.
    #[command(flatten)]
    pub login: LoginOptions,
}

/// Which target to look at.
#[derive(Debug, Clone, clap::Args)]
pub struct StatusOptions {
    /// Name of the target.
    #[command(flatten)]
    pub target: TargetName,

    /// Finish or revert a refresh that was interrupted
    #[arg(long)]
    pub repair: bool,

    /// One word: whole, refreshing, interrupted (the database is as it was), or unfinished (its tables are swapped)
    #[arg(long, conflicts_with = "json")]
    pub plain: bool,

    /// A JSON object of what is known about the target
    #[arg(long)]
    pub json: bool,

    /// How to log in to the target.
    #[command(flatten)]
    pub login: LoginOptions,
}
