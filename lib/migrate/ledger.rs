//! The ledger: the table in which a framework lists the migrations that have run on a database.
//!
//! In: `[migrations.ledger]`, a session on the database. Out: whether a file has run already; and after a run, the file's row in
//! the ledger, so that the framework itself would not run the file again.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::error::Error;
use super::files::MigrationFile;
use super::flyway;
use crate::config::{LedgerConfig, LedgerPreset as Preset};
use crate::mysql::Session;
use crate::sql::{literal, name};

/// A row of Flyway's ledger: version, script, type, checksum.
type LedgerRow = (Option<String>, String, String, Option<i32>);

/// The ledger of one database.
#[derive(Debug)]
pub(crate) struct Ledger {
    preset: Preset,
    table: String,
    column: String,
    applied: BTreeSet<String>,
    /// Flyway: the version up to which a baseline replaces all migrations.
    baseline: Option<String>,
    /// Flyway: the checksum of each repeatable migration at its last run, by file name.
    checksums: BTreeMap<String, i32>,
    /// Doctrine: the namespace of the classes, with a backslash at its end.
    namespace: String,
    /// Laravel: the batch number for the rows of this run.
    batch: u64,
}

impl Ledger {
    /// Reads the ledger, and makes an empty one if there is none; then the second value is false.
    pub(crate) fn open(session: &mut Session, settings: &LedgerConfig) -> Result<(Self, bool), Error> {
        let preset = settings.preset;
        let (table, column) = usual(preset);
        let mut ledger = Self {
            preset,
            table: settings.table.clone().unwrap_or_else(|| table.to_owned()),
            column: settings.column.clone().unwrap_or_else(|| column.to_owned()),
            applied: BTreeSet::new(),
            baseline: None,
            checksums: BTreeMap::new(),
            namespace: "DoctrineMigrations\\".to_owned(),
            batch: 1,
        };
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {}",
            literal(&ledger.table)
        );
        let there = session.first::<u64>("looking for the ledger", &sql)? != Some(0);
        if !there {
            let sql =
                format!("CREATE TABLE {} ({}) ENGINE = InnoDB", name(&ledger.table), ledger.definition());
            session.run("making the ledger", &sql).map_err(|e| ledger.fail(e))?;
        }
        ledger.read(session)?;
        Ok((ledger, there))
    }

    /// Name of the ledger's table.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Returns the files in the framework's order, and the paths of callbacks and baselines, which are left out. Fails if the
    /// framework could not tell two files apart.
    pub(crate) fn order(&self, files: &[MigrationFile]) -> Result<(Vec<MigrationFile>, Vec<String>), Error> {
        let mut files = files.to_vec();
        let mut left_out = Vec::new();
        if self.preset == Preset::Flyway {
            let is_left_out = |file: &MigrationFile| flyway::is_left_out(stem(&file.name));
            left_out.extend(files.iter().filter(|file| is_left_out(file)).map(|file| file.shown.clone()));
            files.retain(|file| !is_left_out(file));
            // `U…` undoes a migration, so it never runs here.
            files.retain(|file| !stem(&file.name).starts_with('U'));
            files.sort_by_cached_key(|file| stem(&file.name).starts_with('R'));
            let versions = |file: &MigrationFile| flyway::version(stem(&file.name)).map(str::to_owned);
            files.sort_by(|a, b| match (versions(a), versions(b)) {
                (Some(a), Some(b)) => flyway::compare(&a, &b),
                _ => Ordering::Equal,
            });
        }
        let mut keys = BTreeMap::new();
        for file in &files {
            if let Some(other) = keys.insert(self.key(file)?, &file.shown) {
                let problem = format!("the ledger cannot tell it from {other}");
                return Err(Error::Unnamed { file: file.shown.clone(), problem });
            }
        }
        Ok((files, left_out))
    }

    /// True if the file has run already; for a repeatable migration, if it has not changed since.
    pub(crate) fn has(&self, file: &MigrationFile) -> Result<bool, Error> {
        let key = self.key(file)?;
        if self.preset != Preset::Flyway {
            return Ok(self.applied.contains(&key));
        }
        let Some(version) = flyway::version(stem(&file.name)) else {
            return Ok(self.checksums.get(&key) == Some(&flyway::checksum(file)?));
        };
        let covered = |baseline: &String| flyway::compare(version, baseline) != Ordering::Greater;
        Ok(self.applied.contains(&key) || self.baseline.as_ref().is_some_and(covered))
    }

    /// Writes the ledger's row for a file that has just run.
    pub(crate) fn add(
        &self,
        session: &mut Session,
        file: &MigrationFile,
        took: Duration,
    ) -> Result<(), Error> {
        let (key, milliseconds) = (self.key(file)?, took.as_millis());
        let text = stem(&file.name);
        let (table, column) = (name(&self.table), name(&self.column));
        let sql = match self.preset {
            Preset::Plain | Preset::Rails => {
                format!("INSERT INTO {table} ({column}) VALUES ({})", literal(&key))
            }
            Preset::Phinx => format!(
                "INSERT INTO {table} ({column}, migration_name, start_time, end_time, breakpoint) \
                 VALUES ({key}, {}, NOW() - INTERVAL {} SECOND, NOW(), 0)",
                literal(&camel_case(text)),
                took.as_secs()
            ),
            Preset::Laravel => {
                format!("INSERT INTO {table} ({column}, batch) VALUES ({}, {})", literal(&key), self.batch)
            }
            Preset::Doctrine => format!(
                "INSERT INTO {table} ({column}, executed_at, execution_time) VALUES ({}, NOW(), {milliseconds})",
                literal(&format!("{}{key}", self.namespace))
            ),
            Preset::Flyway => {
                let version = flyway::version(text).map_or("NULL".to_owned(), literal);
                format!(
                    "INSERT INTO {table} (installed_rank, version, description, type, {column}, checksum, \
                     installed_by, execution_time, success) SELECT IFNULL(MAX(installed_rank), 0) + 1, {version}, \
                     {}, 'SQL', {}, {}, LEFT(SUBSTRING_INDEX(USER(), '@', 1), 100), {milliseconds}, 1 FROM {table}",
                    literal(&text.split_once("__").map_or("", |(_, words)| words).replace('_', " ")),
                    literal(&file.name),
                    flyway::checksum(file)?
                )
            }
        };
        let outcome = session.run("writing the ledger", &sql);
        outcome.map(drop).map_err(|e| self.fail(e))
    }

    /// The text by which the ledger identifies a file. Fails if the file's name does not suit the preset.
    fn key(&self, file: &MigrationFile) -> Result<String, Error> {
        let text = stem(&file.name);
        let unnamed =
            |problem: &str| Err(Error::Unnamed { file: file.shown.clone(), problem: problem.to_owned() });
        match self.preset {
            Preset::Plain => Ok(file.name.clone()),
            Preset::Laravel | Preset::Doctrine => Ok(text.to_owned()),
            Preset::Phinx | Preset::Rails => {
                let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
                match &text[..end] {
                    "" => unnamed("its name must begin with a version number"),
                    version => Ok(version.to_owned()),
                }
            }
            Preset::Flyway => match flyway::version(text) {
                Some(version) => Ok(flyway::dotted(version)),
                None if text.starts_with("R__") => Ok(file.name.clone()),
                None => unnamed("Flyway's names are V1__words.sql and R__words.sql"),
            },
        }
    }

    fn read(&mut self, session: &mut Session) -> Result<(), Error> {
        let (table, column) = (name(&self.table), name(&self.column));
        if self.preset == Preset::Flyway {
            return self.read_flyway(session);
        }
        let sql = format!("SELECT CAST({column} AS CHAR) FROM {table}");
        let rows = session.rows::<String>("reading the ledger", &sql).map_err(|e| self.fail(e))?;
        for row in rows {
            match (self.preset, row.rfind('\\')) {
                (Preset::Doctrine, Some(at)) => {
                    self.applied.insert(row[at + 1..].to_owned());
                    row[..=at].clone_into(&mut self.namespace);
                }
                _ => _ = self.applied.insert(row),
            }
        }
        if self.preset == Preset::Laravel {
            let sql = format!("SELECT CAST(IFNULL(MAX(batch), 0) + 1 AS UNSIGNED) FROM {table}");
            let next = session.first::<u64>("reading the ledger", &sql).map_err(|e| self.fail(e))?;
            self.batch = next.unwrap_or(1);
        }
        Ok(())
    }

    fn read_flyway(&mut self, session: &mut Session) -> Result<(), Error> {
        let sql = format!(
            "SELECT version, type, {}, checksum FROM {} WHERE success ORDER BY installed_rank",
            name(&self.column),
            name(&self.table)
        );
        let rows = session.rows::<LedgerRow>("reading the ledger", &sql).map_err(|e| self.fail(e))?;
        for (version, kind, script, checksum) in rows {
            match (version, kind.as_str()) {
                (Some(version), "BASELINE") => self.baseline = Some(version),
                (Some(version), kind) if kind.starts_with("UNDO") => {
                    self.applied.remove(&flyway::dotted(&version));
                }
                (Some(version), _) => _ = self.applied.insert(flyway::dotted(&version)),
                (None, _) => {
                    let file = script.rsplit('/').next().unwrap_or(&script).to_owned();
                    self.checksums.insert(file, checksum.unwrap_or_default());
                }
            }
        }
        Ok(())
    }

    /// The columns of a new ledger, as the framework makes them.
    fn definition(&self) -> String {
        let column = name(&self.column);
        match self.preset {
            Preset::Plain => format!(
                "{column} VARCHAR(255) NOT NULL PRIMARY KEY, applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP"
            ),
            Preset::Rails => format!("{column} VARCHAR(255) NOT NULL PRIMARY KEY"),
            Preset::Phinx => format!(
                "{column} BIGINT NOT NULL PRIMARY KEY, migration_name VARCHAR(100) NULL, start_time TIMESTAMP NULL, \
                 end_time TIMESTAMP NULL, breakpoint TINYINT(1) NOT NULL DEFAULT 0"
            ),
            Preset::Laravel => format!(
                "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, {column} VARCHAR(255) NOT NULL, batch INT NOT NULL"
            ),
            Preset::Doctrine => format!(
                "{column} VARCHAR(191) NOT NULL PRIMARY KEY, executed_at DATETIME NULL, execution_time INT NULL"
            ),
            Preset::Flyway => format!(
                "installed_rank INT NOT NULL PRIMARY KEY, version VARCHAR(50) NULL, description VARCHAR(200) NOT NULL, \
                 type VARCHAR(20) NOT NULL, {column} VARCHAR(1000) NOT NULL, checksum INT NULL, \
                 installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
                 execution_time INT NOT NULL, success TINYINT(1) NOT NULL, KEY {} (success)",
                name(&format!("{}_s_idx", self.table))
            ),
        }
    }

    fn fail(&self, source: crate::mysql::Error) -> Error {
        Error::Ledger { table: self.table.clone(), source }
    }
}

/// The table and the column that a framework uses by default.
fn usual(preset: Preset) -> (&'static str, &'static str) {
    match preset {
        Preset::Plain => ("schema_migrations", "name"),
        Preset::Rails => ("schema_migrations", "version"),
        Preset::Phinx => ("phinxlog", "version"),
        Preset::Laravel => ("migrations", "migration"),
        Preset::Doctrine => ("doctrine_migration_versions", "version"),
        Preset::Flyway => ("flyway_schema_history", "script"),
    }
}

/// The file's name without folders and without its last extension.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// The class name for a file: `AddRating` for `20260101120000_add_rating`.
fn camel_case(stem: &str) -> String {
    let words = stem.split('_').filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    words.filter_map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_named_after_its_file() {
        assert_eq!(camel_case("20260101120000_add_user__éa"), "AddUserÉa");
        assert_eq!(stem("a/2026.b.sql"), "2026.b");
    }
}
