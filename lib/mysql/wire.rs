//! Rows as the server sends them: a value is copied only if the reader does so.
//!
//! In: a statement and a connection. Out: each row, as long as its bytes are in the receive buffer.
//!
//! The driver allocates memory for a packet, for a row and for every value, which for millions of short rows costs more
//! than to write them. So the rows of a connection without TLS are read from its socket here; all else (login, settings,
//! later statements) stays the driver's. These rows come in the binary protocol, as the server would take longer to write
//! numbers and dates as text than we do. With TLS the driver reads the rows, as text, and they are handed out in the same
//! form. A statement that the server does not prepare is read as text too.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use mysql::prelude::Queryable;
use mysql::{Conn, MySqlError, Value};

use super::binary::{BinaryRow, ValueLayout};
use super::error::number;
use super::packets::{ClientCommand, PACKET_BYTES_MAX, Packets, length};

/// After these errors a statement is run without being prepared: too many are prepared already, or its kind cannot be.
const NOT_PREPARED: [u16; 2] = [number::TOO_MANY_PREPARED, number::NOT_PREPARABLE];

/// The values of one row, in the order of its columns.
#[derive(Debug)]
pub struct Fields<'a>(FieldSource<'a>);

#[derive(Debug)]
enum FieldSource<'a> {
    Packet(&'a [u8]),
    Binary(BinaryRow<'a>),
    Row { row: mysql::Row, next: usize, held: Value },
}

impl Fields<'_> {
    /// The next value: `Some(None)` is NULL, `None` the end of the row. The value before is dropped, as it may be long.
    #[expect(clippy::should_implement_trait, reason = "an iterator's items may not borrow from it")]
    #[inline]
    pub fn next(&mut self) -> Option<Option<&[u8]>> {
        match &mut self.0 {
            FieldSource::Packet(rest) => field(rest),
            FieldSource::Binary(row) => row.next(),
            FieldSource::Row { row, next, held } => {
                *held = row.take(*next)?;
                *next += 1;
                match held {
                    Value::NULL => Some(None),
                    Value::Bytes(bytes) => Some(Some(bytes)),
                    // The driver uses the text protocol, which sends nothing but bytes and NULL.
                    _ => None,
                }
            }
        }
    }
}

