//! Chooses the rows that developers need and masks them: an exact plan, as SELECTs, proved to break no reference.
//!
//! In: a document with a `cluster`, or `--source`. Out: the document with `dehydration`. On the server only the work schema is
//! written, unless `--in-place` is given.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, plan};

const HELP: &str = "\
EXAMPLES:
    rds-snap | rds-wait | rds-restore | mydehydrate | mydump-rotate | rds-drop
    mydehydrate --source | mydump-rotate       without AWS
    mydehydrate --source plan                  what would come along, to the row
";

/// Choose the rows that developers need and mask them: an exact plan, as SELECTs, proved to break no reference
#[derive(Parser)]
#[command(name = "mydehydrate", version = cli::version(), after_help = HELP, after_long_help = format!("{HELP}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    options: plan::Options,
    #[command(flatten)]
    common: cli::Common,
    #[command(subcommand)]
    ask: Option<plan::Ask>,
}

pub(crate) fn main() -> ExitCode {
    // The role is `Link` until the flags are read: if they are wrong, a document on stdin is still passed on.
    cli::door("mydehydrate", cli::Role::Link, |Args { common, options, ask }| {
        if let Some(ask) = ask {
            let answer =
                |house: &_, out: &mut dyn std::io::Write| Ok(plan::answer(house, &ask, &options, out)?);
            return cli::command("mydehydrate", &common, answer);
        }
        let role = if options.source { cli::Role::Head } else { cli::Role::Link };
        cli::run("mydehydrate", &common, role, move |house, document| {
            plan::dehydrate(house, document, &options).map_err(Into::into)
        })
    })
}
