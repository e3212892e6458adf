//! `[migrations]`: the application's SQL migrations.

use schemars::JsonSchema;
use serde::Deserialize;

/// The application's SQL migrations.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationsConfig {
    /// The git repository: anything that `git clone` takes, without a password in it: git logs in with an SSH key, a
    /// credential helper or `$GIT_ASKPASS`.
    pub repository: String,
    /// Which files are migrations, a glob in the repository.
    pub path: Option<String>,
    /// The branch that a build server's form offers first; without it, none. A command line names its own.
    pub default_ref: Option<String>,
    /// The table that says which migrations ran already, and its column.
    pub ledger: LedgerConfig,
    /// A command that runs the migrations instead, in the exported worktree.
    pub command: Option<String>,
    /// The user of this host that runs the command, one without rights; needs root. Without it the command runs as the user of the
    /// tool, and can read that user's files.
    pub run_as: Option<String>,
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
