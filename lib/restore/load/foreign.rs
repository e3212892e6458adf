//! Dumps of other tools: `.sql` and `.sql.gz` as mysqldump and mariadb-dump write them, one statement after the other.
//!
//! In: such a file, an empty database. Out: its tables, views, routines, triggers and events there, counted. Statements
//! about databases are left out: the file is loaded into the staging database whatever it says. A file that mysqldump
//! began and did not end is refused.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::document::TableDigest;
use crate::house::House;
use crate::mysql::{Server, Session};
use crate::progress;
use crate::restore::error::Error;
use crate::restore::swap::objects::{self, Object};
use crate::restore::target::Target;
use crate::sql::{
    self, Kind, Mode, Statements, StatementsError, Token, is_awake, name, pieces, qualified, singles,
    without_definer,
};

const BLOCK_BYTES: usize = 256 * 1024;

/// The longest statement: it is in memory, and in the driver's hands once more. The servers' own limit is below it unless
/// somebody raised `max_allowed_packet`.
const STATEMENT_BYTES_MAX: usize = 64 << 20;

/// How much of the file's beginning and end is looked at.
const EDGE_BYTES: usize = 4096;

/// How much SQL a compressed byte may be.
const SQL_PER_COMPRESSED_BYTE: u64 = 6;

/// A file that another tool wrote.
#[derive(Debug)]
pub(crate) struct PlainFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its length.
    pub(crate) bytes: u64,
    compressed: bool,
    /// mysqldump says so at the end of every file, unless it was cut off.
    ends_with_completed: bool,
}

impl PlainFile {
    /// Nothing if this is no SQL of another tool, but perhaps a damaged dump of ours.
    pub(crate) fn of(path: &Path) -> Result<Option<Self>, Error> {
        let fail = |e: io::Error| fail(path, 1, e.to_string());
        let file = File::open(path).map_err(fail)?;
        let bytes = file.metadata().map_err(fail)?.len();
        let mut reader = BufReader::new(file);
        let compressed = reader.fill_buf().map_err(fail)?.starts_with(&[0x1f, 0x8b]);
        let mut head = Vec::new();
        opened(reader, compressed).take(EDGE_BYTES as u64).read_to_end(&mut head).map_err(fail)?;
        let head = String::from_utf8_lossy(&head);
        let named = path.to_string_lossy();
        if head.starts_with("-- refreshkit ") || !(named.ends_with(".sql") || named.ends_with(".sql.gz")) {
            return Ok(None);
        }
        let ends_with_completed = head
            .lines()
            .take(5)
            .any(|line| ["-- MySQL dump ", "-- MariaDB dump "].iter().any(|begin| line.starts_with(begin)));
        Ok(Some(Self { path: path.to_owned(), bytes, compressed, ends_with_completed }))
    }

    /// About how much SQL it is.
    pub(crate) fn sql_bytes(&self) -> u64 {
        if self.compressed { self.bytes * SQL_PER_COMPRESSED_BYTE } else { self.bytes }
    }

    /// Loads the file into the staging database, and counts.
    pub(crate) fn load(
        &self,
        house: &House,
        target: &Target,
        server: &Server,
    ) -> Result<Vec<TableDigest>, Error> {
        let mut loading = Loading {
            session: server.connect_to(Some(&target.staging()))?,
            database: &target.database,
            used: None,
            rows: Rows::default(),
        };
        let task = house.progress.start("loading", Some(self.bytes), progress::Unit::Bytes);
        let file = File::open(&self.path).map_err(|e| fail(&self.path, 1, e.to_string()))?;
        let counted = Counted { inner: file, task: &task };
        let mut tail = Vec::new();
        let watched = Tail {
            inner: opened(BufReader::with_capacity(BLOCK_BYTES, counted), self.compressed),
            tail: &mut tail,
        };
        let statements = Statements::new(BufReader::with_capacity(BLOCK_BYTES, watched));
        for statement in statements.limit(STATEMENT_BYTES_MAX) {
            house.cancel.check()?;
            let statement = statement.map_err(|e| self.cut(&e))?;
            let (line, block) = (statement.line, statement.block);
            let text = text_of(statement.sql).ok_or_else(|| {
                fail(&self.path, line, "neither UTF-8 nor rows with binary values".to_owned())
            })?;
            for (line, single) in singles(&text, line, block) {
                self.run(&mut loading, line, single)?;
            }
        }
        if self.ends_with_completed && !String::from_utf8_lossy(&tail).contains("-- Dump completed") {
            return Err(fail(
                &self.path,
                0,
                "it does not end with \"-- Dump completed\": it was cut off".to_owned(),
            ));
        }
        drop(task);
        count(&mut loading.session, target, loading.rows)
    }

