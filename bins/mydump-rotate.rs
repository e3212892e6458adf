//! Write the rows of a plan to one gzip file that restores anywhere, then rotate the older dumps.

use std::process::ExitCode;

use clap::Parser;
use refreshkit::cli::{self, Common, EXIT_STATUS, Role};
use refreshkit::rotate;

const EXAMPLES: &str = "\
EXAMPLES:
    mydehydrate --source | mydump-rotate                  the plan's rows to [dump] dir
    mydump-rotate --whole app billing                     whole databases of the [source] server
    mydump-rotate list; mydump-rotate verify latest; mydump-rotate rotate --dry-run
    mydump-rotate cat --table app.users latest | mysql scratch
    zcat app-20261123T020000Z.sql.gz | mysql              the file is plain SQL in plain gzip
";

#[derive(Parser)]
#[command(name = "mydump-rotate", version, after_long_help = format!("{EXAMPLES}\n{EXIT_STATUS}"))]
struct Args {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    options: rotate::Options,
    #[command(subcommand)]
    deed: Option<rotate::Deed>,
}

fn main() -> ExitCode {
    cli::door("mydump-rotate", Role::Link, |Args { common, options, deed }| {
        if let Some(deed) = deed {
            return cli::command("mydump-rotate", &common, |house, out| {
                Ok(rotate::perform(house, &deed, &options, out)?)
            });
        }
        let role = if options.whole.is_some() { Role::Head } else { Role::Link };
        cli::run("mydump-rotate", &common, role, move |house, document| {
            Ok(rotate::run(house, document, &options)?)
        })
    })
}
