//! rds-restore: restores a throw-away copy of production that accepts a login of its own.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, rds};

const EXAMPLE: &str = "\
EXAMPLES:
    rds-snap | rds-wait | rds-restore | mydehydrate | mydump-rotate | rds-drop
    rds-restore --check               what would go wrong; nothing is made
    rds-restore --clone --cluster prod | mydehydrate | mydump-rotate | rds-drop

The copy gets a random master password, kept in an option file (mode 0600) in the state directory, or, with --password \
secrets-manager, in a secret that RDS makes; it is proven by logging in. rds-drop removes the copy, and either with it.
";

/// Restores a throw-away copy and proves that it accepts a login
#[derive(Debug, Parser)]
#[command(name = "rds-restore", version = cli::version(), after_help = EXAMPLE, after_long_help = format!("{EXAMPLE}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    options: rds::RestoreOptions,
    #[command(flatten)]
    common: cli::Common,
}

pub(crate) fn main() -> ExitCode {
    cli::door("rds-restore", cli::Role::Link, |Args { common, options }| {
        if options.is_question() {
            return cli::command("rds-restore", &common, |house, out| rds::answer(house, &options, out));
        }
        let role = if options.clone { cli::Role::Either } else { cli::Role::Link };
        cli::run("rds-restore", &common, role, move |house, document| {
            rds::restore(house, document, &options).map_err(Into::into)
        })
    })
}