    fn run(&self, loading: &mut Loading<'_>, line: u64, sql: &str) -> Result<(), Error> {
        let refuse = |problem: &str| Err(fail(&self.path, line, problem.to_owned()));
        let words = words(sql);
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["USE", ..] if loading.used.as_ref().is_some_and(|used| used != sql) => {
                return refuse("it holds several databases");
            }
            ["USE", ..] => {
                loading.used = Some(sql.to_owned());
                return Ok(());
            }
            ["CREATE" | "DROP" | "ALTER", "DATABASE" | "SCHEMA", ..] => return Ok(()),
            // What is about the server, not about the data.
            ["SET", ..] if mentions(sql, &["GTID_PURGED", "SQL_LOG_BIN", "GLOBAL"]) => {
                return Ok(());
            }
            ["INSERT" | "REPLACE", ..] if writes_to(sql, loading.database) => {
                return refuse("this would leave the database that is being loaded");
            }
            ["INSERT" | "REPLACE", ..] => {}
            _ if mentions(sql, &[&format!("{}.", name(loading.database))]) => {
                return refuse("this would leave the database that is being loaded");
            }
            _ => {}
        }
        // Those who defined things in production are not here, and what they defined would not run.
        let text = if words[0] == "CREATE" { Cow::Owned(without_definer(sql)) } else { sql.into() };
        let written = loading.session.run_foreign(&text).map_err(|e| Error::Plain {
            path: self.path.clone(),
            line,
            problem: "the server refused the statement".to_owned(),
            source: Some(loading.session.fail_in("loading", &text, &e)),
        })?;
        if words[0] == "INSERT"
            && let Some(table) = inserted_into(&text)
        {
            *loading.rows.entry(table).or_default() += written;
        }
        Ok(())
    }

    fn cut(&self, error: &StatementsError) -> Error {
        fail(&self.path, error.line(), error.problem())
    }
}

/// What goes on while a file is loaded.
struct Loading<'a> {
    session: Session,
    /// What the database is called that will be replaced.
    database: &'a str,
    /// The `USE` of the file.
    used: Option<String>,
    rows: Rows,
}

/// Rows that were inserted, by table.
type Rows = BTreeMap<String, u64>;

fn fail(path: &Path, line: u64, problem: String) -> Error {
    Error::Plain { path: path.to_owned(), line, problem, source: None }
}

/// A statement as text: bytes that are none are those of values, and become digits.
fn text_of(sql: Vec<u8>) -> Option<String> {
    String::from_utf8(sql).or_else(|e| sql::as_utf8(e.as_bytes())).ok()
}

fn opened<'a>(reader: impl BufRead + 'a, compressed: bool) -> Box<dyn Read + 'a> {
    if compressed { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) }
}

/// As much of a statement as its kind can be told by.
fn beginning(sql: &str) -> &str {
    &sql[..sql.floor_char_boundary(EDGE_BYTES)]
}

/// The first words, as the server sees them: `/*!50003 CREATE*/` is CREATE. At least one, which may be empty.
fn words(sql: &str) -> Vec<String> {
    let beginning = beginning(sql);
    let code = pieces(beginning, Mode::default()).filter(Token::is_code);
    let words = code.take_while(|token| token.kind == Kind::Word).take(2);
    let mut words: Vec<String> = words.map(|token| token.text(beginning).to_uppercase()).collect();
    if words.is_empty() {
        words.push(String::new());
    }
    words
}

/// Whether an INSERT names a table of `database` by both names. Only what stands before the rows is looked at.
fn writes_to(sql: &str, database: &str) -> bool {
    let text = beginning(sql);
    let ends = |token: &Token| token.kind == Kind::Symbol(b'(') || token.is_word(text, "VALUES");
    let code = pieces(text, Mode::of("ANSI_QUOTES")).filter(Token::is_code).take_while(|token| !ends(token));
    let code: Vec<Token> = code.collect();
    code.windows(2).any(|pair| {
        let named = pair[0].possible_name(text).is_some_and(|name| name.eq_ignore_ascii_case(database));
        named && pair[1].kind == Kind::Symbol(b'.')
    })
}

fn mentions(sql: &str, words: &[&str]) -> bool {
    let text = sql.to_uppercase();
    words.iter().any(|word| text.contains(&word.to_uppercase()))
}

