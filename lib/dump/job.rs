//! Decides what to dump, from the command line, the configuration and the document.
//!
//! In: [`Options`], the house, the document. Out: a [`DumpJob`] with everything that is decided before the first byte is written.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use super::error::Error;
use crate::archive::{self, FORMAT, Manifest, Purpose, Signer, is_file_letter, is_file_word};
use crate::claim;
use crate::config;
use crate::document::{Dehydration, Document};
use crate::house::House;
use crate::mysql::{Access, LoginOptions, Server};
use crate::work_schema::HeldKeys;

/// What a dump is asked for on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Dump whole databases of the [source] server, without a plan and without a document
    #[arg(long, value_name = "DATABASE", num_args = 0..)]
    pub whole: Option<Vec<String>>,

    /// Directory of the dumps [default: [dump] dir]
    #[arg(long, value_name = "DIR", global = true)]
    pub dir: Option<PathBuf>,

    /// What file names begin with [default: [dump] name, or the first database]
    #[arg(long, value_name = "NAME", global = true)]
    pub name: Option<String>,

    /// Connections that read at the same time [default: [dump] workers, or the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub workers: Option<u16>,

    /// Leave the work schema of the plan on the server, so that it can be dumped once more
    #[arg(long)]
    pub keep_work: bool,

    /// gzip level, 1 to 9 [default: [dump] level]
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u32).range(1..=9))]
    pub level: Option<u32>,

    /// Yes, HOST is where the document's copy is, though no journal says so. Typed by a person
    #[arg(long, value_name = "HOST")]
    pub i_own_this_server: Option<String>,

    /// How to log in.
    #[command(flatten)]
    pub login: LoginOptions,
}

/// Which rows are dumped: those of a plan, or those of whole databases.
#[derive(Debug)]
pub(crate) enum Selection<'a> {
    Plan(&'a Dehydration),
    Whole(&'a [String]),
}

impl Selection<'_> {
    /// Returns the databases in the order in which they are dumped.
    pub(crate) fn databases(&self) -> Vec<String> {
        match self {
            Self::Whole(names) => names.to_vec(),
            Self::Plan(plan) if !plan.databases.is_empty() => plan.databases.clone(),
            Self::Plan(plan) => {
                let names: BTreeSet<_> = plan.tables.iter().map(|table| table.database.clone()).collect();
                names.into_iter().collect()
            }
        }
    }
}

/// Whether the rows are on the copy, where nobody else writes, or on a server in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    Copy,
    Live,
}

/// Everything that is decided before the first byte is written.
pub(crate) struct DumpJob<'a> {
    pub(crate) wish: Selection<'a>,
    pub(crate) place: Liveness,
    pub(crate) server: Server,
    /// Further servers with the same rows, which share the reading.
    pub(crate) readers: Vec<Server>,
    /// The keys of the plan; `None` for whole databases.
    pub(crate) keys: Option<HeldKeys>,
    /// Name of the schema with the marks that readers must show: the plan's work schema, or otherwise `marks_schema`.
    pub(crate) schema: String,
    pub(crate) directory: PathBuf,
    pub(crate) name: String,
    pub(crate) workers: u16,
    pub(crate) level: u32,
    /// The private key that signs the dump, if there is one.
    pub(crate) signer: Option<Signer>,
    pub(crate) manifest: Manifest,
}

