//! Sends a statement whose bytes are no UTF-8 straight to the socket, since the driver takes text only.
//!
//! In: a connection without TLS, and the bytes as somebody wrote them, in the character set of the session. Out: what the
//! server says of the last result; rows are read and dropped.

use std::io;
use std::os::fd::RawFd;

use super::packets::{ClientCommand, PACKET_BYTES_MAX, Packets, length};
use super::wire::refusal;

/// What the server says of a statement that went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StatementOutcome {
    /// How many rows it inserted, changed or deleted.
    pub(crate) rows: u64,
    /// How many warnings the server has about it, notes included.
    pub(crate) warnings: u16,
}

/// The error of a LOAD DATA LOCAL in a statement that somebody else wrote.
pub(super) const NO_FILES: &str = "LOAD DATA LOCAL wants a file of this host, which is not read";

/// The flag `SERVER_MORE_RESULTS_EXISTS` of a result's end: another result follows.
const MORE_RESULTS: u16 = 8;

/// Length of the end of a result as old servers write it: a mark, warnings, the state.
const OLD_END_BYTES: usize = 5;

/// Runs one statement and drops the rows that it returns.
pub(crate) fn run(socket: RawFd, sql: &[u8]) -> mysql::Result<StatementOutcome> {
    let mut packets = Packets::new(socket);
    packets.ask(ClientCommand::Query, sql)?;
    loop {
        let packet = packets.packet()?;
        let (answer, state) = match packet {
            [0x00, ok @ ..] => of_ok(ok).ok_or_else(strange)?,
            [0xff, ..] => return Err(refusal(packet)),
            [0xfb, ..] => return refuse_file(&mut packets),
            _ => of_rows(&mut packets)?,
        };
        if state & MORE_RESULTS == 0 {
            return Ok(answer);
        }
    }
}

/// The server asks for a file of this host. It gets an empty file, and the statement fails.
fn refuse_file(packets: &mut Packets) -> mysql::Result<StatementOutcome> {
    packets.end_of_file()?;
    match packets.packet()? {
        packet @ [0xff, ..] => Err(refusal(packet)),
        _ => Err(io::Error::other(NO_FILES).into()),
    }
}

/// Reads changed rows, a number that is not needed, the state, and warnings.
fn of_ok(mut ok: &[u8]) -> Option<(StatementOutcome, u16)> {
    let rows = length(&mut ok)?;
    length(&mut ok)?;
    let [s0, s1, w0, w1, ..] = ok else { return None };
    Some((
        StatementOutcome { rows, warnings: u16::from_le_bytes([*w0, *w1]) },
        u16::from_le_bytes([*s0, *s1]),
    ))
}

/// Reads what follows the head of a result: drops definitions and rows up to the last end. Every server marks an end by a
/// packet that begins with 0xfe. A row that begins with 0xfe is longer than any end.
fn of_rows(packets: &mut Packets) -> mysql::Result<(StatementOutcome, u16)> {
    // The first old end is that of the definitions. Servers that leave it out write an OK packet behind the rows.
    let mut definitions_are_over = false;
    loop {
        let packet = packets.packet()?;
        match packet {
            [0xff, ..] => return Err(refusal(packet)),
            [0xfe, w0, w1, s0, s1] if packet.len() == OLD_END_BYTES => {
                if definitions_are_over {
                    let answer = StatementOutcome { rows: 0, warnings: u16::from_le_bytes([*w0, *w1]) };
                    return Ok((answer, u16::from_le_bytes([*s0, *s1])));
                }
                definitions_are_over = true;
            }
            [0xfe, ok @ ..] if packet.len() < PACKET_BYTES_MAX => return Ok(of_ok(ok).ok_or_else(strange)?),
            _ => {}
        }
    }
}

fn strange() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server sent what is no answer to a statement")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn answered(packets: &[&[u8]]) -> (mysql::Result<StatementOutcome>, Vec<u8>) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        for (number, packet) in packets.iter().enumerate() {
            let length = u8::try_from(packet.len()).unwrap();
            theirs.write_all(&[length, 0, 0, u8::try_from(number + 1).unwrap()]).unwrap();
            theirs.write_all(packet).unwrap();
        }
        let answer = run(ours.as_raw_fd(), b"SELECT '\xff'");
        drop(ours);
        let mut asked = Vec::new();
        theirs.read_to_end(&mut asked).unwrap();
        (answer, asked)
    }

    #[test]
    fn the_last_result_is_what_counts_and_rows_before_it_are_dropped() {
        let ok = [0, 3, 0, 2, 0, 1, 0];
        let (answer, asked) = answered(&[&ok]);
        assert_eq!(answer.unwrap(), StatementOutcome { rows: 3, warnings: 1 });
        assert_eq!(asked, b"\x0b\0\0\0\x03SELECT '\xff'");
        let more: &[u8] = &[0xfe, 0, 0, MORE_RESULTS.to_le_bytes()[0], 0];
        let end: &[u8] = &[0xfe, 2, 0, 0, 0];
        let old = [&[1][..], b"\x03def", end, b"\x01x", more, &[1], b"\x03def", end, end];
        assert_eq!(answered(&old).0.unwrap(), StatementOutcome { rows: 0, warnings: 2 });
        let new = [&[1][..], b"\x03def", b"\x01x", &[0xfe, 0, 0, 2, 0, 4, 0]];
        assert_eq!(answered(&new).0.unwrap(), StatementOutcome { rows: 0, warnings: 4 });
    }

    #[test]
    fn errors_and_requests_for_files_are_errors() {
        let (answer, _) = answered(&[&[1], b"\x03def", b"\xff\x28\x04#42000no"]);
        assert!(answer.unwrap_err().to_string().contains("no"));
        let (answer, asked) = answered(&[b"\xfbx", &[0, 0, 0, 2, 0, 0, 0]]);
        assert!(answer.unwrap_err().to_string().contains(NO_FILES));
        assert!(asked.ends_with(&[0, 0, 0, 2]));
    }
}
