//! One dump from beginning to end.
//!
//! ```text
//! lock the name, remove litter, open the snapshot, read definitions, check the room on the disk
//! header │ rows, in the order in which workers finish │ keys │ objects │ footer │ manifest │ trailer
//! fsync, read everything back, rename, fsync the directory
//! ```
//!
//! In: the document's plan and copy, or a configured server and the names of databases. Out: the document's `dump`.

use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;

use super::manifest::{Manifest, MemberKind};
use super::member::{self, Member};
use super::schema::{Outline, Wish, outline};
use super::store::{Partial, Store};
use super::work::{Task, Work};
use super::{Error, FORMAT, directory, objects, script, snapshot, verify};
use crate::config;
use crate::document::{Document, Dump, TableDigest};
use crate::house::House;
use crate::mysql::{Engine, Server, name};
use crate::progress::Unit;

/// Compressed bytes a byte of the server's tables: an estimate on the safe side.
const COMPRESSED_PER_CENT: u64 = 40;

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

    /// gzip level, 1 to 9 [default: [dump] level]
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u32).range(1..=9))]
    pub level: Option<u32>,
}

/// Everything that is decided before the first byte is written.
struct Job<'a> {
    wish: Wish<'a>,
    server: Server,
    directory: PathBuf,
    name: String,
    workers: u16,
    level: u32,
    manifest: Manifest,
}

/// Writes and publishes a dump; the lock on its name is still held in what is returned. Nothing with `--dry-run`.
pub fn write(house: &House, document: &mut Document, options: &Options) -> Result<Option<Store>, Error> {
    let started = Instant::now();
    let databases = options
        .whole
        .as_ref()
        .map(|named| if named.is_empty() { house.config.source.databases.clone() } else { named.clone() });
    let mut job = plan_job(house, document, options, databases.as_deref())?;
    if house.dry_run {
        house.note(format!("would write {} to {}", job.name, job.directory.display()));
        return Ok(None);
    }
    let store = Store::open(&job.directory, &job.name)?;
    let mut snapshot = snapshot::take(&job.server, &job.wish, session_of(&job.wish), job.workers)?;
    let mut outline = outline(&mut snapshot.planner, &job.wish)?;
    let objects = objects::objects(&mut snapshot.planner, &mut outline, house.config.dump.definer)?;
    store.check_space(
        outline.parts.iter().map(super::schema::Part::bytes).sum::<u64>() / 100 * COMPRESSED_PER_CENT,
    )?;

    let as_of = *job.manifest.as_of.get_or_insert_with(Timestamp::now);
    job.manifest = Manifest {
        engine: engine_word(snapshot.planner.engine()).to_owned(),
        server_version: snapshot.planner.version().to_owned(),
        consistency: snapshot.consistency,
        session: script::session(),
        databases: std::mem::take(&mut outline.databases),
        tables: std::mem::take(&mut outline.tables),
        objects,
        warnings: std::mem::take(&mut outline.warnings),
        ..job.manifest
    };
    for warning in &job.manifest.warnings {
        house.progress.warn(warning);
    }
    let mut partial = store.begin(as_of)?;
    let script = |manifest: &mut Manifest, partial: &mut Partial, kind, script: script::Script| {
        manifest.statement_bytes_max = manifest.statement_bytes_max.max(script.statement_bytes_max);
        partial.append(&member::of_text(kind, script.text(), job.level))
    };
    let header = script::header(&job.manifest);
    script(&mut job.manifest, &mut partial, MemberKind::Header, header)?;
    let work = Work { tasks: tasks(outline, &job.manifest), level: job.level, cancel: &house.cancel };
    rows(house, &work, &mut snapshot, &mut job.manifest, &mut partial)?;
    drop(snapshot);
    let scripts = [
        (MemberKind::Indexes, script::indexes(&job.manifest)),
        (MemberKind::Objects, script::objects(&job.manifest)),
        (MemberKind::Footer, script::footer()),
    ];
    for (kind, text) in scripts {
        script(&mut job.manifest, &mut partial, kind, text)?;
    }
    job.manifest.members.clone_from(&partial.members);
    job.manifest.plain_bytes = partial.members.iter().map(|member| member.plain_bytes).sum();
    partial.seal(&job.manifest, job.level)?;
    verify::all(house, partial.path(), job.workers)?;
    house.cancel.check()?;
    let path = partial.publish()?;
    report(house, document, &job.manifest, path, started)?;
    Ok(Some(store))
}

