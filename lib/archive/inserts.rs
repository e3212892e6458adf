//! A rows member, read statement by statement: nothing but `INSERT`s of its own table comes out.
//!
//! In: the text of a member, the table that the manifest says it is of. Out: [`Insert`]s. Each begins, byte for byte, as the dumper begins those
//! of this table; what follows is tuples of literals, one for each column. Whoever hands one to a server has the bytes from
//! [`Insert::checked`], which reads it to its end first: there is no way to the text of anything else.

use std::io::BufReader;

use super::error::Error;
use super::file::{DumpFile, MemberReader};
use super::manifest::{MemberKind, TableEntry};
use crate::sql::{Statements, TupleStep, Unknown, each, name};

/// How much of a member is read at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// `` INSERT INTO `t` (`a`, `b`) VALUES ``: what every statement with rows of a table begins with.
pub(crate) fn insert_into(table: &TableEntry) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| name(column)).collect();
    format!("INSERT INTO {} ({}) VALUES", name(&table.table), columns.join(", "))
}

impl DumpFile {
    /// Checks one member as whoever loads it reads it: if it has rows, that they are rows of its table, and as many as it says.
    pub fn check_rows(&self, position: usize) -> Result<(), Error> {
        let Some(entry) =
            self.manifest().members.get(position).filter(|entry| entry.kind == MemberKind::Rows)
        else {
            return self.check_member(position);
        };
        let mut rows = 0;
        for insert in Inserts::of(self, position)? {
            let found = insert?.check();
            rows += found
                .map_err(|_| self.damaged_member(position, "has something else than rows in an INSERT"))?;
        }
        if rows == entry.rows {
            return Ok(());
        }
        Err(self.damaged_member(position, &format!("has {rows} rows, and {} by the manifest", entry.rows)))
    }
}

/// The statements of one member.
pub(crate) struct Inserts<'a> {
    dump: &'a DumpFile,
    member: usize,
    statements: Statements<BufReader<MemberReader<'a>>>,
    begin: Vec<u8>,
    columns: usize,
    enter: Vec<u8>,
}

impl<'a> Inserts<'a> {
    /// Opens a member, of which it checks the hash.
    pub(crate) fn of(dump: &'a DumpFile, member: usize) -> Result<Self, Error> {
        let reader = dump.member(member)?;
        let table = dump.manifest().members[member].table.and_then(|table| dump.manifest().tables.get(table));
        let table = table.ok_or_else(|| dump.damaged_member(member, "has no rows of any table"))?;
        let limit = usize::try_from(table.statement_bytes_max).unwrap_or(usize::MAX);
        Ok(Self {
            dump,
            member,
            statements: Statements::new(BufReader::with_capacity(BLOCK_BYTES, reader))
                .limit(limit + BLOCK_BYTES),
            begin: insert_into(table).into_bytes(),
            columns: table.columns.len(),
            enter: format!("USE {}", name(&table.database)).into_bytes(),
        })
    }

    fn next_insert(&mut self) -> Result<Option<Insert>, Error> {
        loop {
            let Some(statement) = self.statements.next() else { return Ok(None) };
            let sql = statement.map_err(|e| self.dump.damaged_member(self.member, &chain(&e)))?.sql;
            // For whoever reads the file from front to back.
            if sql == self.enter {
                continue;
            }
            let rows = sql.strip_prefix(&self.begin[..]);
            if rows.is_some_and(|rows| rows.trim_ascii_start().starts_with(b"(")) {
                return Ok(Some(Insert { sql, columns: self.columns }));
            }
            let begin: String = String::from_utf8_lossy(&sql).chars().take(60).collect();
            return Err(self.dump.damaged_member(self.member, &format!("has {begin:?} among the rows")));
        }
    }
}

impl Iterator for Inserts<'_> {
    type Item = Result<Insert, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_insert().transpose()
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// One `INSERT` of the table of its member.
#[derive(Debug)]
pub(crate) struct Insert {
    sql: Vec<u8>,
    columns: usize,
}

impl Insert {
    /// Calls `seen` for every value of every row and after each row. An error is one of the text, or what `seen` gave.
    pub(crate) fn each(
        &self,
        seen: impl FnMut(TupleStep<'_>) -> Result<(), Unknown>,
    ) -> Result<u64, Unknown> {
        each(&self.sql, seen)
    }

    /// The statement for a server, once it is read to its end.
    pub(crate) fn checked(self) -> Result<Vec<u8>, Unknown> {
        self.check().map(|_| self.sql)
    }

    /// Whether it is rows to its end, and how many.
    pub(crate) fn check(&self) -> Result<u64, Unknown> {
        let mut values = 0;
        self.each(|step| match step {
            TupleStep::Value(position, _) => {
                values = position + 1;
                Ok(())
            }
            TupleStep::End if values == self.columns => Ok(()),
            TupleStep::End => Err(Unknown),
        })
    }

    /// Bytes of the text.
    pub(crate) fn len(&self) -> usize {
        self.sql.len()
    }
}

#[cfg(test)]
impl Insert {
    /// For tests of what is done with one.
    pub(crate) fn made_up(sql: &[u8]) -> Self {
        Self { sql: sql.to_vec(), columns: 0 }
    }
}
