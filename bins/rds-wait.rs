//! rds-wait: waits until a snapshot, a cluster or an instance is ready; falls back if the snapshot fails.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, rds};

const EXAMPLE: &str = "\
EXAMPLES:
    rds-snap | rds-wait --timeout 2h --fallback automated | rds-restore
    rds-wait --cluster dev-copy

If the snapshot fails or takes too long, the newest available automated snapshot is taken instead (or, with \
--fallback pitr, the source at its latest restorable time). The document then says \"fallback\": true and why.
";

/// Waits until a snapshot, a cluster or an instance is ready; falls back if the snapshot fails
#[derive(Debug, Parser)]
#[command(name = "rds-wait", version = cli::version(), after_help = EXAMPLE, after_long_help = format!("{EXAMPLE}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    options: rds::WaitOptions,
    #[command(flatten)]
    common: cli::Common,
}

pub(crate) fn main() -> ExitCode {
    cli::door("rds-wait", cli::Role::Link, |Args { common, options }| {
        if options.service.iam_policy {
            return cli::command("rds-wait", &common, |house, out| rds::print(house, &options.service, out));
        }
        let role = if options.stands_alone() { cli::Role::Either } else { cli::Role::Link };
        cli::run("rds-wait", &common, role, move |house, document| {
            rds::wait(house, document, &options).map_err(Into::into)
        })
    })
}
