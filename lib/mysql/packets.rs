//! Packets of the MySQL protocol over a socket.
//!
//! In: a socket that the driver has opened and logged in over. Out: one payload at a time, as a part of the receive
//! buffer. A longer payload has a buffer of its own, most of which is given back.

use std::io;
use std::os::fd::RawFd;

use nix::sys::socket::{MsgFlags, recv, send};

/// Size of the receive buffer.
const BUFFER_BYTES: usize = 256 << 10;
/// A packet of this length is continued in the next one.
pub(crate) const PACKET_BYTES_MAX: usize = 0x00ff_ffff;
/// How much of the buffer for a long packet is kept for the next one.
const LONG_BYTES_KEPT: usize = 1 << 20;

/// Commands to a server, with their numbers in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientCommand {
    Query = 0x03,
    Prepare = 0x16,
    Execute = 0x17,
    Close = 0x19,
    SetOption = 0x1b,
}

/// Sends commands and receives packets over one socket.
pub(crate) struct Packets {
    socket: RawFd,
    buffer: Vec<u8>,
    /// Where the received and unread bytes of `buffer` begin and end.
    begin: usize,
    end: usize,
    /// A packet that is longer than `buffer`.
    long: Vec<u8>,
}

impl Packets {
    pub(crate) fn new(socket: RawFd) -> Self {
        Self { socket, buffer: vec![0; BUFFER_BYTES], begin: 0, end: 0, long: Vec::new() }
    }

    /// Sends a command. A body longer than a packet goes in several.
    pub(crate) fn ask(&self, command: ClientCommand, body: &[u8]) -> io::Result<()> {
        let (first, rest) = body.split_at(body.len().min(PACKET_BYTES_MAX - 1));
        let mut length = first.len() + 1;
        self.send(&[&header_of(length, 0)?[..], &[command as u8], first].concat())?;
        let mut rest = rest;
        let mut number = 0_u8;
        // A full packet must be followed by another one, even if it is empty.
        while length == PACKET_BYTES_MAX {
            let (next, behind) = rest.split_at(rest.len().min(PACKET_BYTES_MAX));
            (length, rest, number) = (next.len(), behind, number.wrapping_add(1));
            self.send(&header_of(length, number)?)?;
            self.send(next)?;
        }
        Ok(())
    }

    /// Sends the empty packet that ends a file. It has number 2: the server asked for the file in its first answer.
    pub(crate) fn end_of_file(&self) -> io::Result<()> {
        self.send(&header_of(0, 2)?)
    }

    fn send(&self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            match send(self.socket, rest, MsgFlags::MSG_NOSIGNAL) {
                Ok(count) => rest = &rest[count..],
                Err(nix::Error::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The first `count` bytes of the next packet, header included. They stay unread.
    pub(crate) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        self.fill(count)?;
        Ok(&self.buffer[self.begin..self.begin + count])
    }

    /// Reads the next packet whole, without its header.
    pub(crate) fn packet(&mut self) -> io::Result<&[u8]> {
        let length = self.header()?;
        if length > BUFFER_BYTES - 4 {
            return self.long_packet(length);
        }
        self.fill(length)?;
        let packet = self.begin..self.begin + length;
        self.begin = packet.end;
        Ok(&self.buffer[packet])
    }

    fn header(&mut self) -> io::Result<usize> {
        self.fill(4)?;
        let header = &self.buffer[self.begin..self.begin + 3];
        let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
        self.begin += 4;
        Ok(length)
    }

    fn long_packet(&mut self, mut length: usize) -> io::Result<&[u8]> {
        self.long.clear();
        self.long.shrink_to(LONG_BYTES_KEPT);
        loop {
            let filled = self.long.len();
            self.long.reserve_exact(length);
            let known = length.min(self.end - self.begin);
            self.long.extend_from_slice(&self.buffer[self.begin..self.begin + known]);
            self.begin += known;
            self.long.resize(filled + length, 0);
            receive(self.socket, &mut self.long[filled + known..])?;
            if length < PACKET_BYTES_MAX {
                return Ok(&self.long);
            }
            length = self.header()?;
        }
    }

    /// Receives until `count` unread bytes are in the buffer; `count` is at most the buffer's size.
    fn fill(&mut self, count: usize) -> io::Result<()> {
        if self.end - self.begin >= count {
            return Ok(());
        }
        if self.begin + count > self.buffer.len() {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        while self.end - self.begin < count {
            self.end += receive_some(self.socket, &mut self.buffer[self.end..])?;
        }
        Ok(())
    }
}

fn header_of(length: usize, number: u8) -> io::Result<[u8; 4]> {
    let length = u32::try_from(length).map_err(io::Error::other)?.to_le_bytes();
    Ok([length[0], length[1], length[2], number])
}

fn receive(socket: RawFd, mut room: &mut [u8]) -> io::Result<()> {
    while !room.is_empty() {
        let count = receive_some(socket, room)?;
        room = &mut room[count..];
    }
    Ok(())
}

fn receive_some(socket: RawFd, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match recv(socket, room, MsgFlags::empty()) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::BrokenPipe, "server disconnected")),
            Ok(count) => return Ok(count),
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads an integer whose first byte says how long it is.
#[inline]
pub(crate) fn length(rest: &mut &[u8]) -> Option<u64> {
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
