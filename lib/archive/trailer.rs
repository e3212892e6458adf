//! The last bytes of a dump file: an empty gzip member whose extra field says where the manifest is.
//!
//! ```text
//! 1f 8b 08 04  00 00 00 00  00 ff       gzip header with an extra field, no time, unknown system
//! 38 00                                 length of the extra field: 56
//! 52 4b  34 00                          subfield "RK", length 52
//!   01 00 00 00                         version
//!   offset of the manifest's member     u64, little endian
//!   length of the manifest's member     u64, little endian
//!   SHA-256 of that member              32 bytes
//! 03 00  00 00 00 00  00 00 00 00       an empty deflate stream, CRC and size of nothing
//! ```

/// Length of the trailer in bytes.
pub(crate) const LENGTH: usize = HEAD.len() + 8 + 8 + 32 + EMPTY.len();

const HEAD: [u8; 20] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 56, 0, b'R', b'K', 52, 0, 1, 0, 0, 0];
const EMPTY: [u8; 10] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Where the manifest's member is in the file, how long it is, and its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
}

impl Trailer {
    /// Returns the bytes that end the file.
    pub(crate) fn render(&self) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(self.bytes.to_le_bytes());
        bytes.extend(self.sha256);
        bytes.extend(EMPTY);
        bytes
    }

    /// Reads the last bytes of a file of `file_bytes`. `None` if they are no trailer, or the manifest does not end where it
    /// begins.
    pub(crate) fn parse(tail: &[u8; LENGTH], file_bytes: u64) -> Option<Self> {
        let (head, rest) = tail.split_first_chunk::<20>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (bytes, rest) = rest.split_first_chunk::<8>()?;
        let (sha256, rest) = rest.split_first_chunk::<32>()?;
        let trailer =
            Self { offset: u64::from_le_bytes(*offset), bytes: u64::from_le_bytes(*bytes), sha256: *sha256 };
        let end = trailer.offset.checked_add(trailer.bytes)?.checked_add(LENGTH as u64)?;
        (*head == HEAD && rest == EMPTY && end == file_bytes).then_some(trailer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn is_an_empty_gzip_member_and_reads_back() {
        let trailer = Trailer { offset: 1_000, bytes: 24, sha256: [7; 32] };
        let bytes = trailer.render();
        let tail: [u8; LENGTH] = bytes.clone().try_into().unwrap();
        assert_eq!(Trailer::parse(&tail, 1_024 + LENGTH as u64), Some(trailer));
        assert_eq!(Trailer::parse(&tail, 1_025 + LENGTH as u64), None);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "");
    }
}
