//! Reads rows from a connection, each as one tuple of literals.
//!
//! In: a session, a SELECT, its columns. Out: for each row the text between the parentheses of `VALUES (…)`, in the order in
//! which the server sends the rows.

use super::column::RowColumn;
use super::encode;
use super::error::Error;
use crate::mysql::{Fields, Session};

/// Most bytes of the buffer that are kept for the next row.
const TUPLE_BYTES_KEPT: usize = 1 << 20;

/// Calls `row_seen` with each row of a statement as a tuple, in one buffer for all rows. `row_seen` returns whether to go on. If
/// it returns false or fails, the connection can only be closed.
pub(crate) fn read<E: From<Error>>(
    session: &mut Session,
    deed: &str,
    sql: &str,
    columns: &[RowColumn],
    mut row_seen: impl FnMut(&[u8]) -> Result<bool, E>,
) -> Result<(), E> {
    let mut tuple = Vec::new();
    let mut outcome = Ok(true);
    session
        .each_row(deed, sql, |fields| {
            outcome = encode_row(fields, columns, deed, &mut tuple)
                .map_err(E::from)
                .and_then(|()| row_seen(&tuple));
            matches!(outcome, Ok(true))
        })
        .map_err(|error| E::from(error.into()))?;
    outcome.map(drop)
}

/// Writes a row's literals into `tuple`, with commas between them.
fn encode_row(
    mut fields: Fields<'_>,
    columns: &[RowColumn],
    deed: &str,
    tuple: &mut Vec<u8>,
) -> Result<(), Error> {
    tuple.clear();
    tuple.shrink_to(TUPLE_BYTES_KEPT);
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            tuple.push(b',');
        }
        let value = fields
            .next()
            .ok_or_else(|| Error::ShortRow { deed: deed.to_owned(), column: column.name.clone() })?;
        encode::literal(column.form, value, tuple).map_err(|e| Error::Unrepresentable {
            deed: deed.to_owned(),
            column: column.name.clone(),
            value: e.0,
        })?;
    }
    Ok(())
}
