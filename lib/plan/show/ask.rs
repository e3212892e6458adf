//! The questions that `mydehydrate` answers without writing a document: plan, check, explain, infer, init.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::picture::Graph;
use super::{check, explain, report, svg};
use crate::house::House;
use crate::plan::error::Error;
use crate::plan::infer::proposals;
use crate::plan::infer::statements::Evidence;
use crate::plan::init::{draft, update};
use crate::plan::make::make;
use crate::plan::options::Options;
use crate::plan::place::SourceServer;

/// A question. Each reads the server of a document (`--document`) or, without one, the configured source.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Ask {
    /// Collect the keys and show what would come along: rows and bytes before and after, what each relation adds
    Plan {
        /// The plan as JSON, as it stands in the document
        #[arg(long)]
        json: bool,
        /// Also write the graph of tables and relations here, for Graphviz
        #[arg(long, value_name = "FILE")]
        dot: Option<PathBuf>,
        /// Also write it here as a picture
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Compare rules and database without collecting a key: fails (78) on tables or columns that no rule covers and
    /// on rules that match nothing, (77) on personal data without a mask
    Check {
        /// Also list what happens to every table and why
        #[arg(long)]
        why: bool,
        /// Also fail (78) on relations that `infer` finds and nobody reviewed
        #[arg(long)]
        strict: bool,
    },
    /// Say along which relations a row of the last plan came
    Explain {
        /// The row's table, as `table` or `database.table`
        table: String,
        /// The row's key; one argument for each column of it
        #[arg(required = true)]
        key: Vec<String>,
    },
    /// Propose relations that nobody declared, with evidence, as TOML to paste
    Infer(Evidence),
    /// Write a whole refresh.toml for a schema that nobody knows yet, or add to one what a changed schema needs
    Init {
        /// The databases to bring along [default: those of refresh.toml, or all that this login sees]
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        databases: Vec<String>,
        /// Write it here instead of to stdout; a file that is there stays as it is
        #[arg(long, value_name = "FILE", conflicts_with = "update")]
        out: Option<PathBuf>,
        /// Add what is missing to this file, in place [default: the refresh.toml that is in use]. No line that is there is touched
        #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with = "databases")]
        update: Option<Option<PathBuf>>,
        /// Statements of the application, saved elsewhere.
        #[command(flatten)]
        evidence: Evidence,
    },
}

/// A question belongs to no run.
const NO_RUN: &str = "";

/// Answers a question and writes the answer to `out`.
pub fn answer(house: &House, ask: &Ask, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    if let Ask::Init { databases, out: file, update: wish, evidence } = ask {
        let text = match wish {
            Some(path) => update::update(house, options, path.as_deref(), evidence)?,
            None => draft::init(house, options, (databases, evidence), file.as_deref())?,
        };
        let _ = out.write_all(text.as_bytes());
        return Ok(());
    }
    let place = place(house, ask, options)?;
    let text = match ask {
        Ask::Plan { json, dot, svg } => {
            place.may_hold_keys(options)?;
            let options = Options { in_place: false, to_look_at: true, ..options.clone() };
            let plan = make(house, &place, &options)?;
            let graph = Graph::of(&plan);
            draw(dot.as_deref(), || graph.dot())?;
            draw(svg.as_deref(), || svg::svg(&graph))?;
            if *json {
                serde_json::to_string_pretty(&plan).expect("a plan has only string keys") + "\n"
            } else {
                report::text(&plan)
            }
        }
        Ask::Check { why, strict } => check::check(house, &place, *why, *strict)?,
        Ask::Explain { table, key } => explain::explain(house, &place, table, key)?,
        Ask::Infer(evidence) => proposals::infer(house, &place, evidence)?,
        Ask::Init { .. } => String::new(),
    };
    // The reader may have closed the pipe, which is no error.
    let _ = out.write_all(text.as_bytes());
    Ok(())
}

fn draw(path: Option<&Path>, picture: impl FnOnce() -> String) -> Result<(), Error> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, picture())
        .map_err(|source| Error::Picture { path: path.display().to_string(), source })
}

fn place(house: &House, ask: &Ask, options: &Options) -> Result<SourceServer, Error> {
    if let Some(path) = &options.document {
        return SourceServer::of_file(house, path, options);
    }
    let mut place = SourceServer::source(house, options, NO_RUN)?;
    // Only `plan` writes key tables, which needs `--source` here.
    place.is_source = options.source || !matches!(ask, Ask::Plan { .. });
    Ok(place)
}
