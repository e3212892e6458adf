//! A worker: one connection that creates tables, loads members, builds keys and verifies.
//!
//! In: a [`LoadTask`]. Out: the task done; a finished table is as the manifest says, or the error names it.

use std::collections::BTreeMap;
use std::sync::Arc;

use mysql::prelude::Queryable;

use super::job::LoadJob;
use super::queue::LoadTask;
use super::transcode::Recipe;
use crate::archive::{AS_IT_IS, DumpFile, Inserts, TableEntry, TableKind};
use crate::document::TableDigest;
use crate::mysql::{Broken, InfileOutcome, Session, number};
use crate::progress;
use crate::restore::error::Error;
use crate::restore::options::Verify;
use crate::rows;
use crate::sql::{self, databases_of_parents, name, qualified};

/// Settings that make InnoDB build keys faster, that accept tables made under other settings of the source, and that keep a slow
/// connection open. Laxer settings lose nothing: each table is compared with the dump afterwards. One that the server refuses is
/// left out.
const SETTINGS: &[&str] = &[
    "SET SESSION sql_require_primary_key = OFF",
    "SET SESSION innodb_ddl_buffer_size = 67108864",
    "SET SESSION innodb_parallel_read_threads = 4",
    "SET SESSION restrict_fk_on_non_standard_key = OFF",
    "SET SESSION sql_generate_invisible_primary_key = OFF",
    "SET SESSION wait_timeout = 172800",
    "SET SESSION net_read_timeout = 3600",
];

/// One connection to the staging database.
#[derive(Debug)]
pub(crate) struct LoadWorker<'a> {
    /// The connection that the worker loads through.
    pub(crate) session: Session,
    job: &'a LoadJob,
    recipes: BTreeMap<usize, Arc<Recipe>>,
}

impl<'a> LoadWorker<'a> {
    /// Opens the connection, with [`SETTINGS`] and the session settings of the manifest.
    pub(crate) fn open(job: &'a LoadJob) -> Result<Self, Error> {
        let session = job.server.connect_to(Some(&job.staging))?;
        let mut worker = Self { session, job, recipes: BTreeMap::new() };
        for setting in SETTINGS {
            worker.session.attempt(setting);
        }
        worker.apply_session()?;
        Ok(worker)
    }

    /// Runs the session settings of the manifest, then those of [`AS_IT_IS`].
    fn apply_session(&mut self) -> Result<(), Error> {
        for statement in &self.job.dump.manifest().session {
            self.session.run("preparing the connection as the dump asks for", statement)?;
        }
        // A refusal is no error: an old server may not know a setting, and the account may lack the right to it.
        for setting in AS_IT_IS {
            self.session.attempt(setting);
        }
        Ok(())
    }

    /// Does one task. Returns the digest for a finished table.
    pub(crate) fn perform(
        &mut self,
        task: LoadTask,
        progress: &progress::Task<'_>,
    ) -> Result<Option<TableDigest>, Error> {
        match task {
            LoadTask::Create(table) => self.create(table).map(|()| None),
            LoadTask::Rows { table, member } => {
                progress.message(&self.entry(table).table);
                self.rows(table, member)?;
                progress.add(self.job.dump.manifest().members[member].plain_bytes);
                Ok(None)
            }
            LoadTask::Finish(table) => self.finish(table).map(Some),
        }
    }

    /// Creates one table, without the keys that are built after the rows.
    pub(crate) fn create(&mut self, table: usize) -> Result<(), Error> {
        let entry = self.entry(table);
        self.session.run(&format!("creating the table {}", entry.table), &entry.create)?;
        Ok(())
    }

    /// Loads one member's rows into its table. Fails if their number is not the manifest's.
    fn rows(&mut self, table: usize, member: usize) -> Result<(), Error> {
        let entry = self.entry(table);
        let expected = self.job.dump.manifest().members[member].rows;
        if self.job.local_infile && self.load_data(table, member, expected)? {
            return Ok(());
        }
        let found = self.insert(entry, member)?;
        if found == expected {
            return Ok(());
        }
        Err(Error::Differs {
            table: entry.table.clone(),
            what: format!("{expected} rows expected, {found} loaded"),
        })
    }

