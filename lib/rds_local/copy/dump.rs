//! Copies by a plain dump: loads the output of mysqldump or mariadb-dump into an empty server, statement by statement.
//!
//! In: an empty directory. Out: a data directory with all databases of the source but the server's own. The statements run as an
//! account that has rights on those databases, and may name definers. Each definer gets a locked account.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::child::Helper;
use super::place::CopyDirectory;
use super::source::{CopySource, NOTHING_REMOTE};
use crate::engine::{self, Brand, DetachedServer, ServerProgram};
use crate::house::House;
use crate::mysql::{Server, Session};
use crate::progress::Unit;
use crate::rds_local::error::Error;
use crate::sql::{self, Statements, plain_literal};

const ADMIN: &str = "refreshkit_admin";
const LOADER: &str = "refreshkit_loads";
/// Bytes that are read from the dump at once.
const PIPE_BYTES: usize = 1 << 20;

/// Fills the data directory of a copy. Returns the moment that the copy shows.
pub(super) fn fill(
    house: &House,
    source: &CopySource,
    home: &CopyDirectory,
    program: &ServerProgram,
) -> Result<Timestamp, Error> {
    program.install(&home.data(), home.user)?;
    house.cancel.check()?;
    let [admin, loader] = [(); 2].map(|()| engine::new_password());
    let account = format!("'{LOADER}'@'localhost'");
    let service = DetachedServer {
        program,
        home: &home.dir,
        user: home.user,
        listen: None,
        settings: format!(
            "{}{NOTHING_REMOTE}skip-log-bin\nperformance-schema=OFF\nmax-allowed-packet=1G\ninnodb-flush-log-at-trx-commit=0\ninnodb-buffer-pool-size=256M\n",
            source.settings(false)
        ),
        before: format!(
            "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';\n{}\
             CREATE USER '{ADMIN}'@'localhost' IDENTIFIED BY {};\nGRANT ALL ON *.* TO '{ADMIN}'@'localhost' WITH GRANT OPTION;\n\
             CREATE USER {account} IDENTIFIED BY {};\n",
            engine::without_installed(program.brand),
            plain_literal(&admin),
            plain_literal(&loader)
        ),
    };
    service.start(&house.cancel)?;
    let socket = engine::socket_in(&home.dir);
    let mut session = Server::at_socket(&socket, ADMIN, &admin).connect()?;
    for database in &source.databases {
        engine::grant_database_to(&mut session, &account, database)?;
    }
    // Objects keep their definers. The right to name a definer has another name in each version.
    for right in ["SET USER", "SET_ANY_DEFINER", "ALLOW_NONEXISTENT_DEFINER", "SET_USER_ID"] {
        session.attempt(&format!("GRANT {right} ON *.* TO {account}"));
    }
    let mut load = CopyLoad {
        house,
        session: Server::at_socket(&socket, LOADER, &loader).connect()?,
        definers: BTreeSet::new(),
    };
    // The dump's transaction begins after this moment.
    let shows = Timestamp::now();
    let outcome = load.run(source, home, program);
    let made = outcome.and_then(|()| make_definers(&mut session, source, &load.definers));
    let gone = session.run("dropping the account that loaded", &format!("DROP USER {account}"));
    drop((session, load));
    let in_order = engine::stops_in_order(&home.dir)?;
    made?;
    gone?;
    // A server that was killed may have lost data that it had not written yet.
    let lost = || Error::Helper {
        what: "the copy's server".to_owned(),
        detail: "it did not stop in order".to_owned(),
    };
    in_order.then_some(shows).ok_or_else(lost)
}

struct CopyLoad<'a> {
    house: &'a House,
    session: Session,
    definers: BTreeSet<String>,
}