fn plan_job<'a>(
    house: &House,
    document: &'a Document,
    options: &Options,
    databases: Option<&'a [String]>,
) -> Result<Job<'a>, Error> {
    let (wish, server) = match databases {
        Some([]) => return Err(config::Error::Unset { setting: "[source] databases" }.into()),
        Some(databases) => (Wish::Whole(databases), Server::of_config(&house.config.source.server())?),
        None => planned(house, document)?,
    };
    let first = match &wish {
        Wish::Whole(databases) => databases.first().cloned(),
        Wish::Plan(plan) => {
            plan.databases.first().or_else(|| plan.tables.first().map(|table| &table.database)).cloned()
        }
    };
    let plan = document.dehydration.as_ref().filter(|_| databases.is_none());
    let snapshot = document.snapshot.as_ref().filter(|_| databases.is_none());
    let name = match options.name.as_ref().or(house.config.dump.name.as_ref()) {
        Some(name) if is_file_word(name) => name.clone(),
        Some(name) => {
            return Err(Error::NotThere(format!(
                "{name:?} cannot begin a file name: letters, digits, . _ - only"
            )));
        }
        None => first.unwrap_or_default().chars().map(|c| if is_file_letter(c) { c } else { '_' }).collect(),
    };
    let cores =
        std::thread::available_parallelism().map_or(2, |cores| u16::try_from(cores.get()).unwrap_or(64));
    Ok(Job {
        wish,
        server,
        directory: directory(&house.config, options.dir.as_deref())?,
        name: name.clone(),
        workers: options.workers.or(house.config.dump.workers).unwrap_or(cores).clamp(1, 64),
        level: options.level.unwrap_or(house.config.dump.level).clamp(1, 9),
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

/// The document's plan, and the server it is for: the copy, or the configured source if there is no copy.
fn planned<'a>(house: &House, document: &'a Document) -> Result<(Wish<'a>, Server), Error> {
    let plan = document.dehydration.as_ref().ok_or(Error::NoSection("dehydration"))?;
    let source = house.config.source.server();
    let server = match &document.cluster {
        Some(cluster) => Server::of_cluster(cluster, house.config.restore.tls_ca.as_deref())?,
        None if source == config::ServerConfig::default() => return Err(Error::NoSection("cluster")),
        None => Server::of_config(&source)?,
    };
    Ok((Wish::Plan(plan), server))
}

fn session_of<'a>(wish: &Wish<'a>) -> &'a [String] {
    match wish {
        Wish::Plan(plan) => &plan.session,
        Wish::Whole(_) => &[],
    }
}

fn is_file_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

fn is_file_word(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_file_letter)
}

fn engine_word(engine: Engine) -> &'static str {
    match engine {
        Engine::MySql => "mysql",
        Engine::MariaDb => "mariadb",
    }
}

/// What the workers do, largest first, so that the last one to finish is a small one.
fn tasks(outline: Outline, manifest: &Manifest) -> Vec<Task> {
    let mut parts = outline.parts;
    parts.retain(|part| !part.columns.is_empty());
    parts.sort_by_key(|part| std::cmp::Reverse(part.bytes()));
    let several = manifest.databases.len() > 1;
    let task = |part: super::schema::Part| {
        let table = &manifest.tables[part.table];
        let columns: Vec<String> = table.columns.iter().map(|column| name(column)).collect();
        Task {
            before: if several { format!("USE {};\n", name(&table.database)) } else { String::new() },
            insert: format!("INSERT INTO {} ({}) VALUES", name(&table.table), columns.join(", ")),
            part,
        }
    };
    parts.into_iter().map(task).collect()
}

/// Reads and writes all rows; the manifest learns their number and digests.
fn rows(
    house: &House,
    work: &Work,
    snapshot: &mut snapshot::Snapshot,
    manifest: &mut Manifest,
    partial: &mut Partial,
) -> Result<(), Error> {
    let expected = work.tasks.iter().map(|task| task.part.rows).sum();
    let progress = house.progress.start("rows", Some(expected), Unit::Rows);
    let mut sums = vec![super::digest::Sum::default(); manifest.tables.len()];
    let started = Instant::now();
    work.run(snapshot, |member: Member| {
        house.cancel.check()?;
        partial.append(&member)?;
        let position = member.entry.table.unwrap_or_default();
        let table = &mut manifest.tables[position];
        sums[position].merge(member.sum);
        table.plain_bytes += member.entry.plain_bytes;
        table.statement_bytes_max = table.statement_bytes_max.max(member.statement_bytes_max);
        manifest.plain_bytes += member.entry.plain_bytes;
        progress.add(member.entry.rows);
        progress.message(&rate(manifest.plain_bytes, started));
        Ok(())
    })?;
    for (table, sum) in manifest.tables.iter_mut().zip(sums) {
        table.rows = sum.rows;
        table.digest = sum.digest();
        manifest.rows += sum.rows;
        manifest.statement_bytes_max = manifest.statement_bytes_max.max(table.statement_bytes_max);
    }
    drop(progress);
    Ok(())
}

/// `34 MiB, 98 MiB/s`.
fn rate(bytes: u64, started: Instant) -> String {
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let mib = bytes >> 20;
    format!("{mib} MiB, {} MiB/s", mib.saturating_mul(1_000) / milliseconds)
}

fn report(
    house: &House,
    document: &mut Document,
    manifest: &Manifest,
    path: PathBuf,
    started: Instant,
) -> Result<(), Error> {
    let bytes = std::fs::metadata(&path).map_err(Error::file("read", &path))?.len();
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    house.note(format!(
        "{file}: {} tables, {} rows, {} KiB in {:.1} s",
        manifest.tables.len(),
        manifest.rows,
        bytes.div_ceil(1024),
        started.elapsed().as_secs_f64()
    ));
    house.progress.say(&house.noted());
    document.dump = Some(Dump {
        name: file,
        path: std::path::absolute(&path).unwrap_or(path).display().to_string(),
        bytes,
        rows: manifest.rows,
        as_of: manifest.as_of,
        tables: manifest
            .tables
            .iter()
            .map(|table| TableDigest {
                database: table.database.clone(),
                table: table.table.clone(),
                rows: table.rows,
                digest: table.digest.clone(),
            })
            .collect(),
        ..Dump::default()
    });
    Ok(())
}
