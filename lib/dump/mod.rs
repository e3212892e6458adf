//! Makes one dump from beginning to end: one gzip file of many members.
//!
//! ```text
//! lock the name, remove files of dead runs, open the snapshot, read definitions, check the room on the disk
//! header │ rows, in the order in which workers finish │ keys │ objects │ footer │ manifest │ trailer
//! fsync and read everything back, rename, fsync the directory
//! ```
//!
//! In: the document's plan and copy, or a configured server and the names of databases. Out: one `NAME-YYYYMMDDTHHMMSSZ.sql.gz`,
//! which `zcat | mysql` restores and `dev-restore` loads member by member; and the document's `dump`. `README.md` says what a
//! dump needs and costs; `../archive/README.md` describes the file.

mod define;
mod error;
mod guard;
mod job;
mod leak_scan;
mod prove;
mod read;
mod renamed;

pub use error::Error;
pub use job::Options;
pub use prove::restores;
pub use renamed::write_as;

use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use jiff::Timestamp;

use crate::archive::{
    self, Consistency, DumpFile, DumpStore, FileAction, Manifest, Member, MemberKind, Partial, Trust,
};
use crate::document::{Document, Done, Dump, TableDigest, chain};
use crate::house::House;
use crate::mysql::Engine;
use crate::progress::Unit;
use crate::rows::Sum;
use crate::sql::name;
use define::schema::{TableReadPlan, outline};
use define::script::Script;
use define::{ddl_pii, objects, script};
use job::{DumpJob, Selection};
use leak_scan::LeakScanner;
use prove::{Beginning, ProofServer};
use read::readers::ReaderCheck;
use read::session::statements_of;
use read::snapshot::{self, ReadPlan, ReadSnapshot};
use read::workers::{ReadTask, SharedWork};

/// Compressed bytes of the dump in per cent of the tables' bytes on the server: a high estimate.
const COMPRESSED_PER_CENT: u64 = 40;

/// Writes and publishes a dump. The returned [`DumpStore`] still holds the lock on its name. With `--dry-run`, `None`: nothing is
/// written.
pub fn write(
    house: &House,
    document: &mut Document,
    options: &Options,
) -> Result<(Done, Option<DumpStore>), Error> {
    let started = Instant::now();
    let databases = options
        .whole
        .as_ref()
        .map(|named| if named.is_empty() { house.config.source.databases.clone() } else { named.clone() });
    let mut job = DumpJob::of(house, document, options, databases.as_deref())?;
    guard::origin(&job.server, &job.wish, &document.run)?;
    if house.dry_run {
        return Ok((rehearse(house, &job)?, None));
    }
    let store = DumpStore::open(&job.directory, &job.name)?;
    let outcome = publish(house, &mut job, &store);
    if !options.keep_work {
        guard::clear_up(house, &job, &document.run, outcome.as_ref().err());
    }
    let path = outcome?;
    Ok((report(house, document, &job.manifest, path, started)?, Some(store)))
}

/// Writes the file and publishes it. If a reader is lost, writes it again from the beginning, with the writer alone.
fn publish(house: &House, job: &mut DumpJob, store: &DumpStore) -> Result<PathBuf, Error> {
    let empty = job.manifest.clone();
    let partial = match build(house, job, store) {
        Err(Error::Reader(error)) => {
            house.cancel.check()?;
            let why = chain(&error);
            house.progress.warn(&format!("{why}; beginning again with {} alone", job.server.label()));
            (job.manifest, job.readers) = (empty, Vec::new());
            build(house, job, store)?
        }
        outcome => outcome?,
    };
    Ok(partial.publish(Trust::of(&house.config))?)
}

