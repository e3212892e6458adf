//! `refresh-report`: reports what a run did.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, report};

const EXAMPLES: &str = "\
EXAMPLES:
    rds-snap | … | rds-drop | refresh-report --html out/report.html >/dev/null
    refresh-report --html report.html --text /dev/stderr <run.json >/dev/null
";

/// Say what a run did: tables before and after, masks, the dump, what is left to delete
///
/// Reads any document, a failed one too, writes the reports that are asked for, and passes the document on
/// unchanged. It exits with the code of the tool that failed, so that it can stand at the end of a pipe.
#[derive(Debug, Parser)]
#[command(name = "refresh-report", version = cli::version(), after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    options: report::Options,
    #[command(flatten)]
    common: cli::Common,
}

pub(crate) fn main() -> ExitCode {
    cli::door("refresh-report", cli::Role::Witness, |args: Args| {
        cli::run("refresh-report", &args.common, cli::Role::Witness, move |house, document| {
            report::write(house, document, &args.options).map_err(Into::into)
        })
    })
}
