//! Write the rows of a plan to one gzip file that restores anywhere, then rotate the older dumps.

use refreshkit::dump;
use std::process::ExitCode;

use clap::Parser;
use refreshkit::{cli, rotate};

const EXAMPLES: &str = "\
EXAMPLES:
    mydehydrate --source | mydump-rotate       the plan's rows to [dump] dir
    mydump-rotate --whole app billing          whole databases of [source]
    mydump-rotate list
    mydump-rotate verify latest
    mydump-rotate rotate --dry-run
    mydump-rotate cat --table app.users latest | mysql scratch
    zcat app-20261123T020000Z.sql.gz | mysql   plain SQL in plain gzip
";

/// Write the rows of a plan to one gzip file that restores anywhere, then rotate the older dumps
#[derive(Parser)]
#[command(name = "mydump-rotate", version = cli::version(), after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n{}", cli::EXIT_STATUS))]
struct Args {
    #[command(flatten)]
    options: dump::Options,
    #[command(flatten)]
    common: cli::Common,
    #[command(subcommand)]
    deed: Option<rotate::RotateAction>,
}

const NAME: &str = "mydump-rotate";

pub(crate) fn main() -> ExitCode {
    cli::door(NAME, cli::Role::Link, |Args { common, options, deed }| {
        if let Some(deed) = deed {
            let work =
                |house: &_, out: &mut dyn std::io::Write| Ok(rotate::perform(house, &deed, &options, out)?);
            let is_sql = deed.is_sql();
            return if is_sql { cli::data(NAME, &common, work) } else { cli::command(NAME, &common, work) };
        }
        let role = if options.whole.is_some() { cli::Role::Head } else { cli::Role::Link };
        let work = move |house: &_, document: &mut _| Ok(rotate::run(house, document, &options)?);
        cli::run(NAME, &common, role, work)
    })
}
