//! rds-snap: orders a snapshot of the production cluster and passes the document on at once, before the snapshot is ready.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, rds};

const EXAMPLE: &str = "\
EXAMPLES:
    rds-snap | rds-wait | rds-restore | mydehydrate | mydump-rotate | rds-drop
    rds-snap --cluster prod-replica | rds-wait
    rds-snap --snapshot rds:prod-replica-2026-11-23-02-00 | rds-restore

A source that is busy (backing-up, modifying, ...) is waited for. The snapshot is named after the run and carries \
the tags refreshkit:run, refreshkit:managed and refreshkit:expires; started again with the same --run, rds-snap finds \
its own snapshot instead of taking a second one.
";

/// Orders a snapshot of the source and passes on at once: the head of the nightly pipe
#[derive(Debug, Parser)]
#[command(name = "rds-snap", version = cli::version(), after_help = EXAMPLE, after_long_help = format!("{EXAMPLE}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    options: rds::SnapOptions,
    #[command(flatten)]
    common: cli::Common,
}

pub(crate) fn main() -> ExitCode {
    cli::door("rds-snap", cli::Role::Head, |Args { common, options }| {
        if options.service.iam_policy {
            return cli::command("rds-snap", &common, |house, out| rds::print(house, &options.service, out));
        }
        cli::run("rds-snap", &common, cli::Role::Head, move |house, document| {
            rds::snap(house, document, &options).map_err(Into::into)
        })
    })
}