/// Writes the whole file under its temporary name.
fn build<'a>(house: &House, job: &mut DumpJob, store: &'a DumpStore) -> Result<Partial<'a>, Error> {
    let read_plan = ReadPlan {
        writer: &job.server,
        readers: &job.readers,
        workers: usize::from(job.workers),
        schema: &job.schema,
    };
    let measure = ReaderCheck {
        house,
        wish: &job.wish,
        place: job.place,
        settings: statements_of(&job.wish),
        keys: job.keys.as_ref(),
        patience: house.config.dump.reader_wait.duration(),
    };
    let mut snapshot = snapshot::take(&read_plan, &measure)?;
    let beginning = Beginning::of(house, job, &mut snapshot.planner);
    let parts = describe(house, job, &mut snapshot)?;
    let bytes: u64 = parts.iter().map(TableReadPlan::bytes).sum();
    store.check_space(bytes / 100 * COMPRESSED_PER_CENT)?;
    let as_of = *job.manifest.as_of.get_or_insert_with(Timestamp::now);
    let mut partial = store.begin(as_of)?;
    let ground = fill(house, job, parts, (snapshot, beginning), &mut partial)?;
    make_sure(house, job, &mut partial, &ground)?;
    house.cancel.check()?;
    Ok(partial)
}

/// Reads the file back and proves that it restores, if `[dump] prove` asks for it. If that cannot be tried to its end, writes the
/// manifest again, which then says so.
fn make_sure(
    house: &House,
    job: &mut DumpJob,
    partial: &mut Partial,
    ground: &ProofServer,
) -> Result<(), Error> {
    let read = read_back(house, partial, job.workers)?;
    if prove::whole(house, &mut job.manifest, &read, ground)? {
        return Ok(());
    }
    partial.seal(&mut job.manifest, job.level, job.signer.as_ref())?;
    read_back(house, partial, job.workers).map(drop)
}

/// Flushes the file to disk (or to the server of a network file system) and checks every member. Both take about the same time,
/// so they run together.
fn read_back(house: &House, partial: &Partial, threads: u16) -> Result<DumpFile, Error> {
    Ok(thread::scope(|scope| {
        let synced = scope.spawn(|| partial.sync());
        let read = archive::verify_own(house, partial.path(), threads);
        synced.join().expect("a sync does not panic").and(read)
    })?)
}

/// Completes the manifest except for the rows, and returns how to read them.
fn describe(
    house: &House,
    job: &mut DumpJob,
    snapshot: &mut ReadSnapshot,
) -> Result<Vec<TableReadPlan>, Error> {
    let session = &mut snapshot.planner;
    let mut outline = outline(session, &job.wish)?;
    let objects = objects::objects(session, &mut outline, house.config.dump.definer)?;
    job.manifest = Manifest {
        engine: engine_word(session.engine()).to_owned(),
        server_version: session.version().to_owned(),
        consistency: snapshot.consistency,
        session: script::session(),
        databases: outline.databases,
        tables: outline.tables,
        objects,
        warnings: outline.warnings,
        ..std::mem::take(&mut job.manifest)
    };
    if matches!(job.wish, Selection::Plan(_)) {
        let warnings = ddl_pii::warnings(&job.manifest);
        job.manifest.warnings.extend(warnings);
    }
    for warning in &job.manifest.warnings {
        house.progress.warn(warning);
    }
    if snapshot.consistency == Consistency::Unlocked {
        house.progress.warn(
            "the tables could not be locked while the connections began, and somebody wrote meanwhile: \
             rows of different tables may be of different moments",
        );
    }
    Ok(outline.parts)
}