/// Runs a statement and calls `row` with each row that it returns; `row` says whether to go on. If it does not, or the
/// connection fails, rows are left unread, and the connection can only be closed.
pub(crate) fn each_row(
    connection: &mut Conn,
    secure: bool,
    sql: &str,
    row: impl FnMut(Fields<'_>) -> bool,
) -> mysql::Result<()> {
    if secure || sql.len() >= PACKET_BYTES_MAX {
        return each_row_of_driver(connection, sql, row);
    }
    converse(connection.as_raw_fd(), sql, row)
}

fn converse(socket: RawFd, sql: &str, row: impl FnMut(Fields<'_>) -> bool) -> mysql::Result<()> {
    let mut packets = Packets::new(socket);
    match prepare(&mut packets, sql)? {
        Some(statement) => binary_rows(&mut packets, statement, row),
        None => text_rows(&mut packets, sql, row),
    }
}

/// A prepared statement, and how the values of its columns are encoded.
struct Prepared {
    id: [u8; 4],
    columns: Vec<ValueLayout>,
}

/// Prepares a statement. Nothing if it must be run as text: the server cannot prepare it, it has parameters or no rows,
/// or a type is not known here.
fn prepare(packets: &mut Packets, sql: &str) -> mysql::Result<Option<Prepared>> {
    packets.ask(ClientCommand::Prepare, sql.as_bytes())?;
    let (id, count, parameters) = match packets.packet()? {
        [0, i0, i1, i2, i3, c0, c1, p0, p1, ..] => {
            ([*i0, *i1, *i2, *i3], u16::from_le_bytes([*c0, *c1]), u16::from_le_bytes([*p0, *p1]))
        }
        packet @ [0xff, ..] => return not_prepared(refusal(packet)),
        _ => return Err(strange().into()),
    };
    for _ in 0..parameters {
        packets.packet()?;
    }
    let mut columns = Vec::with_capacity(count.into());
    for _ in 0..count {
        skip_end(packets)?;
        columns.extend(ValueLayout::of_definition(packets.packet()?));
    }
    // A statement with a stray question mark, or one without rows, is run as text: the server then says best what is
    // wrong.
    if parameters == 0 && count > 0 && columns.len() == usize::from(count) {
        return Ok(Some(Prepared { id, columns }));
    }
    packets.ask(ClientCommand::Close, &id)?;
    Ok(None)
}

fn not_prepared(refusal: mysql::Error) -> mysql::Result<Option<Prepared>> {
    match refusal {
        mysql::Error::MySqlError(error) if NOT_PREPARED.contains(&error.code) => Ok(None),
        other => Err(other),
    }
}

fn binary_rows(
    packets: &mut Packets,
    mut statement: Prepared,
    mut row: impl FnMut(Fields<'_>) -> bool,
) -> mysql::Result<()> {
    // The flags (no cursor), and how often to execute (once).
    packets.ask(ClientCommand::Execute, &[&statement.id[..], &[0, 1, 0, 0, 0]].concat())?;
    let (count, repeated) = head(packets)?;
    if count != statement.columns.len() as u64 {
        return Err(strange().into());
    }
    if repeated {
        for column in &mut statement.columns {
            *column = ValueLayout::of_definition(packets.packet()?).ok_or_else(strange)?;
        }
    }
    skip_end(packets)?;
    let mut text = Vec::new();
    loop {
        let values = match packets.packet()? {
            packet @ [0xff, ..] => return Err(refusal(packet)),
            [0xfe, ..] => break,
            [0, values @ ..] => values,
            _ => return Err(strange().into()),
        };
        let values = BinaryRow::new(&statement.columns, values, &mut text).ok_or_else(strange)?;
        if !row(Fields(FieldSource::Binary(values))) {
            return Ok(());
        }
    }
    packets.ask(ClientCommand::Close, &statement.id)?;
    Ok(())
}

fn text_rows(packets: &mut Packets, sql: &str, mut row: impl FnMut(Fields<'_>) -> bool) -> mysql::Result<()> {
    packets.ask(ClientCommand::Query, sql.as_bytes())?;
    let (count, repeated) = head(packets)?;
    for _ in 0..if repeated { count } else { 0 } {
        packets.packet()?;
    }
    skip_end(packets)?;
    loop {
        let packet = packets.packet()?;
        match packet {
            [0xff, ..] => return Err(refusal(packet)),
            // A row that begins with 0xfe has a first value of 16 MiB or more.
            [0xfe, ..] if packet.len() < PACKET_BYTES_MAX => return Ok(()),
            _ if !row(Fields(FieldSource::Packet(packet))) => return Ok(()),
            _ => {}
        }
    }
}

fn each_row_of_driver(
    connection: &mut Conn,
    sql: &str,
    mut row: impl FnMut(Fields<'_>) -> bool,
) -> mysql::Result<()> {
    let mut result = connection.query_iter(sql)?;
    while let Some(found) = result.next() {
        if !row(Fields(FieldSource::Row { row: found?, next: 0, held: Value::NULL })) {
            // Dropping the result would read all rows that are left.
            std::mem::forget(result);
            return Ok(());
        }
    }
    Ok(())
}

/// Reads the number of columns, and whether one packet for each of them follows: MariaDB may leave them out.
fn head(packets: &mut Packets) -> mysql::Result<(u64, bool)> {
    skip_end(packets)?;
    let mut head = match packets.packet()? {
        packet @ [0xff, ..] => return Err(refusal(packet)),
        [0 | 0xfb, ..] | [] => return Err(strange().into()),
        packet => packet,
    };
    let count = length(&mut head).ok_or_else(strange)?;
    Ok((count, head.first() != Some(&0)))
}

/// Skips the packet with which most servers mark the end of definitions. It may only be called where another packet is
/// sure to follow.
fn skip_end(packets: &mut Packets) -> io::Result<()> {
    // No definition, head or row of five bytes begins with 0xfe.
    if packets.peek(4)?[..3] == [5, 0, 0] && packets.peek(5)?[4] == 0xfe {
        packets.packet()?;
    }
    Ok(())
}

/// The next value of a text row; nothing at the end of the packet.
#[expect(clippy::option_option, reason = "no more values, and a value that is NULL")]
#[inline]
fn field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    if rest.first() == Some(&0xfb) {
        *rest = &rest[1..];
        return Some(None);
    }
    let length = usize::try_from(length(rest)?).ok()?;
    let (value, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(Some(value))
}

/// Reads an error packet as the driver's error.
pub(crate) fn refusal(packet: &[u8]) -> mysql::Error {
    let (code, rest) = (packet.get(1..3), packet.get(3..).unwrap_or_default());
    let (state, message) = match rest.strip_prefix(b"#") {
        Some(rest) => rest.split_at_checked(5).unwrap_or((b"HY000", rest)),
        None => (&b"HY000"[..], rest),
    };
    mysql::Error::MySqlError(MySqlError {
        state: String::from_utf8_lossy(state).into_owned(),
        message: String::from_utf8_lossy(message).into_owned(),
        code: code.map_or(0, |code| u16::from_le_bytes([code[0], code[1]])),
    })
}

fn strange() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server answered otherwise than with rows")
}

#[cfg(test)]
mod tests;
