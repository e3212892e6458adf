//! `[migrations]`: the application's SQL migrations.

use schemars::JsonSchema;
use serde::Deserialize;

/// The application's SQL migrations.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationsConfig {
    /// The git repository: anything that `git clone` takes, without a password in it. git logs in with an SSH key, a credential
    /// helper or `$GIT_ASKPASS`.
    pub repository: String,
    /// A glob for the paths of the migrations in the repository.
    pub path: Option<String>,
    /// The branch that a build server's form offers first; if not given, the form offers `(none)` first. `dev-restore --ref` does
    /// not use it.
    pub default_ref: Option<String>,
    /// The table that lists the migrations that have run.
    pub ledger: LedgerConfig,
    /// A shell command that runs the migrations in the exported worktree. `path` and `ledger` are then not used.
    pub command: Option<String>,
    /// The user of this host, one without rights, that runs `command`; needs root. If not given, the command runs as the user of
    /// the tool and can read that user's files.
    pub run_as: Option<String>,
}

/// The table that lists the migrations that have run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// The framework that keeps the table: `plain` (refreshkit), `flyway`, `phinx`, `rails`, `laravel` or `doctrine`.
    pub preset: LedgerPreset,
    /// Name of the table, if it is not the preset's own; created if there is none.
    pub table: Option<String>,
    /// The column that holds the migration's name or version, if it is not the preset's own.
    pub column: Option<String>,
}

/// The framework that keeps the ledger: table (column), and the value that stands for a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LedgerPreset {
    /// `schema_migrations (name)`: the file's path below the folder that `path` begins with.
    #[default]
    Plain,
    /// `flyway_schema_history`: the version of `V1_2__words.sql`; `R__words.sql` runs again whenever it has changed.
    Flyway,
    /// `phinxlog (version)`: the digits that the file's name begins with.
    Phinx,
    /// `schema_migrations (version)`: the digits that the file's name begins with.
    Rails,
    /// `migrations (migration)`: the file's name without its extension.
    Laravel,
    /// `doctrine_migration_versions (version)`: the class, which is the file's name without its extension.
    Doctrine,
}