    /// Loads the member with one LOAD DATA LOCAL. False if the rows cannot be written as text, their number is wrong, or the
    /// server warns or refuses: then nothing is loaded, and INSERT shows the error.
    fn load_data(&mut self, table: usize, member: usize, expected: u64) -> Result<bool, Error> {
        let entry = self.entry(table);
        let recipe = match self.recipes.get(&table) {
            Some(recipe) => Arc::clone(recipe),
            None => Arc::new(Recipe::of(&mut self.session, &self.job.staging, entry)?),
        };
        self.recipes.insert(table, Arc::clone(&recipe));
        let deed = format!("loading {}", entry.table);
        let sql = recipe.sql.clone();
        let dump = Arc::clone(&self.job.dump);
        self.session.run(&deed, "START TRANSACTION")?;
        match self.session.load_rows(&sql, move |out| hand_over(&dump, member, &recipe, out)) {
            // No row was skipped, and the server has no warning.
            Ok(InfileOutcome { rows, warnings: 0 }) if rows == expected => {
                self.session.run(&deed, "COMMIT")?;
                Ok(true)
            }
            // The statement was broken off in the middle of its rows: the connection cannot be used any more.
            Err(Broken::Feed(stopped)) => {
                self.session = Self::open(self.job)?.session;
                stopped.map_or(Ok(false), Err)
            }
            Err(Broken::Server(e)) if !matches!(e, mysql::Error::MySqlError(_)) => {
                Err(self.session.fail(&deed, e).into())
            }
            _ => {
                self.session.run(&deed, "ROLLBACK")?;
                Ok(false)
            }
        }
    }

    /// Runs the member's INSERTs in one transaction. Returns the number of rows.
    fn insert(&mut self, entry: &TableEntry, member: usize) -> Result<u64, Error> {
        let deed = format!("loading {}", entry.table);
        let mut rows = 0;
        self.session.run(&deed, "START TRANSACTION")?;
        for insert in Inserts::of(&self.job.dump, member)? {
            let sql = insert?.checked().map_err(|_| no_rows(&self.job.dump, member))?;
            self.run_insert(&deed, member, sql)?;
            rows += self.session.connection.affected_rows();
        }
        self.session.run(&deed, "COMMIT")?;
        Ok(rows)
    }

    /// Runs one INSERT. The driver takes only UTF-8, so texts that are not UTF-8 are sent as hexadecimal literals.
    fn run_insert(&mut self, deed: &str, member: usize, sql: Vec<u8>) -> Result<(), Error> {
        let text = match String::from_utf8(sql) {
            Ok(text) => text,
            Err(e) => sql::as_utf8(e.as_bytes(), "").map_err(|_| no_rows(&self.job.dump, member))?,
        };
        self.session.connection.query_drop(text).map_err(|e| self.session.fail(deed, e))?;
        Ok(())
    }

    /// Builds the keys, runs the manifest's `after` statements (a sequence's value), and compares the table with the manifest.
    pub(crate) fn finish(&mut self, table: usize) -> Result<TableDigest, Error> {
        let entry = self.entry(table);
        for clauses in &entry.indexes {
            self.add_keys(entry, clauses)?;
        }
        for statement in &entry.after {
            self.session.run(&format!("finishing {}", entry.table), statement)?;
        }
        self.verify(entry)
    }

    /// Builds all keys in one statement. If the server lacks room to sort them at once, builds them in halves.
    fn add_keys(&mut self, entry: &TableEntry, clauses: &[String]) -> Result<(), Error> {
        if clauses.is_empty() {
            return Ok(());
        }
        let deed = format!("building the keys of {}", entry.table);
        let sql = format!("ALTER TABLE {} {}", name(&entry.table), clauses.join(", "));
        match self.session.run(&deed, &sql) {
            Err(e) if e.number() == Some(number::TEMPORARY_FILE_FULL) && clauses.len() > 1 => {
                let (front, back) = clauses.split_at(clauses.len() / 2);
                self.add_keys(entry, front)?;
                self.add_keys(entry, back)
            }
            outcome => Ok(outcome.map(drop)?),
        }
    }

