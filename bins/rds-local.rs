//! Serves a small part of the RDS API on 127.0.0.1, with real MariaDB or MySQL servers behind it: clusters are data
//! directories, snapshots are copies of them. For the demo, for tests, and for trying the nightly chain without AWS.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, rds_local};

const EXAMPLE: &str = "\
EXAMPLE:
  rds-local init --dir /tmp/cloud --from app.sql.gz --cluster prod-replica
  rds-local serve --dir /tmp/cloud --endpoint-file /tmp/cloud.url &
  export AWS_ENDPOINT_URL_RDS=$(cat /tmp/cloud.url)
  rds-local destroy --dir /tmp/cloud";

/// Serves a small part of the RDS API on 127.0.0.1, or copies a live server to a throw-away one on this host.
#[derive(Parser)]
#[command(name = "rds-local", version = cli::version(), after_help = EXAMPLE, after_long_help = format!("{EXAMPLE}\n\n{}", cli::EXIT_STATUS))]
struct Arguments {
    #[command(flatten)]
    common: cli::Common,
    #[command(subcommand)]
    verb: Option<rds_local::Verb>,
}

pub(crate) fn main() -> ExitCode {
    let role = cli::Role::of_verb("drop", cli::Role::Finally, cli::Role::Head);
    cli::door("rds-local", role, |Arguments { common, verb }| match verb {
        Some(rds_local::Verb::Copy(options)) => {
            cli::run("rds-local", &common, cli::Role::Head, move |house, document| {
                rds_local::copy(house, document, &options).map_err(Into::into)
            })
        }
        Some(rds_local::Verb::Drop(options)) => {
            // `--expired` looks for old copies by itself and needs no document.
            let role = if options.expired { cli::Role::Head } else { cli::Role::Finally };
            cli::run("rds-local", &common, role, move |house, document| {
                rds_local::drop(house, document, &options).map_err(Into::into)
            })
        }
        verb => cli::service("rds-local", &common, |house, out| {
            rds_local::run(house, verb.as_ref(), out).map_err(Into::into)
        }),
    })
}