impl CopyLoad<'_> {
    fn run(
        &mut self,
        source: &CopySource,
        home: &CopyDirectory,
        program: &ServerProgram,
    ) -> Result<(), Error> {
        if source.databases.is_empty() {
            return Ok(());
        }
        let log = home.dir.join("log.dump");
        let mut dump = Helper::start(&client(source, program), &arguments(source), &log, true)?;
        // If the dump program ends in the middle of a statement, loading fails too: its own error is the reason to report.
        match self.load(BufReader::with_capacity(PIPE_BYTES, dump.output()), &log) {
            Ok(()) => dump.finish(&log, &self.house.cancel),
            Err(error @ Error::Interrupted(_)) => Err(error),
            Err(error) => Err(dump.why(&log).unwrap_or(error)),
        }
    }

    fn load(&mut self, mut input: impl BufRead, log: &Path) -> Result<(), Error> {
        let task = self.house.progress.start("copying by dump", None, Unit::Count);
        let mut count = 0_u64;
        for statement in Statements::new(&mut input) {
            self.house.cancel.check()?;
            let statement = statement.map_err(|source| Error::SeedText { path: log.to_owned(), source })?;
            if let Some(clause) = std::str::from_utf8(&statement.sql).ok().and_then(sql::definer) {
                self.definers.insert(clause.who);
            }
            if let Err(e) = self.session.run_bytes(&elsewhere(&statement.sql)) {
                return Err(self.session.fail("loading the dump of the source", e).into());
            }
            count += 1;
            task.add(1);
        }
        task.finish(&format!("loaded {count} statements"));
        Ok(())
    }
}

/// Removes the directories and tablespaces from a CREATE TABLE: the copy's tables lie in the copy's data directory.
fn elsewhere(sql: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(sql) {
        Ok(text) if text.trim_start().starts_with("CREATE TABLE ") => {
            Cow::Owned(sql::without_places(text).into_bytes())
        }
        _ => Cow::Borrowed(sql),
    }
}

/// Returns the dump program that belongs to the server program.
fn client(source: &CopySource, program: &ServerProgram) -> PathBuf {
    match source.brand {
        Brand::Mysql => program.sibling("mysqldump", "mysqldump"),
        Brand::Mariadb => program.sibling("mariadb-dump", "mysqldump"),
    }
}

fn arguments(source: &CopySource) -> Vec<String> {
    // The program accepts `--defaults-file` only as the first argument.
    let mut arguments = vec![format!("--defaults-file={}", source.file.display())];
    arguments.extend(source.reach.arguments());
    let common = [
        "--single-transaction",
        "--quick",
        "--hex-blob",
        "--routines",
        "--events",
        "--triggers",
        "--no-tablespaces",
        "--skip-add-locks",
        "--default-character-set=utf8mb4",
        "--max-allowed-packet=1G",
    ];
    arguments.extend(common.map(str::to_owned));
    if source.brand == Brand::Mysql {
        arguments.push("--set-gtid-purged=OFF".to_owned());
    }
    if !source.local {
        // TLS with verification, as in our own login: no password goes to another server.
        arguments.push(match source.brand {
            Brand::Mysql => "--ssl-mode=VERIFY_IDENTITY".to_owned(),
            Brand::Mariadb => "--ssl-verify-server-cert".to_owned(),
        });
        arguments.extend(source.options.tls_ca.as_ref().map(|ca| format!("--ssl-ca={ca}")));
    }
    arguments.push("--databases".to_owned());
    arguments.push("--".to_owned());
    arguments.extend(source.databases.iter().cloned());
    arguments
}

/// Makes a locked account for each definer, with rights on the copied databases.
fn make_definers(
    session: &mut Session,
    source: &CopySource,
    definers: &BTreeSet<String>,
) -> Result<(), Error> {
    let deed = "making the account of a definer";
    for who in definers.iter().filter(|who| who.contains('@')) {
        let password = plain_literal(&engine::new_password());
        session
            .run(deed, &format!("CREATE USER IF NOT EXISTS {who} IDENTIFIED BY {password} ACCOUNT LOCK"))?;
        for database in &source.databases {
            engine::grant_database_to(session, who, database)?;
        }
    }
    Ok(())
}
