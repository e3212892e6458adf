//! Goes through a file from its first statement to its last one.
//!
//! In: a [`PlainFile`], and a [`Walker`] that takes each statement and says in which SQL mode the next one is read. Out: nothing,
//! or why the file is not whole SQL.

use std::io::BufReader;

use super::file::{PlainFile, Tail, fail};
use super::reading::shown;
use crate::house::House;
use crate::progress::Unit;
use crate::restore::error::Error;
use crate::sql::{Mode, Statements, singles};

const BLOCK_BYTES: usize = 256 * 1024;

/// Limit of a statement's length: it is in memory, and a second time in the driver. The servers' own default limits are not above
/// this; somebody may raise `max_allowed_packet`.
const STATEMENT_BYTES_MAX: usize = 64 << 20;

/// What takes the statements of a file.
pub(super) trait Walker {
    /// The SQL mode in which the next statement is read.
    fn mode(&self) -> Mode;

    /// Takes a statement. Returns the byte at which the next one begins, if this one ends with its line (`USE`).
    fn one(&mut self, line: u64, sql: &[u8]) -> Result<Option<usize>, Error>;

    /// False ends the walk before the end of the file.
    fn goes_on(&self) -> bool {
        true
    }
}

/// Passes every statement to the walker. `doing` is what the progress shows.
pub(super) fn walk(
    file: &PlainFile,
    house: &House,
    doing: &str,
    walker: &mut impl Walker,
) -> Result<(), Error> {
    let task = house.progress.start(doing, Some(file.bytes), Unit::Bytes);
    let mut tail = Vec::new();
    let watched = Tail { inner: file.text(&task)?, tail: &mut tail };
    let reader = BufReader::with_capacity(BLOCK_BYTES, watched);
    let mut statements = Statements::new(reader).limit(STATEMENT_BYTES_MAX);
    statements.read_as(walker.mode());
    while let Some(statement) = statements.next() {
        house.cancel.check()?;
        let statement = statement.map_err(|e| fail(&file.path, e.line(), e.problem()))?;
        if statement.block {
            let text = shown(&statement.sql);
            for (line, place) in singles(&text, statement.line, walker.mode()) {
                lines_of(walker, line, &statement.sql[place])?;
            }
        } else {
            lines_of(walker, statement.line, &statement.sql)?;
        }
        if !walker.goes_on() {
            return Ok(());
        }
        statements.read_as(walker.mode());
    }
    drop(statements);
    if file.ends_with_completed && !String::from_utf8_lossy(&tail).contains("-- Dump completed") {
        let problem = "it does not end with \"-- Dump completed\": it was cut off";
        return Err(fail(&file.path, 0, problem.to_owned()));
    }
    Ok(())
}

/// Passes on a statement, and what stands behind a `USE prod` without a semicolon: perhaps many more of the same kind.
fn lines_of(walker: &mut impl Walker, mut line: u64, mut sql: &[u8]) -> Result<(), Error> {
    while let Some(at) = walker.one(line, sql)? {
        line += sql[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        sql = &sql[at..];
    }
    Ok(())
}