    /// Adds the foreign keys of one table. Leaves out those to another database, which is not refreshed: they would prevent
    /// deletes there. Returns a sentence for each that is left out.
    pub(crate) fn foreign_keys(&mut self, table: usize) -> Result<Vec<String>, Error> {
        let entry = self.entry(table);
        let (own, elsewhere): (Vec<&str>, Vec<&str>) = entry
            .foreign_keys
            .iter()
            .map(String::as_str)
            .partition(|clause| databases_of_parents(clause).is_empty());
        let told = |clause: &&str| {
            let parents = databases_of_parents(clause).join(", ");
            format!(
                "a foreign key of {} to a table of {parents} is left out: that database is not refreshed",
                entry.table
            )
        };
        let left_out = elsewhere.iter().map(told).collect();
        if own.is_empty() {
            return Ok(left_out);
        }
        self.session.run("not checking foreign keys", "SET SESSION foreign_key_checks = 0")?;
        let sql = format!("ALTER TABLE {} {}", name(&entry.table), own.join(", "));
        self.session.run(&format!("adding the foreign keys of {}", entry.table), &sql)?;
        Ok(left_out)
    }

    /// Compares a loaded table with the manifest. Tables that are left out, and sequences, are not compared.
    fn verify(&mut self, entry: &TableEntry) -> Result<TableDigest, Error> {
        let left_out = !self.job.choice.takes(&entry.table);
        let expected = TableDigest {
            database: self.job.database.clone(),
            table: entry.table.clone(),
            rows: if left_out { 0 } else { entry.rows },
            digest: entry.digest.clone(),
            ..TableDigest::default()
        };
        if left_out {
            return Ok(TableDigest { digest: "0".repeat(32), ..expected });
        }
        if entry.kind == TableKind::Sequence {
            return Ok(expected);
        }
        let differs = |what: String| Err(Error::Differs { table: entry.table.clone(), what });
        match self.job.verify {
            Verify::Count => {
                let full = qualified(&self.job.staging, &entry.table);
                let sql = format!("SELECT COUNT(*) FROM {full}");
                let rows =
                    self.session.first::<u64>(&format!("counting {}", entry.table), &sql)?.unwrap_or(0);
                if rows == entry.rows {
                    Ok(expected)
                } else {
                    differs(format!("{} rows expected, {rows} found", entry.rows))
                }
            }
            Verify::Digest => {
                let found =
                    rows::digest_table(&mut self.session, &self.job.staging, &entry.table, &entry.columns)?;
                // The digest sets another SQL mode.
                self.apply_session()?;
                match (found.rows == entry.rows, found.digest == entry.digest) {
                    (true, true) => Ok(expected),
                    (false, _) => differs(format!("{} rows expected, {} found", entry.rows, found.rows)),
                    (true, false) => {
                        differs(format!("digest {} expected, {} found", entry.digest, found.digest))
                    }
                }
            }
        }
    }

    fn entry(&self, table: usize) -> &'a TableEntry {
        &self.job.dump.manifest().tables[table]
    }
}

/// Writes a member's rows as text. The error is `None` if the rows are whole, but cannot be written so or the connection is gone.
fn hand_over(
    dump: &DumpFile,
    member: usize,
    recipe: &Recipe,
    out: &mut dyn std::io::Write,
) -> Result<(), Option<Error>> {
    let mut lines = Vec::new();
    for insert in Inserts::of(dump, member).map_err(|e| Some(e.into()))? {
        let insert = insert.map_err(|e| Some(e.into()))?;
        lines.clear();
        if recipe.write(&insert, &mut lines).is_err() {
            return Err(insert.check().err().map(|_| no_rows(dump, member)));
        }
        // A lost connection needs no error here: `load_rows` reports it, or opening the next connection fails.
        out.write_all(&lines).map_err(|_| None)?;
    }
    Ok(())
}

/// The error for a statement with something else than tuples of literals after VALUES. Such a statement is never run.
fn no_rows(dump: &DumpFile, member: usize) -> Error {
    dump.damaged_member(member, "has something else than rows in an INSERT").into()
}