/// The table of ``INSERT INTO `t` VALUES``; nothing for `INSERT IGNORE`, which may leave rows out.
fn inserted_into(sql: &str) -> Option<String> {
    let mut code = pieces(sql, Mode::default()).filter(Token::is_code);
    code.next().filter(|token| token.is_word(sql, "INSERT"))?;
    code.next().filter(|token| token.is_word(sql, "INTO"))?;
    let table = code.next().filter(|token| token.kind == Kind::Name)?;
    // Behind a database: not counted.
    code.next().filter(|token| !token.is(b'.'))?;
    Some(table.name(sql)?.into_owned())
}

/// Compares the tables with what was inserted.
fn count(session: &mut Session, target: &Target, rows: Rows) -> Result<Vec<TableDigest>, Error> {
    let mut tables = Vec::new();
    for (table, expected) in rows {
        let sql = format!("SELECT COUNT(*) FROM {}", qualified(&target.staging(), &table));
        let found = session.first::<u64>(&format!("counting {table}"), &sql)?.unwrap_or(0);
        if found != expected {
            return Err(Error::Differs { table, what: format!("{expected} rows expected, {found} found") });
        }
        let database = target.database.clone();
        tables.push(TableDigest { database, table, rows: found, ..TableDigest::default() });
    }
    Ok(tables)
}

/// Events must not fire before the database is in use; the swap wakes those that were awake. Returns all as they were.
pub(crate) fn put_events_to_sleep(server: &Server, staging: &str) -> Result<Vec<Object>, Error> {
    let mut session = server.connect_to(Some(staging))?;
    session.run("setting the SQL mode", "SET sql_mode = ''")?;
    let events = objects::events(&mut session, staging)?;
    for event in events.iter().filter(|event| is_awake(&event.create)) {
        let sql = format!("ALTER EVENT {} DISABLE", qualified(staging, &event.name));
        session.run(&format!("putting the event {} to sleep", event.name), &sql)?;
    }
    Ok(events)
}

/// Tells the progress how much of the file was read.
struct Counted<'a, 'b> {
    inner: File,
    task: &'a progress::Task<'b>,
}

impl Read for Counted<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.task.add(read as u64);
        Ok(read)
    }
}

/// Remembers the end of what was read.
struct Tail<'a, R> {
    inner: R,
    tail: &'a mut Vec<u8>,
}

impl<R: Read> Read for Tail<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.tail.extend_from_slice(&buffer[read.saturating_sub(EDGE_BYTES)..read]);
        let excess = self.tail.len().saturating_sub(EDGE_BYTES);
        self.tail.drain(..excess);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_statements_as_the_server_does() {
        assert_eq!(words("/*!40000 DROP DATABASE IF EXISTS `a`*/")[..2], ["DROP", "DATABASE"]);
        assert_eq!(words("USE `app`")[0], "USE");
        assert_eq!(words("")[0], "");
        assert_eq!(inserted_into("INSERT INTO `t` VALUES (1)").as_deref(), Some("t"));
        assert_eq!(inserted_into("INSERT  IGNORE INTO `t` VALUES (1)"), None);
        assert_eq!(inserted_into("INSERT INTO `a``b` VALUES (1)").as_deref(), Some("a`b"));
        assert_eq!(inserted_into("INSERT INTO `a`.`b` VALUES (1)"), None);
    }

    #[test]
    fn comments_do_not_hide_what_a_statement_is_about() {
        for sql in [
            "/*M!100100 DROP DATABASE `a` */",
            "/*!50000 DROP*/ /* x */ database a",
            "DROP -- x\nDATABASE a",
            "DROP # x\nDATABASE a",
        ] {
            assert_eq!(words(sql), ["DROP", "DATABASE"], "{sql}");
        }
    }

    #[test]
    fn an_insert_by_both_names_is_seen_and_one_of_rows_that_say_so_is_not() {
        for sql in [
            "INSERT INTO `app`.`t` VALUES (1)",
            "insert into APP . t (a) values (1)",
            "/*M!100100 INSERT INTO `app`.`t` VALUES (1) */",
            "/*!50000INSERT INTO `app`.`t` VALUES (1) */",
            "REPLACE INTO \"app\".t SELECT 1",
        ] {
            assert!(writes_to(sql, "app"), "{sql}");
        }
        for sql in [
            "INSERT INTO `t` VALUES ('app.t')",
            "INSERT INTO t (app) VALUES (1.5)",
            "INSERT INTO apps.t VALUES (1)",
        ] {
            assert!(!writes_to(sql, "app"), "{sql}");
        }
    }
}
