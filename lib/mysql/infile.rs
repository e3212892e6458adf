//! The rows of a LOAD DATA LOCAL on their way to the server.
//!
//! In: the statement, and a function that writes the rows. Out: the server's count of rows and warnings. The driver would
//! send the rows in packets of 4 KiB, and both sides wake up for each. So without TLS the rows go straight to the socket
//! of the connection, in packets of up to 256 KiB.

use std::io::{self, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};

use mysql::prelude::Queryable;
use mysql::{Conn, LocalInfileHandler};
use nix::sys::socket::{MsgFlags, send};

use super::packets::{ClientCommand, Packets, length};
use super::wire::refusal;

/// The longest packet: below the `max_allowed_packet` of every server (16 MiB by default, 1 MiB in old ones).
const PACKET_BYTES: usize = 256 << 10;

/// The sequence number of our first packet of rows: the server's request for them has number 1.
const FIRST: u8 = 2;

/// What the server says of the rows that it loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InfileOutcome {
    /// How many rows were added to the table.
    pub rows: u64,
    /// How many warnings the server has about them.
    pub warnings: u16,
}

/// Why rows were not loaded.
#[derive(Debug)]
pub enum Broken<E> {
    /// The server's error, or that of the connection.
    Server(mysql::Error),
    /// The function failed: the rows are incomplete, and the connection can only be closed.
    Feed(E),
}

/// Runs `sql`, a LOAD DATA LOCAL, with the rows that `feed` writes.
pub(crate) fn load<E>(
    connection: &Conn,
    sql: &str,
    feed: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<InfileOutcome, Broken<E>> {
    let socket = connection.as_raw_fd();
    let broken = |error: io::Error| Broken::Server(error.into());
    let mut packets = Packets::new(socket);
    packets.ask(ClientCommand::Query, sql.as_bytes()).map_err(broken)?;
    match packets.packet().map_err(broken)? {
        [0xfb, ..] => {}
        error @ [0xff, ..] => return Err(Broken::Server(refusal(error))),
        _ => return Err(broken(strange())),
    }
    let mut infile = Infile { socket, number: FIRST, buffer: Vec::new(), gone: None };
    feed(&mut infile).map_err(|error| infile.gone.take().map_or(Broken::Feed(error), broken))?;
    infile.packet(&[]).map_err(broken)?;
    match packets.packet().map_err(broken)? {
        [0x00, ok @ ..] => loaded(ok).ok_or_else(|| broken(strange())),
        error @ [0xff, ..] => Err(Broken::Server(refusal(error))),
        _ => Err(broken(strange())),
    }
}

/// Like [`load`], but through the driver, for connections with TLS.
pub(crate) fn load_by_driver<E: Send + 'static>(
    connection: &mut Conn,
    sql: &str,
    feed: impl FnOnce(&mut dyn Write) -> Result<(), E> + Send + 'static,
) -> Result<InfileOutcome, Broken<E>> {
    let failed = Arc::new(Mutex::new(None));
    let (noticed, mut feed) = (Arc::clone(&failed), Some(feed));
    let handler = LocalInfileHandler::new(move |_, out| match feed.take().map(|feed| feed(out)) {
        Some(Err(e)) => {
            *noticed.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
            Err(io::Error::other("stopped"))
        }
        _ => Ok(()),
    });
    connection.set_local_infile_handler(Some(handler));
    let outcome = connection.query_drop(sql);
    connection.set_local_infile_handler(None);
    let failed = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (outcome, failed) {
        (Err(_), Some(e)) => Err(Broken::Feed(e)),
        (Err(e), None) => Err(Broken::Server(e)),
        (Ok(()), _) => {
            Ok(InfileOutcome { rows: connection.affected_rows(), warnings: connection.warnings() })
        }
    }
}

/// Sends what is written to it as packets of rows.
#[derive(Debug)]
struct Infile {
    socket: RawFd,
    number: u8,
    /// The packet that is being sent: its header and its bytes, in one piece.
    buffer: Vec<u8>,
    /// Why nothing can be sent any more.
    gone: Option<io::Error>,
}

impl Infile {
    fn packet(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes();
        self.buffer.clear();
        self.buffer.extend_from_slice(&[length[0], length[1], length[2], self.number]);
        self.buffer.extend_from_slice(bytes);
        self.number = self.number.wrapping_add(1);
        send_all(self.socket, &self.buffer)
    }
}

impl Write for Infile {
    /// Best called with many bytes: each call sends a packet of its own.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(PACKET_BYTES)];
        // An empty packet would end the rows.
        if piece.is_empty() {
            return Ok(0);
        }
        self.packet(piece).map_err(|error| {
            let kind = error.kind();
            self.gone = Some(error);
            io::Error::from(kind)
        })?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn send_all(socket: RawFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match send(socket, bytes, MsgFlags::MSG_NOSIGNAL) {
            Ok(count) => bytes = &bytes[count..],
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Reads rows, a number that is not needed, the state, and warnings.
fn loaded(mut ok: &[u8]) -> Option<InfileOutcome> {
    let rows = length(&mut ok)?;
    length(&mut ok)?;
    let warnings = ok.get(2..4)?;
    Some(InfileOutcome { rows, warnings: u16::from_le_bytes([warnings[0], warnings[1]]) })
}

fn strange() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server's answer is not one to LOAD DATA LOCAL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_server_says_of_the_rows() {
        let ok = [0xfc, 0x10, 0x27, 0, 2, 0, 3, 0, b'R', b'e'];
        assert_eq!(loaded(&ok), Some(InfileOutcome { rows: 10_000, warnings: 3 }));
        assert_eq!(loaded(&ok[..6]), None);
    }

    #[test]
    fn rows_go_in_numbered_packets_and_an_empty_one_ends_them() {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut theirs, &mut bytes).unwrap();
            bytes
        });
        let mut infile = Infile { socket: ours.as_raw_fd(), number: 255, buffer: Vec::new(), gone: None };
        infile.write_all(&vec![b'x'; PACKET_BYTES + 1]).unwrap();
        infile.write_all(b"").unwrap();
        infile.packet(&[]).unwrap();
        drop(ours);
        let bytes = reader.join().unwrap();
        assert_eq!(bytes[..4], [0, 0, 4, 255]);
        assert_eq!(bytes[4 + PACKET_BYTES..], [1, 0, 0, 0, b'x', 0, 0, 0, 1]);
    }
}
