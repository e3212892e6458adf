//! Rows as the server sends them: no copy of a value is made before somebody wants one.
//!
//! In: a statement and a connection. Out: each row, as long as its bytes lie in the receive buffer.
//!
//! The driver makes a packet, a row and every value an allocation of its own, which for millions of short rows costs
//! more than to write them down. So the rows of a connection without TLS are taken off its socket here; what came before
//! (login, settings) and what comes after stays the driver's. With TLS the driver reads, and its rows are handed out in
//! the same form.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use mysql::prelude::Queryable;
use mysql::{Conn, MySqlError, Value};

use super::packets::{PACKET_BYTES_MAX, Packets};

/// The values of one row, in the order of its columns.
#[derive(Debug)]
pub struct Fields<'a>(Source<'a>);

#[derive(Debug)]
enum Source<'a> {
    Packet(&'a [u8]),
    Row { row: mysql::Row, next: usize, held: Value },
}

impl Fields<'_> {
    /// The next value: `Some(None)` is NULL, nothing the end of the row. The value before it is gone: it may be long.
    #[expect(clippy::should_implement_trait, reason = "an iterator's items may not borrow from it")]
    #[inline]
    pub fn next(&mut self) -> Option<Option<&[u8]>> {
        match &mut self.0 {
            Source::Packet(rest) => field(rest),
            Source::Row { row, next, held } => {
                *held = row.take(*next)?;
                *next += 1;
                match held {
                    Value::NULL => Some(None),
                    Value::Bytes(bytes) => Some(Some(bytes)),
                    // The text protocol sends nothing else.
                    _ => None,
                }
            }
        }
    }
}

/// Runs a statement that returns rows and shows each of them to `row`, which says whether to go on. If not, or if it
/// fails, rows are left unread, and the connection is of no use any more but to be closed.
pub(super) fn each_row(
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

fn converse(socket: RawFd, sql: &str, mut row: impl FnMut(Fields<'_>) -> bool) -> mysql::Result<()> {
    let mut packets = Packets::new(socket);
    packets.ask(sql)?;
    skip_columns(&mut packets)?;
    loop {
        let packet = packets.packet()?;
        match packet {
            [0xff, ..] => return Err(refusal(packet)),
            // A row that begins so has a first value of 16 MiB and more.
            [0xfe, ..] if packet.len() < PACKET_BYTES_MAX => return Ok(()),
            _ if !row(Fields(Source::Packet(packet))) => return Ok(()),
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
        if !row(Fields(Source::Row { row: found?, next: 0, held: Value::NULL })) {
            // Dropped, it would first read all rows that are left.
            std::mem::forget(result);
            return Ok(());
        }
    }
    Ok(())
}

/// Their number, one packet each, and from most servers one more that marks their end.
fn skip_columns(packets: &mut Packets) -> mysql::Result<()> {
    let mut head = match packets.packet()? {
        packet @ [0xff, ..] => return Err(refusal(packet)),
        [0 | 0xfb, ..] | [] => return Err(strange().into()),
        packet => packet,
    };
    let count = length(&mut head).ok_or_else(strange)?;
    // MariaDB says whether it repeats what the columns are.
    let repeated = head.first() != Some(&0);
    for _ in 0..if repeated { count } else { 0 } {
        packets.packet()?;
    }
    // No row of five bytes begins like this.
    if packets.peek(4)?[..3] == [5, 0, 0] && packets.peek(5)?[4] == 0xfe {
        packets.packet()?;
    }
    Ok(())
}

/// A value of a text row: nothing if the packet ends.
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

/// An integer whose first byte says how long it is.
#[inline]
pub(super) fn length(rest: &mut &[u8]) -> Option<u64> {
    let (first, behind) = rest.split_first()?;
    let count = match first {
        0..=0xfa => 0,
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        _ => return None,
    };
    let (digits, behind) = behind.split_at_checked(count)?;
    *rest = behind;
    if count == 0 {
        return Some(u64::from(*first));
    }
    Some(digits.iter().rev().fold(0, |value, digit| value << 8 | u64::from(*digit)))
}

/// What an error packet says.
pub(super) fn refusal(packet: &[u8]) -> mysql::Error {
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