/// Writes every member of the file, in order.
fn fill(
    house: &House,
    job: &mut DumpJob,
    parts: Vec<TableReadPlan>,
    (mut snapshot, beginning): (ReadSnapshot, Beginning),
    partial: &mut Partial,
) -> Result<ProofServer, Error> {
    let (manifest, level) = (&mut job.manifest, job.level);
    let add = |manifest: &mut Manifest, partial: &mut Partial, kind, script: &Script| {
        manifest.statement_bytes_max = manifest.statement_bytes_max.max(script.statement_bytes_max);
        Ok::<_, Error>(partial.append(&archive::of_text(kind, script.text(), level))?)
    };
    let header = script::header(manifest);
    add(manifest, partial, MemberKind::Header, &header)?;
    let watch = LeakScanner::open((&job.server, &job.wish), job.keys.as_ref(), manifest, &parts)?;
    let work = SharedWork::new(tasks(parts, manifest), (job.workers, level), &house.cancel, watch.as_ref());
    rows(house, &work, &mut snapshot, manifest, partial)?;
    if let Some(watch) = &watch {
        manifest.warnings.extend(watch.verdict(house)?);
    }
    guard::rows(house, (&job.wish, job.place), &mut snapshot, (manifest, &work))?;
    // Ends the transactions on the server: no rows are read after this.
    drop(snapshot);
    let ground = beginning.wait(house, &job.server, job.place);
    prove::schema(house, manifest, &ground)?;
    let (indexes, objects) = (script::indexes(manifest), script::objects(manifest));
    add(manifest, partial, MemberKind::Indexes, &indexes)?;
    add(manifest, partial, MemberKind::Objects, &objects)?;
    add(manifest, partial, MemberKind::Footer, &script::footer())?;
    manifest.members.clone_from(&partial.members);
    manifest.plain_bytes = partial.members.iter().map(|member| member.plain_bytes).sum();
    partial.seal(manifest, level, job.signer.as_ref())?;
    Ok(ground)
}

/// Tells the person what would be dumped (`--dry-run`).
fn rehearse(house: &House, job: &DumpJob) -> Result<Done, Error> {
    let outline = outline(&mut job.server.connect()?, &job.wish)?;
    for part in &outline.parts {
        house.progress.say(&format!("would dump {}: about {} rows", part.label, part.rows));
    }
    for reader in &job.readers {
        house.progress.say(&format!("would share the reading with {}, if it is up to date", reader.label()));
    }
    let done = Done::saying(format!(
        "would dump {} tables, about {} rows, as {}-….sql.gz to {}",
        outline.tables.len(),
        outline.parts.iter().map(|part| part.rows).sum::<u64>(),
        job.name,
        job.directory.display()
    ));
    house.progress.say(&done.note);
    Ok(done)
}

fn engine_word(engine: Engine) -> &'static str {
    match engine {
        Engine::MySql => "mysql",
        Engine::MariaDb => "mariadb",
    }
}

/// Makes the workers' tasks, the largest first, so that the last task to finish is a small one.
fn tasks(mut parts: Vec<TableReadPlan>, manifest: &Manifest) -> Vec<ReadTask> {
    parts.retain(|part| !part.columns.is_empty());
    parts.sort_by_key(|part| std::cmp::Reverse(part.bytes()));
    let several = manifest.databases.len() > 1;
    let task = |part: TableReadPlan| {
        let table = &manifest.tables[part.table];
        ReadTask {
            before: if several { format!("USE {};\n", name(&table.database)) } else { String::new() },
            insert: archive::insert_into(table),
            part,
        }
    };
    parts.into_iter().map(task).collect()
}

/// Reads and writes all rows, and puts their number and digests into the manifest.
fn rows(
    house: &House,
    work: &SharedWork,
    snapshot: &mut ReadSnapshot,
    manifest: &mut Manifest,
    partial: &mut Partial,
) -> Result<(), Error> {
    let expected = work.tasks.iter().map(|task| task.part.rows).sum();
    let progress = house.progress.start("rows", Some(expected), Unit::Rows);
    let mut sums = vec![Sum::default(); manifest.tables.len()];
    let started = Instant::now();
    work.run(snapshot, |member: Member, sum| {
        house.cancel.check()?;
        partial.append(&member)?;
        let position = member.entry.table.unwrap_or_default();
        let table = &mut manifest.tables[position];
        sums[position].merge(sum);
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

/// Formats volume and speed, such as `34 MiB, 98 MiB/s`.
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
) -> Result<Done, Error> {
    let bytes = std::fs::metadata(&path).map_err(archive::Error::file(FileAction::Read, &path))?.len();
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let done = Done::saying(format!(
        "{file}: {} tables, {} rows, {} KiB in {:.1} s",
        manifest.tables.len(),
        manifest.rows,
        bytes.div_ceil(1024),
        started.elapsed().as_secs_f64()
    ));
    house.progress.say(&done.note);
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
                ..TableDigest::default()
            })
            .collect(),
        ..Dump::default()
    });
    Ok(done)
}
