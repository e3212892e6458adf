//! Reads a rows member statement by statement, and accepts only `INSERT`s of the member's own table.
//!
//! In: the text of a member, and the table that the manifest names for it. Out: [`Insert`]s. Each begins, byte for byte, with the
//! text of [`insert_into`] for this table; tuples of literals follow, with one literal for each column. Only [`Insert::checked`]
//! gives out the bytes of a statement, after it has read the statement to its end.

use std::io::BufReader;

use super::error::Error;
use super::file::{DumpFile, MemberReader};
use super::manifest::{MemberKind, TableEntry};
use crate::sql::{Statements, TupleStep, Unknown, each, name};

/// Bytes of a member that are read at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// `` INSERT INTO `t` (`a`, `b`) VALUES ``: what every statement with rows of a table begins with.
pub(crate) fn insert_into(table: &TableEntry) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| name(column)).collect();
    format!("INSERT INTO {} ({}) VALUES", name(&table.table), columns.join(", "))
}

impl DumpFile {
    /// Checks one member as a loader does. A rows member must hold only rows of its table, and as many as the manifest says.
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

/// Iterates over the statements of one rows member.
pub(crate) struct Inserts<'a> {
    dump: &'a DumpFile,
    member: usize,
    statements: Statements<BufReader<MemberReader<'a>>>,
    begin: Vec<u8>,
    columns: usize,
    enter: Vec<u8>,
}

impl<'a> Inserts<'a> {
    /// Opens a member and checks its hash. Fails when the member has no table.
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
            // USE is there for clients that read the file from front to back.
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

/// One `INSERT` statement of a rows member.
#[derive(Debug)]
pub(crate) struct Insert {
    sql: Vec<u8>,
    columns: usize,
}

impl Insert {
    /// Calls `seen` for every value of every row and after each row. Returns the number of rows. Fails when the text is not
    /// tuples to its end, or when `seen` fails.
    pub(crate) fn each(
        &self,
        seen: impl FnMut(TupleStep<'_>) -> Result<(), Unknown>,
    ) -> Result<u64, Unknown> {
        each(&self.sql, seen)
    }

    /// Checks the statement to its end and returns its bytes, for a server.
    pub(crate) fn checked(self) -> Result<Vec<u8>, Unknown> {
        self.check().map(|_| self.sql)
    }

    /// Returns the number of rows. Fails unless the statement is whole rows to its end.
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

    pub(crate) fn len(&self) -> usize {
        self.sql.len()
    }
}

#[cfg(test)]
impl Insert {
    /// Makes an `INSERT` of any text, for tests.
    pub(crate) fn made_up(sql: &[u8]) -> Self {
        Self { sql: sql.to_vec(), columns: 0 }
    }
}
