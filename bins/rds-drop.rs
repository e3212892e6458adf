//! rds-drop: deletes the AWS resources that a run created, and nothing else.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, rds};

const EXAMPLE: &str = "\
EXAMPLES:
    rds-snap | rds-wait | rds-restore | mydehydrate | mydump-rotate | rds-drop
    rds-drop --run nightly-812     after a crash: from journal and tags alone
    rds-drop --run                 the same, of $REFRESH_RUN or $BUILD_TAG
    rds-drop --expired --dry-run   what old runs left behind

Only what has the configured prefix, our tags, this run's name, our owner and source and the recorded resource id is \
deleted; never a replica source, a member of a global database, or anything with deletion protection.
";

/// Deletes what this run created, whatever went wrong before: the end of the nightly pipe
#[derive(Debug, Parser)]
#[command(name = "rds-drop", version = cli::version(), after_help = EXAMPLE, after_long_help = format!("{EXAMPLE}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    options: rds::DropOptions,
    #[command(flatten)]
    common: cli::Common,
}

pub(crate) fn main() -> ExitCode {
    cli::door("rds-drop", cli::Role::Finally, |Args { common, options }| {
        if options.service.iam_policy {
            return cli::command("rds-drop", &common, |house, out| rds::print(house, &options.service, out));
        }
        let named = common.named_run().filter(|_| !options.expired);
        let role = if options.expired { cli::Role::Head } else { cli::Role::Finally };
        cli::run("rds-drop", &common, role, move |house, document| {
            rds::drop(house, document, &options, named.as_deref()).map_err(Into::into)
        })
    })
}
