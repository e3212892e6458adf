//! Put a dump on a development server, with the migrations of a branch.

use clap::Parser;
use refreshkit::cli::{self, Role};
use refreshkit::restore::{self, Command, RunOptions};

const MORE: &str = "\
Loads the dump into <database>__refresh, compares it with what was dumped, runs the branch's migrations there, and only
then swaps it in; the old tables stay as <database>__previous. It succeeds, or everything is as before.

EXAMPLES:
    dev-restore list
    dev-restore targets
    dev-restore --target dev3 --dump latest --ref feature/rating-v2
    dev-restore undo --target dev3
";

/// Put a dump on a development server, with the migrations of a branch
#[derive(Parser)]
#[command(version, subcommand_negates_reqs = true, after_long_help = format!("{MORE}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    common: cli::Common,
    #[command(flatten)]
    run: RunOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

fn main() -> std::process::ExitCode {
    cli::door("dev-restore", Role::Head, |Args { common, run, command }| {
        match command.unwrap_or(Command::Run(run)) {
            Command::Run(o) => cli::run("dev-restore", &common, Role::Head, move |h, d| {
                restore::refresh(h, d, &o).map_err(Into::into)
            }),
            Command::Undo(o) => cli::run("dev-restore", &common, Role::Head, move |h, d| {
                restore::undo(h, d, &o).map_err(Into::into)
            }),
            Command::List(o) => {
                cli::command("dev-restore", &common, |h, out| restore::list(h, out, &o).map_err(Into::into))
            }
            Command::Targets(o) => cli::command("dev-restore", &common, |h, out| {
                restore::targets(h, out, &o).map_err(Into::into)
            }),
            Command::Status(o) => {
                cli::command("dev-restore", &common, |h, out| restore::status(h, out, &o).map_err(Into::into))
            }
        }
    })
}
