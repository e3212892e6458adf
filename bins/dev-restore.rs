//! Put a dump on a development server, with the migrations of a branch.

use clap::Parser;
use refreshkit::cli::{self, Role};
use refreshkit::instance::{self, InstanceCommand};
use refreshkit::restore::RunOptions;

const MORE: &str = "\
Loads the dump into <database>__refresh, compares it with what was dumped, runs the branch's migrations there, and only then \
swaps it in; the old tables stay as <database>__previous. It succeeds, or everything is as before.

A SERVER ON THIS HOST, login in ~/.my.cnf, a file of mydump-rotate or mysqldump:
    printf '[targets.local]\\ndatabase = \"app\"\\n' >refresh.toml
    dev-restore --target local --dump ./app.sql.gz --dry-run
    dev-restore --target local --dump ./app.sql.gz

";

const EXAMPLES: &str = "\
EXAMPLES:
    dev-restore list
    dev-restore targets
    dev-restore --target dev3 --dump latest --ref feature/rating-v2
    dev-restore undo --target dev3
";

/// Put a dump on a development server, with the migrations of a branch
#[derive(Parser)]
#[command(name = NAME, version = cli::version(), subcommand_negates_reqs = true, after_help = EXAMPLES, after_long_help = format!("{MORE}\n{EXAMPLES}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    common: cli::Common,
    #[command(subcommand)]
    command: Option<InstanceCommand>,
}

const NAME: &str = "dev-restore";

pub(crate) fn main() -> std::process::ExitCode {
    cli::door(NAME, Role::Head, |Args { common, run, command }| {
        let command = command.unwrap_or(InstanceCommand::Run(run));
        if command.gives_a_document() {
            cli::run(NAME, &common, Role::Head, move |h, d| Ok(instance::perform(h, d, &command)?))
        } else {
            cli::command(NAME, &common, |h, out| Ok(instance::show(h, out, &command)?))
        }
    })
}
