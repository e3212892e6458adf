//! Packets over a socket: the letters of the protocol.
//!
//! In: a socket that the driver has opened and logged in over. Out: one payload at a time, where it lies in the receive
//! buffer; a long one in room of its own, which is given back.

use std::io;
use std::os::fd::RawFd;

use nix::sys::socket::{MsgFlags, recv, send};

/// How much is received at a time.
const BUFFER_BYTES: usize = 256 << 10;
/// A packet of this length is continued in the next one.
pub(crate) const PACKET_BYTES_MAX: usize = 0x00ff_ffff;
/// How much of a long row's room is kept for the next one.
const LONG_BYTES_KEPT: usize = 1 << 20;

/// What we ask a server for, by the protocol's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientCommand {
    Query = 0x03,
    Prepare = 0x16,
    Execute = 0x17,
    Close = 0x19,
    SetOption = 0x1b,
}

/// One conversation over a socket.
pub(crate) struct Packets {
    socket: RawFd,
    buffer: Vec<u8>,
    /// What has been received and not been looked at.
    begin: usize,
    end: usize,
    /// A packet that is longer than the buffer.
    long: Vec<u8>,
}

impl Packets {
    pub(crate) fn new(socket: RawFd) -> Self {
        Self { socket, buffer: vec![0; BUFFER_BYTES], begin: 0, end: 0, long: Vec::new() }
    }

    /// A body of more than a packet goes in several.
    pub(crate) fn ask(&self, command: ClientCommand, body: &[u8]) -> io::Result<()> {
        let (first, rest) = body.split_at(body.len().min(PACKET_BYTES_MAX - 1));
        let mut length = first.len() + 1;
        self.send(&[&header_of(length, 0)?[..], &[command as u8], first].concat())?;
        let mut rest = rest;
        let mut number = 0_u8;
        // One that is full is followed by another, if by an empty one.
        while length == PACKET_BYTES_MAX {
            let (next, behind) = rest.split_at(rest.len().min(PACKET_BYTES_MAX));
            (length, rest, number) = (next.len(), behind, number.wrapping_add(1));
            self.send(&header_of(length, number)?)?;
            self.send(next)?;
        }
        Ok(())
    }

    /// What ends the rows of a file that the server has asked for, in its first answer.
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

    /// The first `count` bytes of what comes next, its header included.
    pub(crate) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        self.fill(count)?;
        Ok(&self.buffer[self.begin..self.begin + count])
    }

    /// Reads the next packet, whole.
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

    /// Sees to it that `count` bytes, no more than the buffer holds, can be looked at.
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

/// An integer whose first byte says how long it is.
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