impl<'a> DumpJob<'a> {
    /// Decides everything. `databases` are those of `--whole`; with `None`, the document's plan is dumped.
    pub(crate) fn of(
        house: &House,
        document: &'a Document,
        options: &Options,
        databases: Option<&'a [String]>,
    ) -> Result<DumpJob<'a>, Error> {
        claim::stays(databases.unwrap_or_default())?;
        let (wish, server, readers) = match databases {
            Some([]) => return Err(config::Error::Unset { setting: "[source] databases" }.into()),
            Some(databases) => complete(house, databases, options)?,
            None => planned(house, document, options)?,
        };
        claim::stays(&wish.databases())?;
        let keys = match &wish {
            Selection::Plan(plan) => Some(HeldKeys::of(house, &document.run, plan)?),
            Selection::Whole(_) => None,
        };
        let schema = match &wish {
            Selection::Plan(plan) if !plan.work_schema.is_empty() => plan.work_schema.clone(),
            _ => marks_schema(house),
        };
        let first = match &wish {
            Selection::Whole(databases) => databases.first().cloned(),
            Selection::Plan(plan) => {
                plan.databases.first().or_else(|| plan.tables.first().map(|table| &table.database)).cloned()
            }
        };
        let plan = document.dehydration.as_ref().filter(|_| databases.is_none());
        let snapshot = document.snapshot.as_ref().filter(|_| databases.is_none());
        let name = match options.name.as_ref().or(house.config.dump.name.as_ref()) {
            Some(name) if is_file_word(name) => name.clone(),
            Some(name) => return Err(Error::BadName(name.clone())),
            None => {
                first.unwrap_or_default().chars().map(|c| if is_file_letter(c) { c } else { '_' }).collect()
            }
        };
        let cores =
            std::thread::available_parallelism().map_or(2, |cores| u16::try_from(cores.get()).unwrap_or(64));
        let copy = databases.is_none() && document.cluster.is_some();
        Ok(DumpJob {
            wish,
            place: if copy { Liveness::Copy } else { Liveness::Live },
            server,
            readers,
            keys,
            schema,
            directory: archive::directory(&house.config, options.dir.as_deref(), Purpose::Writing)?,
            name: name.clone(),
            workers: options.workers.or(house.config.dump.workers).unwrap_or(cores).clamp(1, 64),
            level: options.level.unwrap_or(house.config.dump.level).clamp(1, 9),
            signer: Signer::of(house)?,
            manifest: Manifest {
                format: FORMAT.to_owned(),
                tool_version: env!("CARGO_PKG_VERSION").to_owned(),
                name,
                run: document.run.clone(),
                created_at: Timestamp::now(),
                as_of: plan
                    .and_then(|plan| plan.as_of)
                    .or_else(|| snapshot.and_then(|snapshot| snapshot.created_at)),
                snapshot: snapshot.map(|snapshot| snapshot.id.clone()),
                fallback: snapshot.is_some_and(|snapshot| snapshot.fallback),
                config_sha256: plan.map(|plan| plan.config_sha256.clone()).unwrap_or_default(),
                ..Manifest::default()
            },
        })
    }
}

/// What is dumped, the server that it is read from, and further servers with the same rows.
type DumpOrigin<'a> = (Selection<'a>, Server, Vec<Server>);

/// Name of a schema for readers' marks. It is not the work schema, which a plan on the source creates without the binary log:
/// replicas do not have it, and a replicated statement that names it would stop their replication.
fn marks_schema(house: &House) -> String {
    format!("{}_readers", house.config.dehydrate.work_schema)
}

/// Chooses whole databases of the configured source.
fn complete<'a>(house: &House, databases: &'a [String], options: &Options) -> Result<DumpOrigin<'a>, Error> {
    let (access, source) = (Access::of(house, &options.login), &house.config.source);
    let mut readers = Vec::new();
    // Marks are written while the tables of all dumped databases are locked, so their schema cannot be one of these.
    if !databases.contains(&marks_schema(house)) {
        for reader in source.readers() {
            readers.push(access.to_config(&reader)?);
        }
    }
    Ok((Selection::Whole(databases), access.to_config(&source.server)?, readers))
}

/// Chooses the document's plan, and the server that it was made on: the copy, or the configured source if there is no copy.
fn planned<'a>(house: &House, document: &'a Document, options: &Options) -> Result<DumpOrigin<'a>, Error> {
    let plan = document.dehydration.as_ref().ok_or(Error::NoSection("dehydration"))?;
    let source = &house.config.source.server;
    let access = Access::of(house, &options.login);
    let Some(cluster) = &document.cluster else {
        if *source == config::ServerConfig::default() {
            return Err(Error::NoSection("cluster"));
        }
        if !house.config.source.readers.is_empty() {
            house.progress.warn(
                "[source] readers are for --whole: the key tables of a plan are kept from replicas, so only the source is read",
            );
        }
        return Ok((Selection::Plan(plan), access.to_config(source)?, Vec::new()));
    };
    let typed = options.i_own_this_server.as_deref();
    let claim = claim::check(house, &access, &document.run, cluster, typed)?;
    Ok((Selection::Plan(plan), claim.server(house, &access)?, claim.readers(house, &access)?))
}
